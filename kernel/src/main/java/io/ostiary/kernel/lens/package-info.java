/// What the kernel knows of each TCP connection, readable by socket cookie without a system call.
@NullMarked
package io.ostiary.kernel.lens;

import org.jspecify.annotations.NullMarked;
