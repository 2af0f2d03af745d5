/// The ledger's lines as bytes: written once from the slot, read by the journal, the live feeds and
/// whoever wants a whole entry.
@NullMarked
package io.ostiary.insight.ledger;

import org.jspecify.annotations.NullMarked;
