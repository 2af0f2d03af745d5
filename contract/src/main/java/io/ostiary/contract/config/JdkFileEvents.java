package io.ostiary.contract.config;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// What the JDK tells, which does not say whether a writer is done. Where it tells nothing (network
/// file systems, no more inotify watches), this only waits.
final class JdkFileEvents implements FileEvents {
  private final @Nullable WatchService service;
  private final Map<Path, WatchKey> keys = new HashMap<>();
  private final CountDownLatch woken = new CountDownLatch(1);

  private JdkFileEvents(@Nullable WatchService service) {
    this.service = service;
  }

  static JdkFileEvents open() {
    try {
      return new JdkFileEvents(FileSystems.getDefault().newWatchService());
    } catch (IOException | UnsupportedOperationException e) {
      return none();
    }
  }

  /// Tells nothing.
  static JdkFileEvents none() {
    return new JdkFileEvents(null);
  }

  @Override
  public void watch(Set<Path> folders) {
    var events = service;
    if (events == null) {
      return;
    }
    keys.entrySet()
        .removeIf(entry -> {
          boolean stale = !folders.contains(entry.getKey()) || !entry.getValue().isValid();
          if (stale) {
            entry.getValue().cancel();
          }
          return stale;
        });
    for (var folder : folders) {
      if (!keys.containsKey(folder)) {
        register(events, folder);
      }
    }
  }

  private void register(WatchService events, Path folder) {
    try {
      var key =
          folder.register(
              events,
              StandardWatchEventKinds.ENTRY_CREATE,
              StandardWatchEventKinds.ENTRY_MODIFY,
              StandardWatchEventKinds.ENTRY_DELETE);
      keys.put(folder, key);
    } catch (IOException e) {
      // Not there, or no more watches: whoever asks looks now and then.
    }
  }

  @Override
  public List<Event> await(long millis) throws InterruptedException {
    if (service == null) {
      if (woken.await(millis, TimeUnit.MILLISECONDS)) {
        throw new InterruptedException("woken");
      }
      return List.of();
    }
    try {
      var key = service.poll(millis, TimeUnit.MILLISECONDS);
      return key == null ? List.of() : drain(key);
    } catch (ClosedWatchServiceException e) {
      throw new InterruptedException("woken");
    }
  }

  private List<Event> drain(WatchKey key) {
    var events = new ArrayList<Event>();
    if (key.watchable() instanceof Path folder) {
      for (var event : key.pollEvents()) {
        var file = event.context() instanceof Path name ? folder.resolve(name) : folder;
        events.add(new Event(file, What.TOUCHED));
      }
    }
    if (!key.reset()) {
      keys.values().remove(key);
    }
    return events;
  }

  @Override
  public void wake() {
    woken.countDown();
    close();
  }

  @Override
  public void close() {
    try {
      if (service != null) {
        service.close();
      }
    } catch (IOException e) {
      // Nothing is lost: nobody waits there any more.
    }
  }
}
