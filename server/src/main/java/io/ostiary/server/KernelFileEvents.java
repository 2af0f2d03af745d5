package io.ostiary.server;

import io.ostiary.contract.config.FileEvents;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.sets.FolderEvents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Changes of files as the kernel room asks the kernel for them: with whether a writer has closed
/// the file, or it came from another name.
final class KernelFileEvents implements FileEvents {
  private static final int REHEARSALS = 32;
  private static final long SLICE_MILLIS = 100;

  private final FolderEvents events;
  private volatile boolean woken;
  private Set<Path> folders = Set.of();

  private KernelFileEvents(FolderEvents events) {
    this.events = events;
  }

  /// Null: the kernel has none to give, or its library is not here.
  static @Nullable KernelFileEvents open() {
    try {
      var events = new KernelFileEvents(FolderEvents.open());
      events.rehearse();
      return events;
    } catch (LibbpfException e) {
      return null;
    }
  }

  /// Files of a folder that nobody else knows come and go: the first event of the configuration
  /// should not be the first that is read, which takes 2 ms.
  private void rehearse() {
    try {
      var folder = Files.createTempDirectory("ostiary-events");
      try {
        watch(Set.of(folder));
        for (int i = 0; i < REHEARSALS; i++) {
          var written = Files.writeString(folder.resolve("new"), "x");
          Files.move(written, folder.resolve("now"), StandardCopyOption.REPLACE_EXISTING);
          await(1);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        watch(Set.of());
        Files.deleteIfExists(folder.resolve("now"));
        Files.deleteIfExists(folder.resolve("new"));
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      // Then the first one takes longer.
    }
  }

  @Override
  public void watch(Set<Path> wanted) {
    folders = Set.copyOf(wanted);
    // What happened in a folder before it was watched is looked for by whoever asks for it.
    var _ = events.watch(folders);
  }

  @Override
  public List<Event> await(long millis) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (!woken) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      var seen = next(Math.clamp(left, 1, SLICE_MILLIS));
      if (!seen.isEmpty() || left <= 0) {
        return seen.stream().map(this::event).toList();
      }
    }
    throw new InterruptedException("woken");
  }

  private List<FolderEvents.Event> next(long millis) throws InterruptedException {
    try {
      return events.await(millis);
    } catch (LibbpfException e) {
      Thread.sleep(millis);
      return List.of();
    }
  }

  private Event event(FolderEvents.Event seen) {
    var what = seen.moved() ? What.MOVED : What.CLOSED;
    return new Event(seen.file(), folders.contains(seen.file()) ? What.TOUCHED : what);
  }

  @Override
  public void wake() {
    woken = true;
  }

  @Override
  public void close() {
    events.close();
  }
}
