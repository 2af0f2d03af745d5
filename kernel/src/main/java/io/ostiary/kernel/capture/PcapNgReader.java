package io.ostiary.kernel.capture;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Reads back what [PcapNgWriter] wrote, block by block, and also a file that ends in the middle of
/// one, as a running or broken capture does. Confined to one thread.
public final class PcapNgReader {
  private static final int BLOCK_MAX = 1 << 20;
  private static final int BLOCK_MIN = 12;

  private final InputStream in;

  public PcapNgReader(InputStream in) {
    this.in = in;
  }

  public sealed interface Block {
    record Section(List<String> comments) implements Block {
      public Section {
        comments = List.copyOf(comments);
      }
    }

    record Interface(String name, int snap, String filter) implements Block {}

    record OnePacket(PcapNgWriter.Packet packet) implements Block {}

    /// @param start and `end`: nanoseconds since 1970
    record Statistics(int interfaceNumber, long start, long end, long accepted, long lost)
        implements Block {}

    /// Something of a kind that we do not write.
    record Other(int type) implements Block {}
  }

  private record Option(int code, ByteBuffer value) {}

  /// The next block, or null where no whole one is left.
  ///
  /// @throws IOException also when it is not a block
  public @Nullable Block next() throws IOException {
    var head = in.readNBytes(8);
    if (head.length < 8) {
      return null;
    }
    var numbers = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
    int type = numbers.getInt();
    int length = numbers.getInt();
    if (length < BLOCK_MIN || length > BLOCK_MAX || (length & 3) != 0) {
      throw new IOException(
          "pcap-ng: a block of "
              + length
              + " bytes (expected: "
              + BLOCK_MIN
              + "-"
              + BLOCK_MAX
              + "). The file is damaged");
    }
    var rest = in.readNBytes(length - 8);
    if (rest.length < length - 8) {
      return null;
    }
    var body = ByteBuffer.wrap(rest, 0, rest.length - 4).slice().order(ByteOrder.LITTLE_ENDIAN);
    try {
      return block(type, body);
    } catch (IndexOutOfBoundsException | java.nio.BufferUnderflowException e) {
      throw new IOException("pcap-ng: a block of type " + type + " is damaged", e);
    }
  }

  private static Block block(int type, ByteBuffer body) throws IOException {
    return switch (type) {
      case PcapNgWriter.SECTION -> section(body);
      case PcapNgWriter.INTERFACE -> described(body);
      case PcapNgWriter.PACKET -> packet(body);
      case PcapNgWriter.STATISTICS -> statistics(body);
      default -> new Block.Other(type);
    };
  }

  private static Block section(ByteBuffer body) throws IOException {
    if (body.getInt(0) != PcapNgWriter.BYTE_ORDER) {
      throw new IOException("pcap-ng: of another byte order (expected: a file of our own)");
    }
    return new Block.Section(texts(options(body, 16), PcapNgWriter.COMMENT));
  }

  private static Block described(ByteBuffer body) {
    var options = options(body, 8);
    var filters = texts(options, PcapNgWriter.FILTER);
    return new Block.Interface(
        String.join("", texts(options, PcapNgWriter.NAME)),
        body.getInt(4),
        filters.isEmpty() || filters.getFirst().isEmpty() ? "" : filters.getFirst().substring(1));
  }

  private static Block packet(ByteBuffer body) {
    int captured = Objects.checkIndex(body.getInt(12), body.limit());
    var bytes = new byte[captured];
    body.get(20, bytes);
    var options = options(body, 20 + (bytes.length + 3 & -4));
    int flags = 0;
    byte[] verdict = {};
    for (var option : options) {
      if (option.code() == PcapNgWriter.FLAGS) {
        flags = option.value().getInt(0);
      } else if (option.code() == PcapNgWriter.VERDICT) {
        verdict = raw(option.value());
      }
    }
    return new Block.OnePacket(
        new PcapNgWriter.Packet(
            body.getInt(0),
            time(body, 4),
            bytes,
            body.getInt(16),
            flags,
            verdict,
            texts(options, PcapNgWriter.COMMENT)));
  }

  private static Block statistics(ByteBuffer body) {
    long start = 0;
    long end = 0;
    long accepted = 0;
    long lost = 0;
    for (var option : options(body, 12)) {
      switch (option.code()) {
        case PcapNgWriter.START -> start = time(option.value(), 0);
        case PcapNgWriter.END -> end = time(option.value(), 0);
        case PcapNgWriter.FILTER_ACCEPT -> accepted = option.value().getLong(0);
        case PcapNgWriter.LOST -> lost = option.value().getLong(0);
        default -> {}
      }
    }
    return new Block.Statistics(body.getInt(0), start, end, accepted, lost);
  }

  private static long time(ByteBuffer from, int at) {
    return (long) from.getInt(at) << 32 | Integer.toUnsignedLong(from.getInt(at + 4));
  }

  private static List<Option> options(ByteBuffer body, int from) {
    var options = new ArrayList<Option>();
    int at = from;
    while (at + 4 <= body.limit()) {
      int code = Short.toUnsignedInt(body.getShort(at));
      int length = Short.toUnsignedInt(body.getShort(at + 2));
      if (code == 0) {
        break;
      }
      options.add(new Option(code, body.slice(at + 4, length).order(ByteOrder.LITTLE_ENDIAN)));
      at += 4 + (length + 3 & -4);
    }
    return options;
  }

  private static List<String> texts(List<Option> options, int code) {
    return options.stream()
        .filter(option -> option.code() == code)
        .map(option -> new String(raw(option.value()), StandardCharsets.UTF_8))
        .toList();
  }

  private static byte[] raw(ByteBuffer value) {
    var bytes = new byte[value.limit()];
    value.get(0, bytes);
    return bytes;
  }
}
