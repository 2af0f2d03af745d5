package io.ostiary.kernel.capture;

import io.ostiary.kernel.capture.CapturedPacket.Verdict;
import io.ostiary.kernel.capture.Recording.Device;
import io.ostiary.kernel.libbpf.BpfLink;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.shield.DropReason;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.capture.CallNames;
import io.ostiary.model.capture.Capture;
import io.ostiary.model.capture.CaptureRefusedException;
import io.ostiary.model.capture.CaptureRequest;
import io.ostiary.model.capture.CaptureSettings;
import io.ostiary.model.capture.PacketCaptures;
import io.ostiary.model.capture.PacketDetail;
import io.ostiary.model.capture.PacketLine;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// All captures: those that run, each with a thread of its own, and those that are kept in a
/// folder. Its methods take turns, but for reading a file.
public final class Captures implements PacketCaptures, AutoCloseable {
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

  private final CaptureFolder folder;
  private final Place place;
  private final Clock clock;
  private final Map<String, Recording> running = new LinkedHashMap<>();
  private final Map<Integer, BpfLink> outgoing = new HashMap<>();
  private CaptureSettings settings = CaptureSettings.DEFAULT;
  private @Nullable CaptureTap keeping;
  private int number;
  private boolean closed;

  /// Where packets come from, if the kernel side runs.
  public interface Place {
    /// Null where it does not run.
    @Nullable CaptureTap tap();

    KernelStatus status();

    /// What a rule's number stands for, such as `rule 3`.
    default String rule(int number) {
      return "rule " + (number + 1);
    }
  }

  public Captures(Path folder, Place place, Clock clock) {
    this.folder = new CaptureFolder(folder);
    this.place = place;
    this.clock = clock;
  }

  /// Brings settings into force, for the last seconds and for captures that begin from now on.
  public synchronized void apply(CaptureSettings wanted) {
    var tap = place.tap();
    if (tap == null || closed) {
      settings = wanted;
      return;
    }
    boolean same =
        tap == keeping
            && wanted.lastSeconds().equals(settings.lastSeconds())
            && wanted.snap() == settings.snap();
    settings = wanted;
    if (!same) {
      tap.keepLast(wanted.lastSeconds().toMillis() / 1000.0, wanted.snap());
      keeping = tap;
    }
  }

  @Override
  public synchronized List<Capture> list() {
    tidy();
    var all = new ArrayList<Capture>();
    running.values().forEach(one -> all.add(one.capture()));
    var ids = all.stream().map(Capture::id).collect(Collectors.toSet());
    folder.list().stream().filter(one -> !ids.contains(one.id())).forEach(all::add);
    all.sort(Comparator.comparing(Capture::id).reversed());
    return List.copyOf(all);
  }

  @Override
  public synchronized Optional<Capture> find(String id) {
    tidy();
    var one = running.get(id);
    return one == null ? folder.find(id) : Optional.of(one.capture());
  }

  /// Forgets those that ended by themselves; their files tell about them now.
  private void tidy() {
    running.values().removeIf(one -> !one.running() && folder.find(one.capture().id()).isPresent());
    if (running.values().stream().noneMatch(Recording::running)) {
      outgoing.values().forEach(BpfLink::close);
      outgoing.clear();
    }
  }

  @Override
  public synchronized Capture start(CaptureRequest request, String by)
      throws CaptureRefusedException {
    tidy();
    var tap = place.tap();
    if (tap == null || closed) {
      throw new CaptureRefusedException(
          "captures: no packets to take. " + place.status().sentence());
    }
    folder.open(settings.bytesMax());
    var status = place.status();
    var filter = filter(request, status);
    var notes = filter.out() ? watchOutgoing(tap, status) : "";
    var started = tap.start(filter);
    if (started.isEmpty()) {
      throw new CaptureRefusedException(
          "captures: %d run already (expected: at most that many). Stop one"
              .formatted(CaptureTap.CAPTURES_MAX));
    }
    try {
      var begun = begun(request, by, notes);
      var recording =
          new Recording(begun, request, filter, recordingPlace(tap, status), started.getAsInt());
      folder.save(recording.capture());
      running.put(begun.id(), recording);
      recording.start();
      return begun;
    } catch (IOException e) {
      tap.stop(started.getAsInt());
      throw new CaptureRefusedException(
          "captures: cannot be written: %s (expected: room on the disk)".formatted(e.getMessage()));
    }
  }

  private Capture begun(CaptureRequest request, String by, String notes) {
    var now = clock.instant();
    return new Capture(
        "%s-%d".formatted(STAMP.format(now), ++number % 1_000_000),
        by,
        Wording.of(request) + notes,
        now,
        null,
        Capture.State.RUNNING,
        "",
        0,
        0,
        0,
        settings.keepBodies(),
        request.api(),
        request.call());
  }

  private Recording.Place recordingPlace(CaptureTap tap, KernelStatus status) throws IOException {
    var devices = new HashMap<Integer, Device>();
    for (var one : status.interfaces()) {
      devices.put(one.index(), new Device(one.name(), one.mode().startsWith("xdp")));
    }
    return new Recording.Place(
        tap,
        folder,
        devices,
        new Recording.Words() {
          @Override
          public String reason(int reason) {
            return Captures.reason(reason);
          }

          @Override
          public String rule(int rule) {
            return place.rule(rule);
          }
        },
        new Privacy(settings.keepBodies(), settings.mask()),
        settings.lastSeconds().toNanos(),
        Math.max(1, settings.bytesMax() - folder.bytes()));
  }

  private static String reason(int number) {
    for (var reason : DropReason.values()) {
      if (reason.number() == number) {
        return reason.word();
      }
    }
    return "reason " + number;
  }

  /// Attaches to what leaves, on each interface that is watched. Loopback shows every packet when
  /// it comes in.
  private String watchOutgoing(CaptureTap tap, KernelStatus status) {
    var missed = new ArrayList<String>();
    for (var device : status.interfaces()) {
      if (device.mode().equals("off")
          || device.name().equals("lo")
          || outgoing.containsKey(device.index())) {
        continue;
      }
      try {
        outgoing.put(device.index(), tap.attachOut(device.index()));
      } catch (LibbpfException e) {
        missed.add(device.name() + " (" + e.getMessage() + ")");
      }
    }
    return missed.isEmpty() ? "" : "; without what leaves through " + String.join(", ", missed);
  }

  private static CaptureFilter filter(CaptureRequest request, KernelStatus status)
      throws CaptureRefusedException {
    var reasons = new HashSet<Integer>();
    for (var word : request.reasons()) {
      reasons.add(number(word));
    }
    var verdicts =
        switch (request.verdicts()) {
          case ALL -> Set.of(Verdict.values());
          case PASSED -> Set.of(Verdict.PASSED);
          case DROPPED -> Set.of(Verdict.DROPPED, Verdict.WOULD_DROP);
        };
    var rule = request.rule();
    boolean onlyIn = rule != null || !reasons.isEmpty() || !verdicts.contains(Verdict.PASSED);
    return new CaptureFilter(
        request.source(),
        request.ports(),
        request.peerPort(),
        0,
        verdicts,
        reasons,
        rule == null ? CapturedPacket.NO_RULE : rule - 1,
        interfaceIndex(request.interfaceName(), status),
        true,
        !onlyIn,
        request.snap(),
        request.oneOf());
  }

  private static int number(String word) throws CaptureRefusedException {
    for (var reason : DropReason.values()) {
      if (reason.word().equals(word)) {
        return reason.number();
      }
    }
    var known =
        java.util.Arrays.stream(DropReason.values())
            .map(DropReason::word)
            .collect(Collectors.joining(", "));
    throw new CaptureRefusedException("reason: %s (expected: one of %s)".formatted(word, known));
  }

  private static int interfaceIndex(@Nullable String name, KernelStatus status)
      throws CaptureRefusedException {
    if (name == null) {
      return 0;
    }
    for (var device : status.interfaces()) {
      if (device.name().equals(name) && !device.mode().equals("off")) {
        return device.index();
      }
    }
    throw new CaptureRefusedException(
        "interface: %s (expected: one that is watched: %s)"
            .formatted(
                name,
                status.interfaces().stream()
                    .map(KernelStatus.Interface::name)
                    .collect(Collectors.joining(", "))));
  }

  @Override
  public Optional<Capture> stop(String id) {
    Recording one;
    synchronized (this) {
      one = running.get(id);
    }
    if (one != null) {
      one.close();
    }
    return find(id);
  }

  @Override
  public Optional<Capture> delete(String id) throws CaptureRefusedException {
    var found = stop(id);
    synchronized (this) {
      running.remove(id);
      if (found.isPresent()) {
        try {
          folder.delete(id);
        } catch (IOException e) {
          throw new CaptureRefusedException(
              "capture %s: cannot be removed: %s".formatted(id, e.getMessage()));
        }
      }
    }
    return found;
  }

  @Override
  public void write(String id, CallNames calls, boolean follow, OutputStream to)
      throws IOException, CaptureRefusedException {
    try (var reading = read(id, calls, follow)) {
      reading.write(to);
    }
  }

  @Override
  public List<PacketLine> packets(String id, CallNames calls, long after, int limit)
      throws IOException, CaptureRefusedException {
    try (var reading = read(id, calls, false)) {
      return reading.lines(after, limit);
    }
  }

  @Override
  public Optional<PacketDetail> packet(String id, CallNames calls, long wanted)
      throws IOException, CaptureRefusedException {
    try (var reading = read(id, calls, false)) {
      return reading.detail(wanted);
    }
  }

  private CaptureReading read(String id, CallNames calls, boolean follow)
      throws IOException, CaptureRefusedException {
    var found = find(id);
    if (found.isEmpty()) {
      throw new CaptureRefusedException("capture: " + id + " does not exist");
    }
    Recording one;
    synchronized (this) {
      one = running.get(id);
    }
    if (one != null) {
      // Its file is there once something is written.
      try {
        one.await(0, 1000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
    return new CaptureReading(
        new WholeBlocks(folder.file(id), one, follow), calls, found.get().api());
  }

  @Override
  public synchronized Status status() {
    var tap = place.tap();
    long bytes;
    try {
      bytes = folder.bytes();
    } catch (IOException e) {
      bytes = 0;
    }
    boolean keeps = tap != null && !settings.lastSeconds().isZero();
    return new Status(
        tap != null,
        tap == null ? place.status().sentence() : "",
        keeps ? settings.lastSeconds() : Duration.ZERO,
        tap == null || !keeps ? 0 : tap.lastSecondsBudget(),
        tap == null ? 0 : tap.lastSecondsSkipped(),
        bytes,
        settings.bytesMax());
  }

  /// Ends what runs; its files stay.
  @Override
  public void close() {
    List<Recording> all;
    synchronized (this) {
      closed = true;
      all = List.copyOf(running.values());
    }
    all.forEach(Recording::close);
    synchronized (this) {
      tidy();
    }
  }
}
