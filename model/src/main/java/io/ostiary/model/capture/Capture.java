package io.ostiary.model.capture;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// One capture: running, or kept as a file.
///
/// @param by who started it
/// @param filter what it takes, in one line
/// @param ended null while it runs
/// @param why why it ended, or what keeps it from seeing everything; empty when there is nothing to
///   say
/// @param packets written
/// @param bytes of the file
/// @param lost packets that were taken and overwritten before they could be written
/// @param bodiesKept whether payloads were kept (secrets masked), or cut off
public record Capture(
    String id,
    String by,
    String filter,
    Instant started,
    @Nullable Instant ended,
    State state,
    String why,
    long packets,
    long bytes,
    long lost,
    boolean bodiesKept,
    @Nullable String api,
    @Nullable String call) {
  public enum State {
    RUNNING,
    COMPLETE,

    /// What was written until then is there.
    FAILED
  }
}
