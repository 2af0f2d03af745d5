/// Who floods, and what is done about SYN floods: reads the samples and registers of `sketch.h` and
/// keeps the state of the handshake programs.
@NullMarked
package io.ostiary.kernel.flood;

import org.jspecify.annotations.NullMarked;
