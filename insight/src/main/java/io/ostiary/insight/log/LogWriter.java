package io.ostiary.insight.log;

import io.ostiary.model.LateLogger;
import io.ostiary.model.LedgerSlot;
import io.ostiary.model.observe.AccessLog;
import java.io.IOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// One access log while it runs. The ledger reader makes its lines, in memory that does not grow; a
/// thread of its own writes them. When that one is behind or its destination is gone, lines are
/// lost and counted; nobody waits.
final class LogWriter {
  private static final System.Logger LOG = new LateLogger("io.ostiary.insight");
  private static final int PAGES = 16;
  private static final int PAGE_BYTES = 128 * 1024;
  private static final int PAGE_LINES = 1024;
  private static final long COMPLAINT_NANOS = TimeUnit.MINUTES.toNanos(1);

  /// Lines on their way from one thread to the other.
  private static final class Page {
    private final byte[] bytes = new byte[PAGE_BYTES];
    private final int[] ends = new int[PAGE_LINES];
    private int lines;

    private int length() {
      return lines == 0 ? 0 : ends[lines - 1];
    }
  }

  private final AccessLog log;
  private final Selection selection;
  private final Line line;
  private final Sink sink;
  private final LineBytes text = new LineBytes();
  private final ArrayBlockingQueue<Page> free = new ArrayBlockingQueue<>(PAGES);
  private final ArrayBlockingQueue<Page> full = new ArrayBlockingQueue<>(PAGES);
  private final AtomicLong written = new AtomicLong();
  private final AtomicLong lost = new AtomicLong();
  private final Thread thread;
  private @Nullable Page page;
  private volatile boolean reopen;
  private volatile boolean ending;
  private long complainedNanos = System.nanoTime() - COMPLAINT_NANOS;

  /// @throws IOException when its destination cannot be opened
  LogWriter(AccessLog log, int number) throws IOException {
    this.log = log;
    selection = new Selection(log);
    line = Line.of(log.format());
    sink = Sink.open(log.to());
    for (int i = 0; i < PAGES; i++) {
      free.add(new Page());
    }
    thread =
        Thread.ofPlatform().name("access-log-" + number).daemon(true).unstarted(this::writePages);
  }

  void start() {
    thread.start();
  }

  AccessLog log() {
    return log;
  }

  /// Ledger reader only.
  void add(LedgerSlot slot) {
    if (!selection.has(slot)) {
      return;
    }
    text.clear();
    line.write(slot, text);
    int length = text.length() + 1;
    var into = page;
    if (into != null && (into.lines == PAGE_LINES || into.length() + length > PAGE_BYTES)) {
      handOver();
      into = null;
    }
    if (into == null) {
      into = free.poll();
      if (into == null) {
        lost.incrementAndGet();
        return;
      }
      into.lines = 0;
      page = into;
    }
    int at = into.length();
    System.arraycopy(text.bytes(), 0, into.bytes, at, length - 1);
    into.bytes[at + length - 1] = '\n';
    into.ends[into.lines++] = at + length;
  }

  /// Lets the thread write what is there. Ledger reader only.
  void handOver() {
    var ready = page;
    if (ready != null) {
      page = null;
      // There are as many places as pages.
      full.add(ready);
    }
  }

  private void writePages() {
    while (true) {
      try {
        var ready = full.poll(100, TimeUnit.MILLISECONDS);
        if (reopen) {
          reopen = false;
          sink.reopen();
        }
        if (ready != null) {
          write(ready);
        } else if (ending) {
          sink.close();
          return;
        }
      } catch (IOException e) {
        complain(e);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void write(Page ready) {
    try {
      sink.write(ready.bytes, ready.ends, ready.lines);
      written.addAndGet(ready.lines);
    } catch (IOException e) {
      lost.addAndGet(ready.lines);
      complain(e);
    } finally {
      free.add(ready);
    }
  }

  private void complain(IOException e) {
    if (System.nanoTime() - complainedNanos >= COMPLAINT_NANOS) {
      complainedNanos = System.nanoTime();
      LOG.log(
          System.Logger.Level.WARNING,
          "the access log {0} loses lines: {1}",
          AccessLogs.name(log),
          String.valueOf(e.getMessage()));
    }
  }

  void reopen() {
    reopen = true;
  }

  long written() {
    return written.get();
  }

  long lost() {
    return lost.get();
  }

  /// Ends once what was handed over is written. Any thread.
  void end() {
    ending = true;
  }

  /// Whether all is written and closed.
  boolean ended() {
    return !thread.isAlive();
  }

  void join(long millis) {
    try {
      thread.join(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// It was opened for nothing.
  void discard() {
    try {
      sink.close();
    } catch (IOException e) {
      complain(e);
    }
  }
}
