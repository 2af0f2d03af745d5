package io.ostiary.model;

import java.time.Instant;
import java.util.List;

/// A source that is refused for a time.
///
/// @param calls ids of the calls that are the evidence
/// @param until when it ends by itself
/// @param by who decided: a person's name or a policy's
public record Ban(
    String id,
    Cidr source,
    String reason,
    List<String> calls,
    Instant since,
    Instant until,
    String by) {
  public Ban {
    Require.notBlank("ban.id", id);
    Require.notBlank("ban.reason", reason);
    Require.notBlank("ban.by", by);
    calls = List.copyOf(calls);
    if (!until.isAfter(since)) {
      throw Require.invalid("ban.until", until, "an instant after " + since);
    }
  }
}
