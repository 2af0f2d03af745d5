/// How a record says how people write it: a settings record, of ours or of a user's own policy,
/// needs these annotations and nothing of the room that reads `ostiary.yaml`.
///
/// Component `stripPath` is written `strip-path`. An absent list, set or map is empty; an absent
/// `@Nullable` component is null; everything else that is absent needs a [Default].
@NullMarked
package io.ostiary.model.setting;

import org.jspecify.annotations.NullMarked;
