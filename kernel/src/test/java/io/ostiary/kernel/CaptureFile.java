package io.ostiary.kernel;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;

/// A capture of others: pcap of either byte order, with times in microseconds or nanoseconds, or
/// pcap-ng of any number of sections and interfaces. It may end within a frame, as that of a
/// capture that was broken off.
public final class CaptureFile {
  private static final Set<Integer> MAGIC = Set.of(0xa1b2c3d4, 0xa1b23c4d);
  private static final int HEAD = 24;
  private static final int FRAME_HEAD = 16;
  private static final int ETHERNET = 1;

  /// What stands above is about check sequences.
  private static final int LINK_MASK = 0xffff;

  private static final int SECTION = 0x0a0d0d0a;
  private static final int BYTE_ORDER = 0x1a2b3c4d;
  private static final int INTERFACE = 1;
  private static final int PACKET_OLD = 2;
  private static final int PACKET_SIMPLE = 3;
  private static final int PACKET = 6;
  private static final int BLOCK_MIN = 12;

  private final Path file;
  private final ByteBuffer bytes;
  private final List<byte[]> frames = new ArrayList<>();
  private String why = "";

  private CaptureFile(Path file, ByteBuffer bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  /// Names of the captures in a folder, or one that says that there is none.
  public static List<String> in(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of("no captures");
    }
    try (var files = Files.list(folder)) {
      return files
          .map(path -> path.getFileName().toString())
          .filter(name -> name.toLowerCase(Locale.ROOT).matches(".*\\.(pcap|pcapng|cap)"))
          .sorted()
          .toList();
    }
  }

  public static CaptureFile read(Path file) throws IOException {
    return of(file, Files.readAllBytes(file));
  }

  static CaptureFile of(Path file, byte[] content) {
    var bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    var capture = new CaptureFile(file, bytes);
    if (bytes.limit() >= BLOCK_MIN && bytes.getInt(0) == SECTION) {
      capture.blocks();
      return capture;
    }
    if (bytes.limit() >= HEAD && !MAGIC.contains(bytes.getInt(0))) {
      bytes.order(ByteOrder.BIG_ENDIAN);
    }
    if (bytes.limit() < HEAD || !MAGIC.contains(bytes.getInt(0))) {
      capture.why =
          file + ": no capture (expected: pcap or pcap-ng; `editcap` makes one of others)";
    } else {
      capture.link(bytes.getInt(20) & LINK_MASK);
      capture.records();
    }
    return capture;
  }

  private void link(int number) {
    if (number != ETHERNET && why.isEmpty()) {
      why = file + ": link type " + number + " (expected: Ethernet, as interfaces have it)";
    }
  }

  private void records() {
    for (int at = HEAD; at + FRAME_HEAD <= bytes.limit(); ) {
      int length = bytes.getInt(at + 8);
      if (length < 0 || length > bytes.limit() - at - FRAME_HEAD) {
        return;
      }
      frame(at + FRAME_HEAD, length);
      at += FRAME_HEAD + length;
    }
  }

  private void frame(int at, int length) {
    var frame = new byte[length];
    bytes.get(at, frame);
    frames.add(frame);
  }

  private void blocks() {
    int snap = 0;
    for (int at = 0; at + BLOCK_MIN <= bytes.limit(); ) {
      int type = bytes.getInt(at);
      if (type == SECTION) {
        boolean little = bytes.order(ByteOrder.LITTLE_ENDIAN).getInt(at + 8) == BYTE_ORDER;
        bytes.order(little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        snap = 0;
      }
      int length = bytes.getInt(at + 4);
      if (length < BLOCK_MIN || (length & 3) != 0 || length > bytes.limit() - at) {
        return;
      }
      if (type == INTERFACE) {
        link(Short.toUnsignedInt(bytes.getShort(at + 8)));
        // What has no number of its own belongs to the first interface.
        snap = snap == 0 ? bytes.getInt(at + 12) : snap;
      }
      packet(type, at + 8, at + length - 4, snap);
      at += length;
    }
  }

  private void packet(int type, int body, int end, int snap) {
    boolean whole = type == PACKET || type == PACKET_OLD;
    int room = end - body - (whole ? 20 : 4);
    if (!(whole || type == PACKET_SIMPLE) || room < 0) {
      return;
    }
    int wire = bytes.getInt(body);
    int length = whole ? bytes.getInt(body + 12) : snap > 0 ? Math.min(wire, snap) : wire;
    if (length >= 0 && length <= room) {
      frame(body + (whole ? 20 : 4), length);
    }
  }

  /// The first of its frames; skips the test, with a sentence, where it can have none.
  public List<byte[]> frames(int most) {
    Assumptions.assumeTrue(why.isEmpty(), why);
    return framesIfAny(most);
  }

  /// The first of its frames.
  public List<byte[]> framesIfAny(int most) {
    return why.isEmpty() ? frames.subList(0, Math.min(most, frames.size())) : List.of();
  }

  /// Why it can have none; empty where it can.
  public String why() {
    return why;
  }
}
