/// Turns one line of the ledger into phases and one sentence: where the time went, and who is to
/// blame.
@NullMarked
package io.ostiary.insight.explain;

import org.jspecify.annotations.NullMarked;
