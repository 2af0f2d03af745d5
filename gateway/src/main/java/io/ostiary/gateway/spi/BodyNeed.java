package io.ostiary.gateway.spi;

/// What a filter needs of a body. What buffers is thus visible in the plan; nothing else ever does.
public sealed interface BodyNeed {
  /// Nothing: the body passes untouched.
  record None() implements BodyNeed {}

  /// Each piece as it comes.
  record Stream() implements BodyNeed {}

  /// All of it at once.
  ///
  /// @param bytesMax a longer body is refused with 413 (a response: 502)
  record Whole(int bytesMax) implements BodyNeed {}

  /// Each piece as it comes, and something else goes on in its place: see [BodyChange].
  record Change() implements BodyNeed {}

  BodyNeed NONE = new None();
  BodyNeed STREAM = new Stream();
  BodyNeed CHANGE = new Change();
}
