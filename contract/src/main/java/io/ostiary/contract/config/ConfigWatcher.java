package io.ostiary.contract.config;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Says when `ostiary.yaml`, or an OpenAPI document that it names, has another content.
///
/// Editors, `kubectl` and people replace files in many ways: written in place, renamed over, a link
/// swapped one directory up. So we watch directories, take every event there as a reason to look,
/// and believe only the content: a save without a change says nothing. A program that writes in
/// place truncates first; we wait until 15 ms were quiet (30 ms at most), and for up to half a
/// second while the file is empty or missing, lest half a configuration is taken for a whole one.
/// Where events do not come (network file systems, no more inotify watches), a look every two
/// seconds finds the change.
///
/// One virtual thread does everything, the listener's calls included, so these never overlap.
public final class ConfigWatcher implements AutoCloseable {
  private static final long QUIET_MILLIS = 15;

  /// Where nothing was written for so long, the tree is made.
  private static final long EARLY_MILLIS = 2;

  private static final long DEBOUNCE_MILLIS = 30;
  private static final long UNFINISHED_MILLIS = 500;
  private static final long POLL_MILLIS = 2_000;

  private final Runnable changed;
  private final WatchedFiles files;
  private final Map<Path, WatchKey> keys = new HashMap<>();
  private final @Nullable WatchService service;
  private final long pollMillis;
  private final Thread thread;
  private String signature;
  private WatchedFiles.Content content;

  private ConfigWatcher(
      ConfigSource source, Runnable changed, @Nullable WatchService service, long pollMillis) {
    this.changed = changed;
    this.service = service;
    this.pollMillis = pollMillis;
    files = new WatchedFiles(source);
    register();
    signature = files.signature();
    content = files.content();
    thread = Thread.ofVirtual().name("config-watcher").unstarted(this::run);
  }

  /// Starts watching. Start it before the configuration is read for the first time, and no change
  /// is missed.
  ///
  /// @param changed called on a virtual thread, once for all changes that come together; what it
  ///   throws goes to the thread's handler of uncaught exceptions and does not stop the watcher
  public static ConfigWatcher start(ConfigSource source, Runnable changed) {
    return start(source, changed, events(), POLL_MILLIS);
  }

  /// Without events, for the test of the poll.
  static ConfigWatcher polling(Path file, Runnable changed, long pollMillis) {
    return start(new ConfigSource(file), changed, null, pollMillis);
  }

  private static ConfigWatcher start(
      ConfigSource source, Runnable changed, @Nullable WatchService service, long pollMillis) {
    var watcher = new ConfigWatcher(source, changed, service, pollMillis);
    watcher.thread.start();
    return watcher;
  }

  private static @Nullable WatchService events() {
    try {
      return FileSystems.getDefault().newWatchService();
    } catch (IOException | UnsupportedOperationException e) {
      return null;
    }
  }

  @Override
  public void close() {
    thread.interrupt();
    try {
      if (service != null) {
        service.close();
      }
      thread.join(1_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      // Nothing is lost: the thread has been told to end.
    }
  }

  private void run() {
    try {
      while (!Thread.interrupted()) {
        var key = poll(pollMillis);
        boolean named = key != null && settle(key);
        look(named);
      }
    } catch (InterruptedException | ClosedWatchServiceException e) {
      // Closed.
    }
  }

  private @Nullable WatchKey poll(long millis) throws InterruptedException {
    if (service == null) {
      Thread.sleep(millis);
      return null;
    }
    return service.poll(millis, TimeUnit.MILLISECONDS);
  }

  /// Waits until the writer is done; says whether one of our files was named.
  private boolean settle(WatchKey first) throws InterruptedException {
    long start = System.nanoTime();
    long last = start;
    boolean named = drain(first);
    boolean prepared = false;
    while (true) {
      boolean unfinished = files.unfinished();
      if (named && !unfinished && files.renamed()) {
        return true;
      }
      long now = System.nanoTime();
      long left = left(start, unfinished ? UNFINISHED_MILLIS : DEBOUNCE_MILLIS, now);
      long quiet = left(last, QUIET_MILLIS, now);
      if (left <= 0 || (quiet <= 0 && !unfinished)) {
        return named;
      }
      boolean early = named && !prepared && !unfinished;
      long next = quiet > 0 ? quiet : QUIET_MILLIS;
      var key = poll(early ? EARLY_MILLIS : Math.min(next, left));
      if (key != null) {
        named |= drain(key);
        last = System.nanoTime();
        prepared = false;
      } else if (early) {
        // Most writers are done by now: what we wait for them, the tree is made in.
        files.prepare();
        prepared = true;
      }
    }
  }

  private static long left(long since, long limitMillis, long now) {
    return limitMillis - TimeUnit.NANOSECONDS.toMillis(now - since);
  }

  private boolean drain(WatchKey key) {
    boolean named = false;
    for (var event : key.pollEvents()) {
      named |=
          !(event.context() instanceof Path name)
              || (key.watchable() instanceof Path directory
                  && files.names(directory.resolve(name)));
    }
    if (!key.reset()) {
      keys.values().remove(key);
    }
    return named;
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
      register();
      return;
    }
    files.refresh();
    register();
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

  /// Directories come and go with links and documents; those that cannot be watched are polled.
  private void register() {
    if (service == null) {
      return;
    }
    var wanted = files.directories();
    keys.entrySet()
        .removeIf(entry -> {
          boolean stale = !wanted.contains(entry.getKey()) || !entry.getValue().isValid();
          if (stale) {
            entry.getValue().cancel();
          }
          return stale;
        });
    for (var directory : wanted) {
      if (!keys.containsKey(directory)) {
        register(service, directory);
      }
    }
  }

  private void register(WatchService events, Path directory) {
    try {
      var key =
          directory.register(
              events,
              StandardWatchEventKinds.ENTRY_CREATE,
              StandardWatchEventKinds.ENTRY_MODIFY,
              StandardWatchEventKinds.ENTRY_DELETE);
      keys.put(directory, key);
    } catch (IOException e) {
      // Not there, or no more watches: the poll looks.
    }
  }
}
