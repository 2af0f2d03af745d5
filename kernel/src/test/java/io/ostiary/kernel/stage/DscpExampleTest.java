package io.ostiary.kernel.stage;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.KernelSettings.StageNumber;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The example that ships: `examples/stages/dscp`.
final class DscpExampleTest {
  private static final byte[] PEER = {(byte) 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  private static final int IP = 14;
  private static final int EXPEDITED = 46;

  @TempDir Path temporary;

  @Test
  void rewritesDscpByTheApiOfTheConnection() throws Exception {
    try (var kit = StageKit.open(temporary)) {
      Files.move(
          kit.compile(Path.of("../examples/stages/dscp/dscp.bpf.c")),
          kit.folder.resolve("dscp.bpf.o"));
      kit.numbers(
          new StageNumber("dscp_by_api", "orders", EXPEDITED),
          new StageNumber("other_table", "orders", 1));
      assertThat(kit.stage("dscp").sentence()).isEmpty();
      for (var program : new String[] {"shield_xdp", "shield_tcx"}) {
        kit.stages.called(PEER, 4, 49_152, 8080, "petstore");
        assertThat(output(kit, program)[IP + 1]).as("an API without a number").isZero();

        kit.stages.called(PEER, 4, 49_152, 8080, "orders");
        var packet = output(kit, program);
        assertThat(packet[IP + 1] & 0xff).isEqualTo(EXPEDITED << 2);
        assertThat(checksum(packet)).as("over the header, its own included").isEqualTo(0xffff);
      }
      assertThat(kit.stage("dscp").counts().modified()).isEqualTo(2);
      assertThat(kit.passed()).isEqualTo(4);
    }
  }

  private static byte[] output(StageKit kit, String program) throws Exception {
    return kit.shield.testRun(program).output(StageKit.PACKET);
  }

  private static int checksum(byte[] packet) {
    var words = ByteBuffer.wrap(packet, IP, 20).asShortBuffer();
    int sum = 0;
    while (words.hasRemaining()) {
      sum += words.get() & 0xffff;
    }
    return (sum & 0xffff) + (sum >>> 16);
  }
}
