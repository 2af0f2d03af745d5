package io.ostiary.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The reader of captures that the other tests are fed from.
final class CaptureFileTest {
  private static final Path FILE = Path.of("some.pcap");
  private static final byte[] FRAME = {1, 2, 3, 4, 5};

  private static CaptureFile read(ByteBuffer bytes) {
    return CaptureFile.of(FILE, java.util.Arrays.copyOf(bytes.array(), bytes.position()));
  }

  private static ByteBuffer pcap(ByteOrder order, int magic, int link) {
    return ByteBuffer.allocate(400)
        .order(order)
        .putInt(magic)
        .putShort((short) 2)
        .putShort((short) 4)
        .putLong(0)
        .putInt(65_535)
        .putInt(link);
  }

  private static void record(ByteBuffer into) {
    into.putLong(0).putInt(FRAME.length).putInt(1500).put(FRAME);
  }

  private static void section(ByteBuffer into) {
    into.putInt(0x0a0d0d0a).putInt(28).putInt(0x1a2b3c4d).putInt(1).putLong(-1).putInt(28);
  }

  private static void described(ByteBuffer into, int link, int snap) {
    into.putInt(1).putInt(20).putShort((short) link).putShort((short) 0).putInt(snap).putInt(20);
  }

  private static void packet(ByteBuffer into, int number) {
    into.putInt(6).putInt(40).putInt(number).putLong(0).putInt(FRAME.length).putInt(1500);
    into.put(FRAME).put(new byte[3]).putInt(40);
  }

  @ParameterizedTest
  @ValueSource(ints = {0xa1b2c3d4, 0xa1b23c4d})
  void readsPcapOfBothOrdersAndUnitsOfTime(int magic) {
    for (var order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
      var bytes = pcap(order, magic, 1);
      record(bytes);
      // Broken off within the next.
      bytes.putLong(0).putInt(60).putInt(60).put(FRAME);
      assertThat(read(bytes).framesIfAny(10)).containsExactly(FRAME);
    }
  }

  @Test
  void readsPcapNgOfSeveralSectionsAndInterfaces() {
    var bytes = ByteBuffer.allocate(800);
    for (var order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
      bytes.order(order);
      section(bytes);
      described(bytes, 1, 5);
      described(bytes, 1, 0);
      packet(bytes, 1);
      // A packet without anything but its length; cut to what its interface takes.
      bytes.putInt(3).putInt(24).putInt(1500).put(FRAME).put(new byte[3]).putInt(24);
      // Something of a kind that nobody knows.
      bytes.putInt(0x0bad).putInt(16).putInt(7).putInt(16);
    }
    assertThat(read(bytes).framesIfAny(10)).containsExactly(FRAME, FRAME, FRAME, FRAME);
  }

  @Test
  void saysWhatItCannotRead() {
    var wireless = pcap(ByteOrder.LITTLE_ENDIAN, 0xa1b2c3d4, 127);
    record(wireless);
    assertThat(read(wireless).framesIfAny(10)).isEmpty();
    assertThat(read(wireless).why())
        .isEqualTo("some.pcap: link type 127 (expected: Ethernet, as interfaces have it)");
    var mixed = ByteBuffer.allocate(400).order(ByteOrder.LITTLE_ENDIAN);
    section(mixed);
    described(mixed, 1, 0);
    described(mixed, 113, 0);
    packet(mixed, 0);
    assertThat(read(mixed).why()).contains("link type 113");
    assertThat(read(ByteBuffer.allocate(40).putInt(7).putLong(0).putLong(0).putLong(0)).why())
        .startsWith("some.pcap: no capture (expected: pcap or pcap-ng");
    assertThat(CaptureFile.of(FILE, new byte[3]).why()).contains("no capture");
  }
}
