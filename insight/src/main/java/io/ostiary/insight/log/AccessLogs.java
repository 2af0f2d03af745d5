package io.ostiary.insight.log;

import io.ostiary.model.LedgerSlot;
import io.ostiary.model.observe.AccessLog;
import io.ostiary.model.observe.AccessLog.Destination;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// The access logs of the configuration in force. A log that a new configuration leaves as it is
/// goes on; others end behind their last line.
///
/// Changed by the control plane under its lock; lines are added by the ledger reader alone, which
/// sees another list at its next turn.
public final class AccessLogs implements AutoCloseable {
  private static final long END_MILLIS = 3_000;

  private final Map<String, Long> writtenBefore = new TreeMap<>();
  private final Map<String, Long> lostBefore = new TreeMap<>();

  /// They write their last lines.
  private final List<LogWriter> leaving = new ArrayList<>();

  private volatile List<LogWriter> wanted = List.of();
  private List<LogWriter> running = List.of();
  private int made;

  /// Logs that are open but not in force yet.
  public final class Prepared {
    private final List<LogWriter> all;
    private final List<LogWriter> fresh;

    private Prepared(List<LogWriter> all, List<LogWriter> fresh) {
      this.all = all;
      this.fresh = fresh;
    }

    public void inForce() {
      putIntoForce(this);
    }

    /// The configuration was refused.
    public void discard() {
      fresh.forEach(LogWriter::discard);
    }
  }

  /// Opens what is new. Nothing changes before it is put into force.
  ///
  /// @param problems takes what cannot be opened, one sentence each
  public synchronized Prepared prepare(List<AccessLog> logs, List<String> problems) {
    var all = new ArrayList<LogWriter>();
    var fresh = new ArrayList<LogWriter>();
    for (var log : logs) {
      var same = wanted.stream().filter(writer -> writer.log().equals(log)).findFirst();
      if (same.isPresent()) {
        all.add(same.get());
        continue;
      }
      try {
        var writer = new LogWriter(log, ++made);
        all.add(writer);
        fresh.add(writer);
      } catch (IOException e) {
        problems.add(
            "access-log: %s: %s (expected: a place that can be written)"
                .formatted(name(log), e.getMessage()));
      }
    }
    return new Prepared(all, fresh);
  }

  private synchronized void putIntoForce(Prepared prepared) {
    countEnded();
    prepared.fresh.forEach(LogWriter::start);
    wanted.stream().filter(writer -> !prepared.all.contains(writer)).forEach(leaving::add);
    wanted = List.copyOf(prepared.all);
  }

  /// Ledger reader only, at the begin of its turn and at its very end.
  public void turn() {
    var now = wanted;
    for (int i = 0; i < running.size(); i++) {
      var writer = running.get(i);
      writer.handOver();
      if (!now.contains(writer)) {
        writer.end();
      }
    }
    running = now;
  }

  /// Ledger reader only.
  public void add(LedgerSlot slot) {
    for (int i = 0; i < running.size(); i++) {
      running.get(i).add(slot);
    }
  }

  /// The counts of a log must not go back when another writer follows.
  private void countEnded() {
    leaving.removeIf(writer -> {
      boolean ended = writer.ended();
      if (ended) {
        writtenBefore.merge(name(writer.log()), writer.written(), Long::sum);
        lostBefore.merge(name(writer.log()), writer.lost(), Long::sum);
      }
      return ended;
    });
  }

  /// Opens every file anew: SIGUSR1, after somebody has moved them away.
  public void reopen() {
    wanted.forEach(LogWriter::reopen);
  }

  public Map<String, Long> written() {
    return counts(true);
  }

  public Map<String, Long> lost() {
    return counts(false);
  }

  private synchronized Map<String, Long> counts(boolean written) {
    countEnded();
    var all = new TreeMap<>(written ? writtenBefore : lostBefore);
    for (var writers : List.of(wanted, leaving)) {
      for (var writer : writers) {
        all.merge(name(writer.log()), written ? writer.written() : writer.lost(), Long::sum);
      }
    }
    return all;
  }

  /// What people and metrics call a log: its destination.
  static String name(AccessLog log) {
    return switch (log.to()) {
      case Destination.Stdout() -> "stdout";
      case Destination.File file -> file.path().toString();
      case Destination.Syslog to -> {
        var transport = to.transport().name().toLowerCase(Locale.ROOT);
        yield to.transport() == Destination.Syslog.Transport.UNIX
            ? "unix:" + to.host()
            : transport + "://" + to.host() + ":" + to.port();
      }
    };
  }

  /// After the ledger reader has ended: writes what is left.
  @Override
  public void close() {
    turn();
    var last = wanted;
    last.forEach(LogWriter::end);
    last.forEach(writer -> writer.join(END_MILLIS));
  }
}
