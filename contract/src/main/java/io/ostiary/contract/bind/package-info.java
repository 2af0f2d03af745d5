/// Trees to records. A record type says how its values are written ([Shape]); the same shape binds
/// a document ([Binder]) and describes it to editors ([JsonSchema]), so the two cannot differ. This
/// is, with the schema-maker of the control room, the only place that uses reflection.
@NullMarked
package io.ostiary.contract.bind;

import org.jspecify.annotations.NullMarked;
