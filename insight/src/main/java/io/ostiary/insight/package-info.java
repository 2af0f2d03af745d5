/// From the ledger to what people see: the live view, the history, the explanation of a call, the
/// metrics. Others use [io.ostiary.insight.InsightView] and the records it hands out.
@NullMarked
package io.ostiary.insight;

import org.jspecify.annotations.NullMarked;
