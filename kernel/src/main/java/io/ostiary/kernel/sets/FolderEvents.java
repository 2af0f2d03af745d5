package io.ostiary.kernel.sets;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.ostiary.kernel.libbpf.Libbpf;
import io.ostiary.kernel.libbpf.LibbpfException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Tells at once when a file in one of some folders was closed by its writer, or came there whole
/// from another name (inotify). Java's own watch service tells neither from a first byte written.
/// Used by one thread.
public final class FolderEvents implements AutoCloseable {
  private static final int CLOSE_WRITE = 0x8;
  private static final int MOVED_TO = 0x80;
  private static final int MOVE_SELF = 0x800;
  private static final int OVERFLOW = 0x4000;
  private static final int IGNORED = 0x8000;
  private static final int ONLY_FOLDERS = 0x0100_0000;
  private static final int NONBLOCK_CLOEXEC = 0x8_0800;
  private static final int ASKED = CLOSE_WRITE | MOVED_TO | MOVE_SELF | ONLY_FOLDERS;
  private static final short READABLE = 1;
  private static final int EVENT_BYTES = 16;
  private static final int BUFFER_BYTES = 16_384;

  private final Libbpf library;
  private final int descriptor;
  private final Arena arena = Arena.ofAuto();
  private final MemorySegment buffer = arena.allocate(BUFFER_BYTES, 8);
  private final MemorySegment asked = arena.allocate(8, 8);
  private final Map<Path, Integer> numbers = new HashMap<>();

  /// Something happened to a file.
  ///
  /// @param moved whether it came from another name; else it was closed by who wrote it
  public record Event(Path file, boolean moved) {}

  private FolderEvents(Libbpf library, int descriptor) {
    this.library = library;
    this.descriptor = descriptor;
  }

  /// @throws LibbpfException where the kernel has no more of them to give
  public static FolderEvents open() throws LibbpfException {
    var library = Libbpf.load();
    return new FolderEvents(library, library.number("inotify", "inotify_init1", NONBLOCK_CLOEXEC));
  }

  /// From now on these folders and no others. Those that are not there are asked for again by the
  /// next call.
  ///
  /// @return those that were not watched before: what happened there is to be looked for
  public List<Event> watch(Set<Path> folders) {
    numbers
        .entrySet()
        .removeIf(entry -> {
          boolean unwanted = !folders.contains(entry.getKey());
          if (unwanted) {
            forget(entry.getValue());
          }
          return unwanted;
        });
    var fresh = new ArrayList<Event>();
    for (var folder : folders) {
      if (!numbers.containsKey(folder) && add(folder)) {
        fresh.add(new Event(folder, false));
      }
    }
    return fresh;
  }

  private boolean add(Path folder) {
    try (var names = Arena.ofConfined()) {
      int number =
          library.number(
              folder.toString(),
              "inotify_add_watch",
              descriptor,
              names.allocateFrom(folder.toString()),
              ASKED);
      numbers.put(folder, number);
      return true;
    } catch (LibbpfException e) {
      // Not there, not to be read, or no more watches: its files are looked at now and then.
      return false;
    }
  }

  private void forget(int number) {
    try {
      library.number("inotify", "inotify_rm_watch", descriptor, number);
    } catch (LibbpfException e) {
      // It went with its folder.
    }
  }

  /// Waits for events.
  ///
  /// @return none where the time is over; of a folder itself where something happened in it
  /// @throws LibbpfException at once, where nobody can wait
  public List<Event> await(long millis) throws LibbpfException {
    asked.set(JAVA_INT, 0, descriptor);
    asked.set(JAVA_SHORT, 4, READABLE);
    asked.set(JAVA_SHORT, 6, (short) 0);
    return library.number("poll", "poll", asked, 1, (int) millis) == 0
        ? List.of()
        : read(library.number("inotify", "read", descriptor, buffer, BUFFER_BYTES));
  }

  /// `struct inotify_event`: watch, mask, cookie, length of the name, and the name with zeros
  /// behind it.
  private List<Event> read(int bytes) {
    var events = new ArrayList<Event>();
    for (int at = 0; at + EVENT_BYTES <= bytes; ) {
      int number = buffer.get(JAVA_INT, at);
      int mask = buffer.get(JAVA_INT, at + 4L);
      int length = buffer.get(JAVA_INT, at + 12L);
      if ((mask & (MOVE_SELF | IGNORED | OVERFLOW)) != 0) {
        lost(number, mask, events);
      } else if (length > 0) {
        var name = buffer.getString(at + (long) EVENT_BYTES);
        boolean moved = (mask & MOVED_TO) != 0;
        folder(number).forEach(folder -> events.add(new Event(folder.resolve(name), moved)));
      }
      at += EVENT_BYTES + length;
    }
    return events;
  }

  /// A folder is another one now, or more has happened than could be told: then each is named.
  private void lost(int number, int mask, List<Event> events) {
    if ((mask & OVERFLOW) != 0) {
      numbers.keySet().forEach(folder -> events.add(new Event(folder, false)));
      return;
    }
    if ((mask & MOVE_SELF) != 0) {
      forget(number);
    }
    folder(number).forEach(numbers::remove);
  }

  private List<Path> folder(int number) {
    return numbers.entrySet().stream()
        .filter(entry -> entry.getValue() == number)
        .map(Map.Entry::getKey)
        .toList();
  }

  @Override
  public void close() {
    try {
      library.number("inotify", "close", descriptor);
    } catch (LibbpfException e) {
      throw new IllegalStateException(e);
    }
  }
}
