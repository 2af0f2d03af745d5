package io.ostiary.kernel.capture;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// Writes pcap-ng (draft-ietf-opsawg-pcapng), one section: its header, a description of each
/// interface, packets with their comments and verdicts, and at the end what each interface lost.
/// Times are nanoseconds. Confined to one thread.
public final class PcapNgWriter {
  static final int SECTION = 0x0a0d0d0a;
  static final int INTERFACE = 1;
  static final int STATISTICS = 5;
  static final int PACKET = 6;
  static final int BYTE_ORDER = 0x1a2b3c4d;
  static final int ETHERNET = 1;

  static final int COMMENT = 1;
  static final int APPLICATION = 4;
  static final int NAME = 2;
  static final int RESOLUTION = 9;
  static final int FILTER = 11;
  static final int FLAGS = 2;
  static final int VERDICT = 7;
  static final int START = 2;
  static final int END = 3;
  static final int FILTER_ACCEPT = 6;
  static final int LOST = 7;

  /// In option FLAGS.
  static final int INBOUND = 1;

  static final int OUTBOUND = 2;
  private static final int OPTION_MAX = 65_535;

  private final OutputStream out;
  private ByteBuffer block = ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN);
  private long written;

  public PcapNgWriter(OutputStream out) {
    this.out = out;
  }

  /// One packet.
  ///
  /// @param interfaceNumber as [#describe] was called for it, from 0
  /// @param nanos since 1970
  /// @param flags direction, of option `epb_flags`
  /// @param verdict value of option `epb_verdict`, empty without one
  @SuppressWarnings("ArrayRecordComponent")
  public record Packet(
      int interfaceNumber,
      long nanos,
      byte[] bytes,
      int wire,
      int flags,
      byte[] verdict,
      List<String> comments) {
    public Packet {
      comments = List.copyOf(comments);
    }
  }

  /// What stands first.
  public void begin(String application, List<String> comments) throws IOException {
    begin(SECTION);
    block.putInt(BYTE_ORDER).putShort((short) 1).putShort((short) 0).putLong(-1);
    text(APPLICATION, application);
    for (var comment : comments) {
      text(COMMENT, comment);
    }
    end();
  }

  /// Interfaces are numbered from 0 in the order in which they are described.
  public void describe(String name, int snap, String filter) throws IOException {
    begin(INTERFACE);
    block.putShort((short) ETHERNET).putShort((short) 0).putInt(snap);
    text(NAME, name);
    option(RESOLUTION, new byte[] {9});
    var words = filter.getBytes(StandardCharsets.UTF_8);
    var coded = new byte[1 + Math.min(words.length, OPTION_MAX - 1)];
    System.arraycopy(words, 0, coded, 1, coded.length - 1);
    option(FILTER, coded);
    end();
  }

  public void packet(Packet packet) throws IOException {
    begin(PACKET);
    room(packet.bytes().length + 64);
    block.putInt(packet.interfaceNumber());
    time(packet.nanos());
    block.putInt(packet.bytes().length).putInt(packet.wire());
    block.put(packet.bytes());
    pad();
    for (var comment : packet.comments()) {
      text(COMMENT, comment);
    }
    option(FLAGS, little(packet.flags()));
    if (packet.verdict().length > 0) {
      option(VERDICT, packet.verdict());
    }
    end();
  }

  /// What an interface took and lost, as it stands at the end.
  public void statistics(int interfaceNumber, long start, long end, long accepted, long lost)
      throws IOException {
    begin(STATISTICS);
    block.putInt(interfaceNumber);
    time(end);
    option(START, timeOption(start));
    option(END, timeOption(end));
    option(FILTER_ACCEPT, little(accepted));
    option(LOST, little(lost));
    end();
  }

  /// Bytes so far.
  public long written() {
    return written;
  }

  private void begin(int type) {
    block.clear();
    block.putInt(type).putInt(0);
  }

  private void end() throws IOException {
    room(8);
    block.putInt(0);
    int length = block.position() + 4;
    block.putInt(length).putInt(4, length);
    out.write(block.array(), 0, length);
    written += length;
  }

  private void text(int code, String text) {
    var bytes = text.getBytes(StandardCharsets.UTF_8);
    option(code, bytes.length > OPTION_MAX ? Arrays.copyOf(bytes, OPTION_MAX) : bytes);
  }

  private void option(int code, byte[] value) {
    room(value.length + 8);
    block.putShort((short) code).putShort((short) value.length).put(value);
    pad();
  }

  private void time(long nanos) {
    block.putInt((int) (nanos >>> 32)).putInt((int) nanos);
  }

  private static byte[] timeOption(long nanos) {
    return bytes(8).putInt((int) (nanos >>> 32)).putInt((int) nanos).array();
  }

  private static byte[] little(long number) {
    return bytes(8).putLong(number).array();
  }

  private static byte[] little(int number) {
    return bytes(4).putInt(number).array();
  }

  private static ByteBuffer bytes(int count) {
    return ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void pad() {
    while ((block.position() & 3) != 0) {
      block.put((byte) 0);
    }
  }

  private void room(int bytes) {
    if (block.remaining() < bytes + 8) {
      int capacity = Math.max(2 * block.capacity(), block.position() + bytes + 64);
      block = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN).put(block.flip());
    }
  }
}
