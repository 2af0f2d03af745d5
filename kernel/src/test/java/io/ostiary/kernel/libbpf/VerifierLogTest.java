package io.ostiary.kernel.libbpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Objects that are bad on purpose, and the few words that come back.
final class VerifierLogTest {
  private static final String HEAD =
      """
      #include <linux/bpf.h>
      #include <bpf/bpf_helpers.h>
      char LICENSE[] SEC("license") = "Dual BSD/GPL";
      """;

  @TempDir Path folder;

  @Test
  void tellsProgramReasonAndLine() throws Exception {
    var object =
        compiled(
            """
            SEC("xdp") int good(struct xdp_md *ctx) { return XDP_PASS; }
            SEC("xdp") int reads_too_far(struct xdp_md *ctx)
            {
              unsigned char *data = (void *)(long)ctx->data;
              return data[100] ? XDP_PASS : XDP_DROP;
            }
            """);
    assertThatThrownBy(() -> load(object))
        .hasMessageStartingWith("cannot load mine.bpf.o: EACCES (reads_too_far: invalid access to")
        .hasMessageContaining("; R1 offset is outside of the packet (bad.bpf.c:8: ")
        .hasMessageEndingWith("return data[100] ? XDP_PASS : XDP_DROP;))");
  }

  @Test
  void findsTheReasonAtTheEndOfALongLog() throws Exception {
    var object =
        compiled(
            """
            SEC("xdp") int endless(struct xdp_md *ctx)
            {
              volatile int i = 0;
              for (;;) i += bpf_get_prandom_u32();
              return i;
            }
            """);
    assertThatThrownBy(() -> load(object))
        .hasMessageContaining("endless: ")
        .message()
        .doesNotContain("R10=fp0")
        .hasSizeLessThan(500);
  }

  @Test
  void saysWhatIsWrongBeforeTheVerifierIsAsked() throws Exception {
    var unknownSection = compiled("SEC(\"nosuch/hook\") int odd(void *ctx) { return 0; }\n");
    assertThatThrownBy(() -> load(unknownSection))
        .hasMessageContaining("nosuch/hook")
        .message()
        .doesNotContain("kprobe");
    var unknownSymbol =
        compiled(
            """
            extern int no_such_function(void) __ksym;
            SEC("xdp") int asks(struct xdp_md *ctx) { return no_such_function(); }
            """);
    assertThatThrownBy(() -> load(unknownSymbol)).hasMessageContaining("no_such_function");
    assertThatThrownBy(() -> load("not an object".getBytes(StandardCharsets.UTF_8)))
        .hasMessageContaining("mine.bpf.o")
        .hasMessageContaining("ELF");
  }

  @Test
  void keepsWhatTheVerifierSaidOfEachProgram() throws Exception {
    var object = compiled("SEC(\"xdp\") int good(struct xdp_md *ctx) { return XDP_PASS; }\n");
    try (var loaded = load(object)) {
      var program = loaded.program("good");
      assertThat(program.verified()).isEqualTo(2);
      assertThat(program.instructions()).isEqualTo(2);
      assertThat(program.machineBytes()).isPositive();
      assertThat(program.log()).contains("processed 2 insns");
    }
  }

  private static BpfObject load(byte[] elf) throws LibbpfException {
    try {
      return BpfObject.load("mine.bpf.o", elf);
    } catch (LibbpfException e) {
      Assumptions.assumeFalse(e.isRefused(), "needs root: " + e.getMessage());
      throw e;
    }
  }

  private byte[] compiled(String source) throws Exception {
    Files.writeString(folder.resolve("bad.bpf.c"), HEAD + source);
    var clang =
        new ProcessBuilder(
                "sh",
                "-c",
                "clang -O2 -g -target bpf -mcpu=v3 -I/usr/include/$(uname -m)-linux-gnu"
                    + " -c bad.bpf.c -o bad.bpf.o")
            .directory(folder.toFile())
            .inheritIO()
            .start();
    assertThat(clang.waitFor()).isZero();
    return Files.readAllBytes(folder.resolve("bad.bpf.o"));
  }
}
