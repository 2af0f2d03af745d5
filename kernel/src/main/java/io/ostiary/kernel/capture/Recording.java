package io.ostiary.kernel.capture;

import io.ostiary.model.capture.Capture;
import io.ostiary.model.capture.CaptureRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One running capture: a thread that takes packets out of the ring a hundred times a second and
/// writes them to its file, whole blocks at a time, until it is stopped or one of its limits is
/// reached. Where the disk is full it ends, and what was written until then is a sound file.
///
/// Its thread writes; everybody else reads the volatile fields or waits in [#await].
final class Recording implements AutoCloseable {
  private static final int TURNS_BETWEEN_LOOKS = 8;
  private static final long TURN_MILLIS = 10;
  private static final long NANOS = 1_000_000_000L;

  /// What is known about the place of a capture, once it begins.
  ///
  /// @param devices names and modes by interface number
  /// @param words reasons and rules
  /// @param lastNanos how old a packet of the last seconds may be
  record Place(
      CaptureTap tap,
      CaptureFolder folder,
      Map<Integer, Device> devices,
      Words words,
      Privacy privacy,
      long lastNanos,
      long bytesMax) {}

  /// @param xdp whether the shield sees its packets in XDP
  record Device(String name, boolean xdp) {}

  /// Reasons and rules in words.
  interface Words {
    String reason(int number);

    String rule(int number);
  }

  private final Capture begun;
  private final CaptureRequest request;
  private final CaptureFilter filter;
  private final Place place;
  private final int number;
  private final long takenBefore;
  private final PacketRing.Cursor cursor;
  private final long startNanos = System.nanoTime();
  private final long wallOffset;
  private final Thread thread;
  private final ByteArrayOutputStream batch = new ByteArrayOutputStream();
  private final PcapNgWriter writer = new PcapNgWriter(batch);
  private final Map<Integer, Integer> described = new LinkedHashMap<>();
  private long seen;
  private long count;
  private long whole;

  private volatile long packets;
  private volatile long bytes;

  /// Known at the end: before, some of what was taken is still to be read.
  private volatile long lost;

  private volatile String why = "";
  private volatile Capture.State state = Capture.State.RUNNING;
  private volatile @Nullable Instant ended;
  private volatile boolean stopping;

  /// @param number of the capture in the tap, which has begun already
  Recording(Capture begun, CaptureRequest request, CaptureFilter filter, Place place, int number) {
    this.begun = begun;
    this.request = request;
    this.filter = filter;
    this.place = place;
    this.number = number;
    var now = Instant.now();
    wallOffset = now.getEpochSecond() * NANOS + now.getNano() - System.nanoTime();
    takenBefore = place.tap().taken(number);
    var ring = place.tap().ring();
    cursor = request.lastSeconds() ? ring.oldest() : ring.newest();
    thread = Thread.ofPlatform().daemon().name("capture-" + begun.id()).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  Capture capture() {
    return new Capture(
        begun.id(),
        begun.by(),
        begun.filter(),
        begun.started(),
        ended,
        state,
        why,
        packets,
        bytes,
        lost,
        begun.bodiesKept(),
        begun.api(),
        begun.call());
  }

  boolean running() {
    return ended == null;
  }

  /// How many bytes of the file are whole blocks.
  long written() {
    return bytes;
  }

  /// Waits until there is more than `known`, it has ended, or the time is over.
  synchronized void await(long known, long millis) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    for (long left = millis; left > 0 && bytes <= known && running(); ) {
      wait(left);
      left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
    }
  }

  /// Ends it and waits until its file is closed.
  @Override
  public void close() {
    stopping = true;
    try {
      thread.join(5_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try (var file =
        FileChannel.open(
            place.folder().file(begun.id()),
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      try {
        writer.begin("Ostiary", comments());
        record(file);
        if (why.isEmpty() && stopping) {
          why = "stopped";
        }
        finish(file);
        state = Capture.State.COMPLETE;
      } catch (IOException e) {
        why = "cannot be written: " + e.getMessage() + ". Make room; what was written is kept";
        state = Capture.State.FAILED;
        file.truncate(bytes);
      }
    } catch (IOException e) {
      why = why.isEmpty() ? "cannot be written: " + e.getMessage() : why;
      state = Capture.State.FAILED;
    } finally {
      place.tap().stop(number);
      end();
    }
  }

  private List<String> comments() {
    return List.of(
        "Captured by " + begun.by() + ": " + begun.filter(),
        begun.bodiesKept()
            ? "Bodies are kept; values of secret header fields are overwritten with '*'."
            : "Bodies are cut off (kernel.capture.bodies).");
  }

  private void record(FileChannel file) throws IOException {
    long end = startNanos + request.duration().toNanos();
    for (int turn = 0; !stopping; turn++) {
      if (turn % TURNS_BETWEEN_LOOKS == 0) {
        place.folder().leaveRoom();
      }
      turn(file);
      if (packets >= request.packetsMax()) {
        why = "it has its " + request.packetsMax() + " packets";
        return;
      }
      if (System.nanoTime() >= end) {
        why = "its time of " + request.duration().toSeconds() + " s is over";
        return;
      }
      if (bytes >= place.bytesMax()) {
        why = "captures take all of kernel.capture.bytes";
        return;
      }
      try {
        Thread.sleep(TURN_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void turn(FileChannel file) throws IOException {
    var taken = new ArrayList<CapturedPacket>();
    cursor.drain(packet -> {
      boolean ours = (packet.captures() >> number & 1) != 0 && packet.nanos() >= startNanos - NANOS;
      seen += ours ? 1 : 0;
      if (ours || isEarlier(packet)) {
        taken.add(packet);
      }
    });
    taken.sort(Comparator.comparingLong(CapturedPacket::nanos));
    for (var packet : taken) {
      if (packets < request.packetsMax()) {
        write(packet);
      }
    }
    flush(file);
  }

  private boolean isEarlier(CapturedPacket packet) {
    return request.lastSeconds()
        && packet.nanos() < startNanos
        && packet.nanos() >= startNanos - place.lastNanos()
        && (packet.captures() >> number & 1) == 0
        && filter.matches(packet);
  }

  private void write(CapturedPacket packet) throws IOException {
    var device =
        place
            .devices()
            .getOrDefault(
                packet.interfaceIndex(), new Device("interface " + packet.interfaceIndex(), false));
    Integer at = described.get(packet.interfaceIndex());
    if (at == null) {
      at = described.size();
      described.put(packet.interfaceIndex(), at);
      writer.describe(device.name(), request.snap(), begun.filter());
    }
    writer.packet(
        new PcapNgWriter.Packet(
            at,
            packet.nanos() + wallOffset,
            snapped(place.privacy().apply(packet.bytes())),
            packet.wire(),
            packet.out() ? PcapNgWriter.OUTBOUND : PcapNgWriter.INBOUND,
            Verdicts.option(packet, device.xdp()),
            Verdicts.comments(packet, place.words(), packet.nanos() < startNanos)));
    packets = ++count;
  }

  /// The kernel copies as much as the most that anybody asked for, the last seconds among them.
  private byte[] snapped(byte[] bytes) {
    return bytes.length <= request.snap() ? bytes : Arrays.copyOf(bytes, request.snap());
  }

  private void flush(FileChannel file) throws IOException {
    if (batch.size() == 0) {
      return;
    }
    var blocks = ByteBuffer.wrap(batch.toByteArray());
    batch.reset();
    int length = blocks.remaining();
    while (blocks.hasRemaining()) {
      file.write(blocks);
    }
    whole += length;
    bytes = whole;
    synchronized (this) {
      notifyAll();
    }
  }

  /// The last packets, and what each interface took and lost.
  private void finish(FileChannel file) throws IOException {
    place.tap().stop(number);
    turn(file);
    lost = Math.max(0, place.tap().taken(number) - takenBefore - seen);
    if (described.isEmpty()) {
      described.put(0, 0);
      writer.describe("none", request.snap(), begun.filter());
    }
    long now = System.nanoTime() + wallOffset;
    for (int device : described.values()) {
      // The rings know this of all interfaces together; it stands with the first.
      boolean first = device == 0;
      writer.statistics(
          device, startNanos + wallOffset, now, first ? seen + lost : 0, first ? lost : 0);
    }
    flush(file);
  }

  private void end() {
    ended = Instant.now();
    try {
      place.folder().save(capture());
    } catch (IOException e) {
      why = why + " (and what is known of it cannot be written: " + e.getMessage() + ")";
    }
    synchronized (this) {
      notifyAll();
    }
  }
}
