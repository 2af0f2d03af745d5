/// The data plane: from an accepted connection to the last byte of the answer. Others see [Gateway]
/// and `spi`; the rest is ours to change.
@NullMarked
package io.ostiary.gateway;

import org.jspecify.annotations.NullMarked;
