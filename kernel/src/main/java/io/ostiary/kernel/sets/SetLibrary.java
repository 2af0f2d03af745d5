package io.ostiary.kernel.sets;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.Cidr;
import io.ostiary.model.CidrFile;
import io.ostiary.model.CidrList;
import io.ostiary.model.KernelSet;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the named sets of a configuration hold. Files are read again as soon as others take their
/// place, and when their time has come; addresses on the web are fetched, and the last good copy of
/// each is kept in a folder, so that a start without network has it. A copy with a fault changes
/// nothing, and is asked for again soon.
///
/// Shared by control-plane threads, which take turns; no turn waits for the network, and no list
/// for another one.
public final class SetLibrary implements AutoCloseable {
  /// With a whole answer, which may come drop by drop.
  private static final Duration PATIENCE_IN_ALL = Duration.ofMinutes(2);

  private static final long TURN_MILLIS = 1000;

  /// Where other files of a folder change again and again, they are looked at together. A few do
  /// beside each change of ours: it is written under another name first.
  private static final int OTHERS_MAX = 16;

  private static final long OTHERS_MILLIS = 50;

  /// A file is believed as soon as it is closed once in this time, in the long run, and so often at
  /// once.
  private static final Duration FINISH = Duration.ofMillis(100);

  private static final int FINISHES_MAX = 16;

  /// What comes closer together belongs together.
  private static final Duration SERIES = Duration.ofSeconds(2);

  /// After what failed; twice as long each time, up to the usual time.
  private static final Duration AGAIN = Duration.ofSeconds(10);

  private static final int REHEARSALS = 4;

  private static final Logger LOG = LoggerFactory.getLogger(SetLibrary.class);

  private final Path folder;
  private final Runnable changed;
  private final Duration patience;
  private final Thread thread =
      Thread.ofPlatform().daemon().name("kernel-sets").unstarted(this::go);
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private volatile boolean closed;

  /// How often in turn nothing but other files changed.
  private int others;

  /// A set holds something else, which is still to be told.
  private volatile boolean news;

  /// One set. Its fields are guarded by the library.
  private static final class Entry {
    final KernelSet set;
    List<Cidr> blocks = List.of();
    String problem = "";
    long nextNanos = System.nanoTime();

    /// How often in turn it was not read or fetched, and whether that is under way.
    int failures;

    boolean busy;

    /// As the file was read, of those that have one.
    @Nullable CidrFile file;

    /// Another file has taken its place, which was whole before.
    boolean replaced;

    /// Who wrote it in place has closed it.
    boolean finished;

    /// When that was, and how much time it may spend on being believed because of that.
    long finishedNanos = System.nanoTime() - SERIES.toNanos();

    long creditNanos;

    /// It was emptied first, and is still being filled.
    boolean emptied;

    @Nullable WebList web;

    Entry(KernelSet set) {
      this.set = set;
    }
  }

  /// @param folder where copies are kept; it is made when it is needed
  /// @param changed called by the library's thread when a set holds something else
  public SetLibrary(Path folder, Runnable changed) {
    this(folder, changed, PATIENCE_IN_ALL);
  }

  SetLibrary(Path folder, Runnable changed, Duration patience) {
    this.folder = folder;
    this.changed = changed;
    this.patience = patience;
  }

  /// What these sets hold now: a file as it is, the web as it was fetched last. From now on they
  /// are followed, and others are not.
  public synchronized Map<String, List<Cidr>> become(List<KernelSet> sets) {
    var before = Map.copyOf(entries);
    entries.clear();
    for (var set : sets) {
      var known = before.get(set.name());
      if (known != null && known.set.equals(set)) {
        entries.put(set.name(), known);
        takeRead(known, set);
      } else {
        entries.put(set.name(), opened(set));
      }
    }
    if (!entries.isEmpty() && thread.getState() == Thread.State.NEW) {
      thread.start();
    }
    return now();
  }

  /// What the sets hold that are followed.
  public synchronized Map<String, List<Cidr>> now() {
    var now = new HashMap<String, List<Cidr>>();
    entries.values().forEach(entry -> now.put(entry.set.name(), entry.blocks));
    return now;
  }

  /// What is wrong with some of them; empty where nothing is.
  public synchronized String sentence() {
    return entries.values().stream()
        .filter(entry -> !entry.problem.isEmpty())
        .map(entry ->
            " Set %s is as it was (%,d blocks): %s."
                .formatted(entry.set.name(), entry.blocks.size(), entry.problem))
        .collect(Collectors.joining());
  }

  private Entry opened(KernelSet set) {
    var entry = new Entry(set);
    switch (set.supply()) {
      case KernelSet.Supply.Inline(var blocks) -> entry.blocks = blocks;
      case KernelSet.Supply.File(var path, var every, var read) -> {
        if (read != null && read.isOf(path)) {
          entry.file = read;
          take(entry, read.list());
        } else {
          take(entry, readAnew(entry, path));
        }
        entry.nextNanos = System.nanoTime() + every.toNanos();
      }
      case KernelSet.Supply.Web(var address, var _) -> {
        var copy = copy(set, address);
        entry.web = new WebList(address, copy, patience);
        if (Files.exists(copy)) {
          take(entry, readAnew(entry, copy));
          // The next one comes from the web: what was read of this one is of no use.
          entry.file = null;
        }
      }
    }
    return entry;
  }

  /// Whoever read the configuration may have read what the next turn would read.
  private static void takeRead(Entry known, KernelSet set) {
    if (set.supply() instanceof KernelSet.Supply.File(var path, var _, var read)
        && read != null
        && read.isOf(path)) {
      known.file = read;
      take(known, read.list());
    }
  }

  /// Named by both, so that another address never gets the copy of the one before.
  private Path copy(KernelSet set, URI address) {
    return folder.resolve(set.name() + "-" + Integer.toHexString(address.hashCode()) + ".txt");
  }

  /// @return whether it holds something else now
  private static boolean take(Entry entry, CidrList list) {
    entry.problem = list.faults().isEmpty() ? "" : String.join("; ", list.faults());
    if (!list.faults().isEmpty() || list.blocks().equals(entry.blocks)) {
      return false;
    }
    entry.blocks = list.blocks();
    return true;
  }

  /// Makes the first change of a file as quick to find as the next ones: small texts are read that
  /// differ, and the files as they are, which are large.
  public void rehearse() {
    try {
      if (!files().isEmpty()) {
        CidrFile.rehearse();
      }
      for (int i = 0; i < REHEARSALS; i++) {
        for (var file : files().entrySet()) {
          var ignored = file.getValue().again(file.getKey().toString(), file.getKey());
        }
      }
    } catch (IOException e) {
      LOG.debug("the first change of a set's file will take longer: {}", e.getMessage());
    }
  }

  /// As they were read, by where they are.
  private synchronized Map<Path, CidrFile> files() {
    var files = new HashMap<Path, CidrFile>();
    for (var entry : entries.values()) {
      var read = entry.file;
      if (read != null && entry.set.supply() instanceof KernelSet.Supply.File(var path, _, _)) {
        files.put(path, read);
      }
    }
    return files;
  }

  private static CidrList readAnew(Entry entry, Path path) {
    try {
      var before = entry.file;
      var name = path.toString();
      var read = before == null ? CidrFile.read(name, path) : before.again(name, path);
      entry.file = read;
      return read.list();
    } catch (IOException e) {
      return broken(path + ": cannot be read (expected: a file with one block on each line)");
    }
  }

  static CidrList broken(String fault) {
    return new CidrList(List.of(), List.of(fault));
  }

  private void go() {
    var events = events();
    try {
      while (!closed) {
        turn(events);
      }
    } catch (InterruptedException e) {
      // Closed.
    } finally {
      if (events != null) {
        events.close();
      }
    }
  }

  private static @Nullable FolderEvents events() {
    try {
      return FolderEvents.open();
    } catch (LibbpfException e) {
      LOG.debug("files of sets are looked at now and then: {}", e.getMessage());
      return null;
    }
  }

  private void turn(@Nullable FolderEvents events) throws InterruptedException {
    try {
      await(events);
      due().forEach(this::renew);
      if (news && !closed) {
        news = false;
        changed.run();
      }
    } catch (RuntimeException e) {
      LOG.error("sets are not followed for a moment", e);
      Thread.sleep(TURN_MILLIS);
    }
  }

  private void await(@Nullable FolderEvents events) throws InterruptedException {
    if (events == null) {
      Thread.sleep(TURN_MILLIS);
      return;
    }
    try {
      var fresh = events.watch(folders());
      var seen = fresh.isEmpty() ? events.await(TURN_MILLIS) : fresh;
      others = seen.isEmpty() || noticed(seen) ? 0 : others + 1;
      if (others > OTHERS_MAX) {
        Thread.sleep(OTHERS_MILLIS);
      }
    } catch (LibbpfException e) {
      Thread.sleep(TURN_MILLIS);
    }
  }

  private synchronized Set<Path> folders() {
    var folders = new HashSet<Path>();
    for (var entry : entries.values()) {
      if (entry.set.supply() instanceof KernelSet.Supply.File(var path, var _, var _)) {
        folders.add(path.toAbsolutePath().getParent());
      }
    }
    return folders;
  }

  /// @return whether any of it is about a set
  private synchronized boolean noticed(List<FolderEvents.Event> events) {
    boolean any = false;
    for (var entry : entries.values()) {
      if (entry.set.supply() instanceof KernelSet.Supply.File(var path, var _, var _)) {
        any |= noticed(entry, path.toAbsolutePath(), events);
      }
    }
    return any;
  }

  /// A link in the same folder can be what leads to the file.
  private static boolean noticed(Entry entry, Path path, List<FolderEvents.Event> events) {
    boolean named = false;
    boolean moved = false;
    for (var event : events) {
      entry.finished |= !event.moved() && event.file().equals(path);
      named |= event.file().equals(path) || event.file().equals(path.getParent());
      moved |= event.moved() && event.file().resolveSibling(path.getFileName()).equals(path);
    }
    boolean replaced = moved && (entry.file == null || entry.file.isReplacedAt(path));
    entry.replaced |= replaced;
    if (named || replaced) {
      entry.nextNanos = System.nanoTime();
    }
    return named || replaced;
  }

  private synchronized List<Entry> due() {
    var due = new ArrayList<Entry>();
    long now = System.nanoTime();
    for (var entry : entries.values()) {
      if (!entry.busy && entry.nextNanos - now <= 0) {
        entry.busy = true;
        due.add(entry);
      }
    }
    return due;
  }

  private void renew(Entry entry) {
    switch (entry.set.supply()) {
      case KernelSet.Supply.Inline _ -> renewed(entry, null, Duration.ofDays(1));
      case KernelSet.Supply.File(var path, var every, var _) -> renewFile(entry, path, every);
      case KernelSet.Supply.Web(var _, var every) ->
          Thread.ofVirtual().name("kernel-set").start(() -> fetch(entry, every));
    }
  }

  /// A file that is just being written is left for a moment: half of a list is none.
  private void renewFile(Entry entry, Path path, Duration every) {
    var known = entry.file;
    boolean closed = finished(entry, path);
    boolean whole = replaced(entry) || closed;
    if (known != null && entry.problem.isEmpty() && known.isCertainlyOf(path)) {
      renewed(entry, null, every);
    } else if (!whole && CidrFile.isBeingWritten(path)) {
      renewed(entry, null, Duration.ofMillis(TURN_MILLIS));
    } else {
      renewed(entry, readAnew(entry, path), every);
    }
  }

  private synchronized boolean replaced(Entry entry) {
    boolean replaced = entry.replaced;
    entry.replaced = false;
    return replaced;
  }

  /// Whether a file that was closed is likely to be whole: a script may write line by line, and
  /// begin with none. Then all that comes close behind is left to rest.
  private synchronized boolean finished(Entry entry, Path path) {
    if (!entry.finished) {
      return false;
    }
    entry.finished = false;
    long now = System.nanoTime();
    long since = now - entry.finishedNanos;
    entry.finishedNanos = now;
    entry.emptied &= since < SERIES.toNanos();
    entry.emptied |= entry.file == null || entry.file.isHalvedAt(path);
    entry.creditNanos = Math.min(entry.creditNanos + since, FINISHES_MAX * FINISH.toNanos());
    if (entry.emptied || entry.creditNanos < FINISH.toNanos()) {
      return false;
    }
    entry.creditNanos -= FINISH.toNanos();
    return true;
  }

  private void fetch(Entry entry, Duration every) {
    var web = Objects.requireNonNull(entry.web, "a set on the web has a list there");
    CidrList list = broken("not fetched");
    try {
      list = web.fetch();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      renewed(entry, list, every);
    }
  }

  /// @param list null: as it was
  private void renewed(Entry entry, @Nullable CidrList list, Duration every) {
    var faults = list == null ? List.<String>of() : list.faults();
    if (!faults.isEmpty()) {
      LOG.warn("set {}: {}", entry.set.name(), String.join("; ", faults));
    }
    synchronized (this) {
      if (list != null) {
        news |= take(entry, list);
      } else if (entry.web != null) {
        entry.problem = "";
      }
      entry.failures = faults.isEmpty() ? 0 : Math.min(entry.failures + 1, 16);
      var again = AGAIN.multipliedBy(1L << Math.max(0, entry.failures - 1));
      var next = faults.isEmpty() || again.compareTo(every) > 0 ? every : again;
      entry.nextNanos = System.nanoTime() + next.toNanos();
      entry.busy = false;
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
