package io.ostiary.control;

import io.ostiary.contract.tree.Fault;
import io.ostiary.model.Snapshot;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is in force, and what became of the newest configuration.
///
/// @param running null until the first snapshot was published
/// @param file the configuration's file; null: the built-in demo
/// @param readAt when the newest configuration came; null: none yet
/// @param flaws why the newest configuration is not in force; empty when it is
/// @param trial the kernel rules that wait to be confirmed, or were rolled back; null: neither
/// @param last the newest thing that happened, for those who watch
public record SnapshotState(
    @Nullable Snapshot running,
    @Nullable String file,
    @Nullable Instant readAt,
    List<Flaw> flaws,
    @Nullable Trial trial,
    Change last) {
  public SnapshotState {
    flaws = List.copyOf(flaws);
  }

  /// Something wrong, with its place where it has one.
  public record Flaw(
      @Nullable String file, @Nullable Integer line, @Nullable Integer column, String message) {
    static Flaw of(Fault fault) {
      return new Flaw(fault.file(), fault.line(), fault.column(), fault.message());
    }

    static Flaw of(String message) {
      return new Flaw(null, null, null, message);
    }
  }

  /// @param until when they are rolled back; null: they were
  public record Trial(State state, Instant since, @Nullable Instant until) {
    public enum State {
      ON_TRIAL,
      ROLLED_BACK
    }
  }

  SnapshotState with(@Nullable Snapshot running) {
    return new SnapshotState(running, file, readAt, flaws, trial, last);
  }

  SnapshotState with(@Nullable Trial trial) {
    return new SnapshotState(running, file, readAt, flaws, trial, last);
  }

  SnapshotState with(Change last) {
    return new SnapshotState(running, file, readAt, flaws, trial, last);
  }

  /// @param number grows with every change
  public record Change(long number, What what, Instant at) {}

  /// What changed.
  public enum What {
    PUBLISHED,
    REFUSED,
    BANS,
    CONSUMERS
  }

  public long version() {
    return running == null ? 0 : running.version();
  }
}
