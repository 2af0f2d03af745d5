package io.ostiary.gateway;

import java.util.List;

/// What became of a snapshot.
public sealed interface Published {
  /// It is in force: every exchange that begins from now on runs under it.
  record InForce(long version) implements Published {}

  /// It was refused whole, and the one before goes on.
  ///
  /// @param problems everything that is wrong, one sentence each
  record Refused(List<String> problems) implements Published {
    public Refused {
      problems = List.copyOf(problems);
    }
  }
}
