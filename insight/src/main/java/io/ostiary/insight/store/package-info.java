/// The history on disk: a journal of rows that is the truth, and a DuckDB index over it that can
/// always be made anew. See `docs/decisions/0500-journal-and-index.md`.
@NullMarked
package io.ostiary.insight.store;

import org.jspecify.annotations.NullMarked;
