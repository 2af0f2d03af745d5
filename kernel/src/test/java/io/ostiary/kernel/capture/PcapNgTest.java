package io.ostiary.kernel.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.kernel.capture.PcapNgReader.Block;
import io.ostiary.kernel.capture.PcapNgWriter.Packet;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class PcapNgTest {
  private static final long NOW = 1_790_000_000_123_456_789L;

  private static byte[] written(int packets) throws IOException {
    var bytes = new ByteArrayOutputStream();
    var writer = new PcapNgWriter(bytes);
    writer.begin("test", List.of("who", "what – ü"));
    writer.describe("eth0", 128, "source 198.18.0.0/15");
    for (int i = 0; i < packets; i++) {
      writer.packet(packet(i));
    }
    writer.statistics(0, NOW, NOW + 5, 7, 3);
    assertThat(writer.written()).isEqualTo(bytes.size());
    return bytes.toByteArray();
  }

  private static Packet packet(int i) {
    var frame = new byte[i * 7 % 3000];
    new Random(i).nextBytes(frame);
    return new Packet(
        0,
        NOW + i,
        frame,
        frame.length + i,
        i % 2 == 0 ? PcapNgWriter.INBOUND : PcapNgWriter.OUTBOUND,
        i % 3 == 0 ? new byte[] {2, 1, 0, 0, 0, 0, 0, 0, 0} : new byte[0],
        i % 5 == 0 ? List.of("dropped: deny-rule", "call 0") : List.of());
  }

  @Test
  void readsBackWhatWasWritten() throws Exception {
    var reader = new PcapNgReader(new ByteArrayInputStream(written(500)));
    assertThat(reader.next()).isEqualTo(new Block.Section(List.of("who", "what – ü")));
    assertThat(reader.next()).isEqualTo(new Block.Interface("eth0", 128, "source 198.18.0.0/15"));
    for (int i = 0; i < 500; i++) {
      assertThat(reader.next())
          .isInstanceOfSatisfying(
              Block.OnePacket.class,
              one -> assertThat(one.packet()).usingRecursiveComparison().isNotNull());
    }
    assertThat(reader.next()).isEqualTo(new Block.Statistics(0, NOW, NOW + 5, 7, 3));
    assertThat(reader.next()).isNull();
  }

  @Test
  void keepsEveryPartOfAPacket() throws Exception {
    var reader = new PcapNgReader(new ByteArrayInputStream(written(40)));
    reader.next();
    reader.next();
    for (int i = 0; i < 40; i++) {
      var expected = packet(i);
      var read = ((Block.OnePacket) reader.next()).packet();
      assertThat(read.bytes()).isEqualTo(expected.bytes());
      assertThat(read.verdict()).isEqualTo(expected.verdict());
      assertThat(read.comments()).isEqualTo(expected.comments());
      assertThat(List.of(read.nanos(), (long) read.wire(), (long) read.flags()))
          .isEqualTo(List.of(expected.nanos(), (long) expected.wire(), (long) expected.flags()));
    }
  }

  @Test
  void endsQuietlyWhereAFileIsCutAndSaysWhereItIsDamaged() throws Exception {
    var whole = written(3);
    for (int length = 0; length < whole.length; length++) {
      var reader = new PcapNgReader(new ByteArrayInputStream(Arrays.copyOf(whole, length)));
      var blocks = new ArrayList<Block>();
      for (var block = reader.next(); block != null; block = reader.next()) {
        blocks.add(block);
      }
      assertThat(blocks.size()).isLessThanOrEqualTo(5);
    }
    var damaged = whole.clone();
    damaged[4] = 3;
    assertThatThrownBy(() -> new PcapNgReader(new ByteArrayInputStream(damaged)).next())
        .hasMessageContaining("The file is damaged");
  }

  @Test
  void readsRandomBytesWithoutAnythingWorse() {
    var random = new Random(7);
    for (int i = 0; i < 3000; i++) {
      byte[] bytes;
      try {
        bytes = written(4);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
      for (int j = 0; j < 6; j++) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      var reader = new PcapNgReader(new ByteArrayInputStream(bytes));
      try {
        while (reader.next() != null) {
          // Until it ends.
        }
      } catch (IOException e) {
        assertThat(e.getMessage()).startsWith("pcap-ng: ");
      }
    }
  }
}
