/// The last seconds, minutes and hours, summed straight from the slots.
@NullMarked
package io.ostiary.insight.live;

import org.jspecify.annotations.NullMarked;
