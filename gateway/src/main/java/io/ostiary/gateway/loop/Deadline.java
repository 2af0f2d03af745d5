package io.ostiary.gateway.loop;

import org.jspecify.annotations.Nullable;

/// One wait with a limit. Made once per connection and set again for each wait, so that a wait
/// costs two field writes and no object. Confined to its event loop.
public final class Deadline {
  static final long NEVER = Long.MAX_VALUE;

  final Runnable expired;
  long at = NEVER;
  long tick;
  @Nullable Deadline before;
  @Nullable Deadline after;

  public Deadline(Runnable expired) {
    this.expired = expired;
  }

  /// No limit any more; it leaves its wheel the next time its turn comes.
  public void clear() {
    at = NEVER;
  }

  public boolean set() {
    return at != NEVER;
  }
}
