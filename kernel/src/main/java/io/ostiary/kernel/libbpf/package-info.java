/// The thin way to libbpf: its functions through the foreign function API, errors as sentences,
/// maps as memory.
@NullMarked
package io.ostiary.kernel.libbpf;

import org.jspecify.annotations.NullMarked;
