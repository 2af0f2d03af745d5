package io.ostiary.kernel.sets;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.ostiary.model.Cidr;
import io.ostiary.model.CidrFile;
import io.ostiary.model.CidrList;
import io.ostiary.model.KernelSet;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the named sets of a configuration hold. Files are read again when their time has come,
/// addresses on the web are fetched by a thread of its own, and the last good copy of each is kept
/// in a folder, so that a start without network has it. A copy with a fault changes nothing.
///
/// Shared by control-plane threads, which take turns; no turn waits for the network.
public final class SetLibrary implements AutoCloseable {
  /// With a connection, and with the beginning of an answer.
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /// With a whole answer, which may come drop by drop.
  private static final Duration PATIENCE_IN_ALL = Duration.ofMinutes(2);

  private static final long TURN_MILLIS = 1000;
  private static final Logger LOG = LoggerFactory.getLogger(SetLibrary.class);

  private final Path folder;
  private final Runnable changed;
  private final Duration patience;
  private final Thread thread =
      Thread.ofPlatform().daemon().name("kernel-sets").unstarted(this::go);
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private volatile boolean closed;

  /// One set. Its fields are guarded by the library.
  private static final class Entry {
    final KernelSet set;
    List<Cidr> blocks = List.of();
    String problem = "";
    long nextNanos = System.nanoTime();

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
      boolean same = known != null && known.set.equals(set);
      entries.put(set.name(), same ? known : opened(set));
    }
    if (!entries.isEmpty() && thread.getState() == Thread.State.NEW) {
      thread.start();
    }
    return now();
  }

  /// What the sets hold that are followed.
  public synchronized Map<String, List<Cidr>> now() {
    return entries.values().stream()
        .collect(Collectors.toMap(entry -> entry.set.name(), entry -> entry.blocks));
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
        take(entry, read != null && read.isOf(path) ? read.list() : read(path.toString(), path));
        entry.nextNanos = System.nanoTime() + every.toNanos();
      }
      case KernelSet.Supply.Web(var address, var _) -> {
        var copy = copy(set, address);
        if (Files.exists(copy)) {
          take(entry, read(copy.toString(), copy));
        }
      }
    }
    return entry;
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

  private static CidrList read(String name, Path file) {
    try {
      return CidrFile.read(name, file).list();
    } catch (IOException e) {
      return broken(name + ": cannot be read (expected: a file with one block on each line)");
    }
  }

  private static CidrList broken(String fault) {
    return new CidrList(List.of(), List.of(fault));
  }

  private void go() {
    while (!closed) {
      try {
        Thread.sleep(TURN_MILLIS);
        if (turn()) {
          changed.run();
        }
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private boolean turn() throws InterruptedException {
    boolean any = false;
    for (var entry : due()) {
      var list =
          switch (entry.set.supply()) {
            case KernelSet.Supply.Inline(var blocks) -> new CidrList(blocks, List.of());
            case KernelSet.Supply.File(var path, var _, var _) -> read(path.toString(), path);
            case KernelSet.Supply.Web(var address, var _) -> fetch(entry.set, address);
          };
      synchronized (this) {
        any |= take(entry, list);
      }
      if (!list.faults().isEmpty()) {
        LOG.warn("set {}: {}", entry.set.name(), String.join("; ", list.faults()));
      }
    }
    return any;
  }

  private synchronized List<Entry> due() {
    var due = new ArrayList<Entry>();
    long now = System.nanoTime();
    for (var entry : entries.values()) {
      if (entry.nextNanos - now > 0) {
        continue;
      }
      var every =
          switch (entry.set.supply()) {
            case KernelSet.Supply.Inline _ -> Duration.ofDays(1);
            case KernelSet.Supply.File(var _, var often, var _) -> often;
            case KernelSet.Supply.Web(var _, var often) -> often;
          };
      entry.nextNanos = now + every.toNanos();
      due.add(entry);
    }
    return due;
  }

  private CidrList fetch(KernelSet set, URI address) throws InterruptedException {
    var client =
        HttpClient.newBuilder()
            .connectTimeout(PATIENCE)
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build();
    try {
      var request = HttpRequest.newBuilder(address).timeout(PATIENCE).build();
      var whole = HttpResponse.BodyHandlers.limiting(BodyHandlers.ofByteArray(), CidrFile.SIZE_MAX);
      var response = client.sendAsync(request, whole).get(patience.toMillis(), MILLISECONDS);
      if (response.statusCode() != 200) {
        return broken("%s: status %d (expected: 200)".formatted(address, response.statusCode()));
      }
      return keep(set, address, response.body());
    } catch (TimeoutException e) {
      return broken("%s: not all of it came within %d s".formatted(address, patience.toSeconds()));
    } catch (ExecutionException e) {
      return broken("%s: not fetched: %s".formatted(address, why(e.getCause())));
    } catch (IOException e) {
      return broken("%s: not kept: %s".formatted(address, why(e)));
    } finally {
      client.shutdownNow();
    }
  }

  /// A refused connection has no message.
  private static String why(@Nullable Throwable cause) {
    var message = cause == null ? null : cause.getMessage();
    return message != null ? message : String.valueOf(cause);
  }

  private CidrList keep(KernelSet set, URI address, byte[] bytes) throws IOException {
    var text = new String(bytes, StandardCharsets.ISO_8859_1);
    var list = CidrList.read(address.toString(), new BufferedReader(new StringReader(text)));
    if (list.faults().isEmpty()) {
      Files.createDirectories(folder);
      var beside = Files.createTempFile(folder, "set", ".new");
      Files.write(beside, bytes);
      Files.move(beside, copy(set, address), StandardCopyOption.REPLACE_EXISTING);
    }
    return list;
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
