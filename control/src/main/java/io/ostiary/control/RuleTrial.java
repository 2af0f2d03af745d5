package io.ostiary.control;

import io.ostiary.contract.config.ConfigReader;
import io.ostiary.contract.config.Configuration;
import io.ostiary.control.SnapshotState.Trial;
import io.ostiary.control.records.Settings;
import io.ostiary.model.KernelSettings;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Which kernel settings are in force: those that were confirmed last, or newer ones on trial until
/// a time. What is not confirmed by then is rolled back, and stays so until the file says something
/// else or somebody asks for another trial. Both are kept in the database, so that a process that
/// ends during a trial does not commit by it. Immutable.
///
/// @param committed null before anything was
/// @param tried what is on trial or was rolled back; null: neither
/// @param since when the trial began
/// @param until when it ends without a confirmation; null: it has
record RuleTrial(
    @Nullable Kept committed,
    @Nullable Kept tried,
    @Nullable Instant since,
    @Nullable Instant until) {
  private static final String COMMITTED = "kernel-committed";
  private static final String TRIED = "kernel-tried";
  private static final String SINCE = "kernel-tried-since";
  private static final String UNTIL = "kernel-tried-until";

  /// Settings with the text they were read from.
  record Kept(String text, @Nullable KernelSettings settings) {
    static Kept of(Configuration configuration) {
      return new Kept(configuration.kernelText(), configuration.kernel());
    }

    /// Reads a text of the database, once it is known beside which file it stood.
    Kept read(Path file) {
      return settings == null ? new Kept(text, ConfigReader.kernel(text, file)) : this;
    }

    /// As [#read], which is not needed where the text is that of `next`.
    Kept known(Kept next, Path file) {
      return text.equals(next.text) ? next : read(file);
    }

    boolean same(Kept other) {
      return text.equals(other.text)
          || (settings != null && other.settings != null && settings.sameEffect(other.settings));
    }
  }

  static RuleTrial load(Connection connection) {
    return new RuleTrial(
        kept(connection, COMMITTED),
        kept(connection, TRIED),
        time(connection, SINCE),
        time(connection, UNTIL));
  }

  private static @Nullable Kept kept(Connection connection, String name) {
    return text(connection, name).map(text -> new Kept(text, null)).orElse(null);
  }

  private static @Nullable Instant time(Connection connection, String name) {
    return text(connection, name).map(Instant::parse).orElse(null);
  }

  private static Optional<String> text(Connection connection, String name) {
    return Settings.get(connection, name).filter(text -> !text.isEmpty());
  }

  void store(Connection connection) {
    Settings.put(connection, COMMITTED, committed == null ? "" : committed.text());
    Settings.put(connection, TRIED, tried == null ? "" : tried.text());
    Settings.put(connection, SINCE, since == null ? "" : since.toString());
    Settings.put(connection, UNTIL, until == null ? "" : until.toString());
  }

  /// What becomes of it when this configuration comes.
  RuleTrial with(Configuration configuration, Path file, Instant now) {
    var next = Kept.of(configuration);
    var confirm = configuration.kernel().safety().confirm();
    var known = committed == null ? null : committed.known(next, file);
    var settings = configuration.kernel();
    boolean nothingBefore = known == null && settings.sameEffect(settings.withoutRules());
    if (confirm.isZero() || nothingBefore || (known != null && next.same(known))) {
      return new RuleTrial(next, null, null, null);
    }
    if (tried != null && next.same(tried)) {
      boolean over = until == null || !until.isAfter(now);
      return new RuleTrial(known, next, since, over ? null : until);
    }
    return new RuleTrial(known, next, now, now.plus(confirm));
  }

  boolean onTrial() {
    return until != null;
  }

  boolean rolledBack() {
    return tried != null && until == null;
  }

  /// @param written what the file says, for what is neither rules nor known from before
  KernelSettings inForce(KernelSettings written) {
    if (tried == null || until != null) {
      return written;
    }
    // Before the first confirmation, and where it cannot be read any more, there are no rules.
    return committed == null || committed.settings() == null
        ? written.withoutRules()
        : committed.settings();
  }

  RuleTrial confirmed() {
    return new RuleTrial(Objects.requireNonNull(tried), null, null, null);
  }

  RuleTrial over() {
    return new RuleTrial(committed, tried, since, null);
  }

  RuleTrial again(Instant now, KernelSettings written) {
    return new RuleTrial(committed, tried, now, now.plus(written.safety().confirm()));
  }

  @Nullable Trial shown() {
    return tried == null || since == null
        ? null
        : new Trial(until == null ? Trial.State.ROLLED_BACK : Trial.State.ON_TRIAL, since, until);
  }
}
