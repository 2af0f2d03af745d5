package io.ostiary.kernel.stage;

import static io.ostiary.kernel.stage.StageKit.TCX_DROP;
import static io.ostiary.kernel.stage.StageKit.XDP_DROP;
import static io.ostiary.kernel.stage.StageKit.XDP_PASS;
import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.KernelStage;
import io.ostiary.model.KernelStage.State;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StagesTest {
  private static final String DROPS =
      """
      OSTIARY_STAGE("drops port 8080", "unused", "wrong-port");
      struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, 4);
        __type(key, __u32);
        __type(value, __u64);
      } seen SEC(".maps");
      OSTIARY_PLACE(port)
      {
        __u32 two = 2;
        __u64 *count = bpf_map_lookup_elem(&seen, &two);
        if (count)
          *count += 1;
        return packet->destination_port == 8080 && packet->transport == 34 && packet->payload == 54
               ? ostiary_drop(1) : OSTIARY_PASS;
      }
      """;

  private static final String DROPS_AFTER = DROPS.replace("OSTIARY_PLACE", "OSTIARY_AFTER");
  private static final String DROPS_BEFORE = DROPS.replace("OSTIARY_PLACE", "OSTIARY_BEFORE");

  private static final String PASSES =
      """
      OSTIARY_STAGE("passes");
      OSTIARY_AFTER(pass) { return OSTIARY_PASS; }
      """;

  @TempDir Path temporary;
  @Nullable StageKit opened;

  @BeforeEach
  void open() throws Exception {
    opened = StageKit.open(temporary);
  }

  @AfterEach
  void close() {
    if (opened != null) {
      opened.close();
    }
  }

  private StageKit kit() {
    var kit = opened;
    if (kit == null) {
      throw new IllegalStateException("not opened");
    }
    return kit;
  }

  @Test
  void dropsWithItsOwnReasonBeforeAndAfterTheClassifier() throws Exception {
    for (var place : new String[] {"BEFORE", "AFTER"}) {
      var loaded = kit().put("port", DROPS.replace("PLACE", place));
      assertThat(loaded.sentence()).isEmpty();
      assertThat(loaded.state()).isEqualTo(State.RUNNING);
      assertThat(loaded.title()).isEqualTo("drops port 8080");
      assertThat(loaded.hooks()).containsExactly("xdp", "tcx");
      assertThat(loaded.instructions()).isPositive();
      long before = kit().dropped("stage");

      assertThat(kit().xdp()).isEqualTo(XDP_DROP);
      assertThat(kit().tcx()).isEqualTo(TCX_DROP);

      var stage = kit().stage("port");
      assertThat(stage.place()).isEqualToIgnoringCase(place);
      assertThat(stage.counts().met()).isEqualTo(2);
      assertThat(stage.counts().dropped()).isEqualTo(2);
      assertThat(stage.counts().taken()).isZero();
      assertThat(stage.counts().reasons()).containsExactly(new KernelStage.Reason("wrong-port", 2));
      assertThat(stage.maps().getFirst().name()).isEqualTo("seen");
      assertThat(stage.maps().getFirst().entries())
          .containsExactly(new KernelStage.Entry("2", "2"));
      assertThat(kit().dropped("stage") - before).isEqualTo(2);
    }
    assertThat(kit().passed()).isZero();
  }

  @Test
  void neverMeetsTheManagementAllowList() throws Exception {
    kit().put("port", DROPS_BEFORE);
    kit().put("also", DROPS_AFTER);
    kit().install("192.0.2.0/24");

    assertThat(kit().xdp()).isEqualTo(XDP_PASS);
    assertThat(kit().stage("port").counts().met()).isZero();
    assertThat(kit().stage("also").counts().met()).isZero();
  }

  @Test
  void runsSeveralInTheOrderOfTheirSlots() throws Exception {
    kit().put("a", PASSES);
    kit().put("b", PASSES);
    kit().put("c", DROPS_AFTER);
    kit().put("d", DROPS_AFTER);
    kit().put("e", DROPS_BEFORE.replace("8080", "8081"));

    assertThat(kit().xdp()).isEqualTo(XDP_DROP);
    assertThat(kit().stage("e").counts().passed()).isEqualTo(1);
    assertThat(kit().stage("a").counts().passed()).isEqualTo(1);
    assertThat(kit().stage("b").counts().passed()).isEqualTo(1);
    assertThat(kit().stage("c").counts().dropped()).isEqualTo(1);
    assertThat(kit().stage("d").counts().met()).isZero();

    var fifth = kit().put("f", PASSES);
    assertThat(fifth.state()).isEqualTo(State.REFUSED);
    assertThat(fifth.sentence()).startsWith("4 stages are after the classifier already");
    Files.delete(kit().folder.resolve("a.bpf.o"));
    kit().stages.look();
    assertThat(kit().stage("f").state()).isEqualTo(State.RUNNING);
  }

  @Test
  void goesAsItsFileGoesAndChangesAsItChanges() throws Exception {
    kit().put("port", DROPS_AFTER);
    assertThat(kit().xdp()).isEqualTo(XDP_DROP);

    kit().put("port", PASSES);
    assertThat(kit().xdp()).isEqualTo(XDP_PASS);
    assertThat(kit().stage("port").title()).isEqualTo("passes");
    assertThat(kit().stage("port").counts().met()).isEqualTo(1);

    Files.delete(kit().folder.resolve("port.bpf.o"));
    kit().stages.look();
    assertThat(kit().stages.list()).isEmpty();
    assertThat(kit().xdp()).isEqualTo(XDP_PASS);
  }

  @Test
  void isSwitchedOffAndStaysOff() throws Exception {
    kit().put("port", DROPS_AFTER);

    assertThat(kit().stages.turn("port", false)).isEmpty();
    assertThat(kit().xdp()).isEqualTo(XDP_PASS);
    assertThat(kit().stage("port").state()).isEqualTo(State.OFF);
    assertThat(kit().folder.resolve("port.bpf.o.off")).exists();

    assertThat(kit().stages.turn("port", true)).isEmpty();
    assertThat(kit().xdp()).isEqualTo(XDP_DROP);
    assertThat(kit().stages.turn("nothing", true)).contains("expected: one of [port]");
  }

  @Test
  void countsWhatAStageTookOutOfTheChain() throws Exception {
    kit()
        .put(
            "raw",
            """
            OSTIARY_STAGE("drops by itself");
            SEC("ostiary/after/xdp") int raw(struct xdp_md *ctx) { return XDP_DROP; }
            """);

    assertThat(kit().xdp()).isEqualTo(XDP_DROP);
    assertThat(kit().stage("raw").counts().taken()).isEqualTo(1);
    assertThat(kit().dropped("stage")).isEqualTo(1);
    assertThat(kit().stage("raw").hooks()).containsExactly("xdp");
    // At tcx it has no program, so packets go on without it.
    assertThat(kit().tcx()).isEqualTo(-1);
    assertThat(kit().passed()).isEqualTo(1);
  }

  @Test
  void refusesWhatIsNoStageAndSaysWhy() throws Exception {
    var version =
        kit().put("version", "#undef OSTIARY_VERSION\n#define OSTIARY_VERSION 7\n" + PASSES);
    assertThat(version.state()).isEqualTo(State.REFUSED);
    assertThat(version.sentence()).contains("version 7").contains("expected: version 1");

    var silent = kit().put("silent", "OSTIARY_AFTER(pass) { return OSTIARY_PASS; }\n");
    assertThat(silent.sentence()).contains("OSTIARY_STAGE");

    var section =
        kit()
            .put(
                "section",
                "OSTIARY_STAGE(\"x\"); SEC(\"xdp\") int x(struct xdp_md *c) { return 2; }\n");
    assertThat(section.sentence()).startsWith("section xdp (expected: ostiary/before/xdp");

    Files.writeString(kit().folder.resolve("text.bpf.o"), "no object");
    kit().stages.look();
    assertThat(kit().stage("text").state()).isEqualTo(State.REFUSED);
    assertThat(kit().stage("text").sentence()).startsWith("it is no eBPF object (expected: ");

    kit().put("whole", PASSES);
    var whole = Files.readAllBytes(kit().folder.resolve("whole.bpf.o"));
    Files.write(kit().folder.resolve("cut.bpf.o"), Arrays.copyOf(whole, whole.length / 2));
    kit().stages.look();
    assertThat(kit().stage("cut").sentence())
        .isEqualTo(
            "it ends after %,d bytes (expected: the whole file)".formatted(whole.length / 2));
    assertThat(kit().xdp()).isEqualTo(XDP_PASS);
  }

  @Test
  void saysWhyTheVerifierRefusesIt() throws Exception {
    var reads =
        kit()
            .put(
                "reads",
                """
                OSTIARY_STAGE("reads what may not be there");
                OSTIARY_AFTER(reads) { return *(__u8 *)(frame->start + 5) ? 0 : 1; }
                """);
    assertThat(reads.state()).isEqualTo(State.REFUSED);
    assertThat(reads.sentence()).contains("invalid access to packet");
  }

  @Test
  void keepsTheOneBeforeWhereTheNewFileIsRefused() throws Exception {
    kit().put("port", DROPS_AFTER);
    Files.writeString(kit().folder.resolve("port.bpf.o"), "half a fi");
    kit().stages.look();

    assertThat(kit().stage("port").state()).isEqualTo(State.RUNNING);
    assertThat(kit().stage("port").sentence()).startsWith("The file of now is refused");
    assertThat(kit().xdp()).isEqualTo(XDP_DROP);
  }

  @Test
  void refusesTablesThatAreTooLarge() throws Exception {
    var large =
        kit()
            .put(
                "large",
                """
                OSTIARY_STAGE("keeps too much");
                struct {
                  __uint(type, BPF_MAP_TYPE_ARRAY);
                  __uint(max_entries, 1 << 20);
                  __type(key, __u32);
                  __type(value, __u64);
                } all SEC(".maps");
                OSTIARY_AFTER(pass) { __u32 k = 0; return bpf_map_lookup_elem(&all, &k) ? 0 : 1; }
                """);
    assertThat(large.sentence()).contains("expected: at most 4,194,304 for all stages");
  }
}
