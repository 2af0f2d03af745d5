package io.ostiary.kernel;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;

/// A pcap file of others, of either byte order, with times in microseconds or nanoseconds. It may
/// end within a frame, as that of a capture that was broken off.
public final class CaptureFile {
  private static final Set<Integer> MAGIC = Set.of(0xa1b2c3d4, 0xa1b23c4d);
  private static final int HEAD = 24;
  private static final int FRAME_HEAD = 16;
  private static final int ETHERNET = 1;

  private final ByteBuffer bytes;
  private final String why;

  private CaptureFile(ByteBuffer bytes, String why) {
    this.bytes = bytes;
    this.why = why;
  }

  public static CaptureFile read(Path file) throws IOException {
    var bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.limit() >= HEAD && !MAGIC.contains(bytes.getInt(0))) {
      bytes.order(ByteOrder.BIG_ENDIAN);
    }
    if (bytes.limit() < HEAD || !MAGIC.contains(bytes.getInt(0))) {
      return new CaptureFile(
          bytes, file + ": no pcap file (expected: one; `editcap -F pcap` makes it of pcap-ng)");
    }
    int link = bytes.getInt(20);
    return new CaptureFile(
        bytes,
        link == ETHERNET
            ? ""
            : file + ": link type " + link + " (expected: Ethernet, as interfaces have it)");
  }

  /// The first of its frames; skips the test, with a sentence, where it can have none.
  public List<byte[]> frames(int most) {
    Assumptions.assumeTrue(why.isEmpty(), why);
    return framesIfAny(most);
  }

  /// The first of its frames.
  public List<byte[]> framesIfAny(int most) {
    if (!why.isEmpty()) {
      return List.of();
    }
    var frames = new ArrayList<byte[]>();
    int at = HEAD;
    while (frames.size() < most && at + FRAME_HEAD <= bytes.limit()) {
      int length = bytes.getInt(at + 8);
      if (length < 0 || length > bytes.limit() - at - FRAME_HEAD) {
        break;
      }
      var frame = new byte[length];
      bytes.get(at + FRAME_HEAD, frame);
      frames.add(frame);
      at += FRAME_HEAD + length;
    }
    return frames;
  }
}
