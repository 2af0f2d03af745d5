/// The shield and the meter: rules compiled into the kernel's tables, packets counted by verdict,
/// source and flow.
@NullMarked
package io.ostiary.kernel.shield;

import org.jspecify.annotations.NullMarked;
