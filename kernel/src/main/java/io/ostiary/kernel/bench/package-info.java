/// What the kernel programs cost, for `./ostiary bench kernel`.
@NullMarked
package io.ostiary.kernel.bench;

import org.jspecify.annotations.NullMarked;
