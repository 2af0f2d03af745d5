/// Services: virtual addresses whose connections the kernel spreads over targets.
@NullMarked
package io.ostiary.kernel.balance;

import org.jspecify.annotations.NullMarked;
