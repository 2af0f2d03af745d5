/// The words everyone shares: what is configured, what happened, and who is to blame. Values are
/// immutable records that check themselves; the few mutable types say so in their first sentence.
@NullMarked
package io.ostiary.model;

import org.jspecify.annotations.NullMarked;
