package io.ostiary.contract.config;

import io.ostiary.contract.config.FileEvents.Event;
import io.ostiary.contract.config.FileEvents.What;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Says when `ostiary.yaml`, or an OpenAPI document that it names, has another content.
///
/// Editors, `kubectl` and people replace files in many ways: written in place, renamed over, a link
/// swapped one directory up. So we watch directories, take every event there as a reason to look,
/// and believe only the content: a save without a change says nothing. What was renamed to its
/// place is whole and taken at once. A program that writes in place truncates first; we wait until
/// 15 ms were quiet (30 ms at most), or 2 ms where we are told that the writer has closed the file,
/// and for up to half a second while the file is empty or missing, lest half a configuration is
/// taken for a whole one. Where events do not come (network file systems, no more inotify watches),
/// a look every two seconds finds the change.
///
/// One thread does everything, the listener's calls included, so these never overlap.
public final class ConfigWatcher implements AutoCloseable {
  private static final long QUIET_MILLIS = 15;
  private static final long CLOSED_QUIET_MILLIS = 2;

  /// Where nothing was written for so long, the tree is made.
  private static final long EARLY_MILLIS = 2;

  private static final long DEBOUNCE_MILLIS = 30;
  private static final long UNFINISHED_MILLIS = 500;
  private static final long POLL_MILLIS = 2_000;
  private static final long CLOSE_MILLIS = 1_000;
  private static final int REHEARSALS = 32;

  private final Runnable changed;
  private final WatchedFiles files;
  private final long pollMillis;
  private final Thread thread;
  private volatile FileEvents events;

  /// What [#with] brought and the thread has not taken yet.
  private volatile @Nullable FileEvents better;

  private volatile boolean rehearses;

  private volatile boolean closed;
  private String signature;
  private WatchedFiles.Content content;

  private ConfigWatcher(ConfigSource source, Runnable changed, FileEvents events, long pollMillis) {
    this.changed = changed;
    this.events = events;
    this.pollMillis = pollMillis;
    files = new WatchedFiles(source);
    events.watch(files.directories());
    signature = files.signature();
    content = files.content();
    // Events may be such that a virtual thread would hold a processor while it waits.
    thread = Thread.ofPlatform().daemon().name("config-watcher").unstarted(this::run);
  }

  /// Starts watching. Start it before the configuration is read for the first time, and no change
  /// is missed.
  ///
  /// @param changed called on a thread of its own, once for all changes that come together; what it
  ///   throws goes to the thread's handler of uncaught exceptions and does not stop the watcher
  public static ConfigWatcher start(ConfigSource source, Runnable changed) {
    return start(source, changed, JdkFileEvents.open(), POLL_MILLIS);
  }

  /// Without events, for the test of the poll.
  static ConfigWatcher polling(Path file, Runnable changed, long pollMillis) {
    return start(new ConfigSource(file), changed, JdkFileEvents.none(), pollMillis);
  }

  private static ConfigWatcher start(
      ConfigSource source, Runnable changed, FileEvents events, long pollMillis) {
    var watcher = new ConfigWatcher(source, changed, events, pollMillis);
    watcher.thread.start();
    return watcher;
  }

  /// Goes on with events that tell more, which it closes in the end. No change is missed meanwhile.
  ///
  /// @param rehearse whether it looks at its files some times more, so that the first change is not
  ///   the first that it looks for; of large ones that takes too long
  public void with(FileEvents more, boolean rehearse) {
    rehearses = rehearse;
    better = more;
    events.wake();
  }

  @Override
  public void close() {
    closed = true;
    events.wake();
    try {
      thread.join(CLOSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      while (!closed) {
        turn();
      }
    } finally {
      events.close();
      var unused = better;
      if (unused != null) {
        unused.close();
      }
    }
  }

  private void turn() {
    try {
      var first = events.await(pollMillis);
      look(!first.isEmpty() && settle(first));
    } catch (InterruptedException e) {
      // Woken; or the listener was interrupted and has said so, which is over now.
      take();
    }
  }

  private void take() {
    var next = better;
    if (next != null && !closed) {
      events.close();
      events = next;
      better = null;
      next.watch(files.directories());
      look(false);
      if (rehearses) {
        rehearse();
      }
    }
  }

  private void rehearse() {
    var moved = List.of(new Event(files.configuration(), What.MOVED));
    try {
      for (int i = 0; i < REHEARSALS && !files.unfinished(); i++) {
        look(settle(moved));
        files.refresh();
      }
    } catch (InterruptedException e) {
      // Woken: there is something to do.
    }
  }

  /// Waits until the writer is done; says whether one of our files was named.
  private boolean settle(List<Event> first) throws InterruptedException {
    long start = System.nanoTime();
    long last = start;
    boolean named = named(first);
    var seen = furthest(What.TOUCHED, first);
    boolean prepared = false;
    while (true) {
      boolean unfinished = files.unfinished();
      if (named && !unfinished && (seen == What.MOVED || files.renamed())) {
        return true;
      }
      long now = System.nanoTime();
      long left = left(start, unfinished ? UNFINISHED_MILLIS : DEBOUNCE_MILLIS, now);
      long wait = seen == What.CLOSED ? CLOSED_QUIET_MILLIS : QUIET_MILLIS;
      long quiet = left(last, wait, now);
      if (left <= 0 || (quiet <= 0 && !unfinished)) {
        return named;
      }
      boolean early = named && !prepared && !unfinished && seen != What.CLOSED;
      long next = quiet > 0 ? quiet : wait;
      var more = events.await(early ? EARLY_MILLIS : Math.min(next, left));
      if (!more.isEmpty()) {
        named |= named(more);
        seen = furthest(seen, more);
        last = System.nanoTime();
        prepared = false;
      } else if (early) {
        // Most writers are done by now: what we wait for them, the tree is made in.
        files.prepare();
        prepared = true;
      }
    }
  }

  private boolean named(List<Event> events) {
    return events.stream().anyMatch(event -> files.names(event.file()));
  }

  /// The last that is known of the configuration itself.
  private What furthest(What before, List<Event> events) {
    var seen = before;
    for (var event : events) {
      seen = files.isConfiguration(event.file()) ? event.what() : seen;
    }
    return seen;
  }

  private static long left(long since, long limitMillis, long now) {
    return limitMillis - TimeUnit.NANOSECONDS.toMillis(now - since);
  }

  /// @param named whether an event named one of our files: then the signature is not asked, for two
  ///   writes within one tick of the clock may leave the same
  private void look(boolean named) {
    var now = files.signature();
    if (!named && now.equals(signature)) {
      return;
    }
    signature = now;
    if (files.content().equals(content) && !files.outdated()) {
      events.watch(files.directories());
      return;
    }
    files.refresh();
    events.watch(files.directories());
    signature = files.signature();
    content = files.content();
    tell();
  }

  private void tell() {
    try {
      changed.run();
    } catch (RuntimeException | OutOfMemoryError e) {
      // What was too much is gone with the attempt; the next one may be less.
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }
  }
}
