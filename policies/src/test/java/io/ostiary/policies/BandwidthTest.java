package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.PolicyUse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Bodies that are held back, read and sent by curl. That they take so long at least is what the
/// policy is for; how much longer is the machine's.
class BandwidthTest {
  private static final int LONG = 400_000;

  @TempDir Path directory;

  /// Answers with a long body, and with what was sent to it.
  private static FakeUpstream upstream() {
    return FakeUpstream.of(talk -> {
      var sent = talk.body();
      var body = sent.length > 0 ? "got " + sent.length : "0123456789".repeat(LONG / 10);
      talk.send("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
      return true;
    });
  }

  private static PolicyKit kit(FakeUpstream upstream, String settings) {
    var bandwidth = new Bandwidth();
    return new PolicyKit(
        upstream,
        List.of(bandwidth),
        new PolicyUse("bandwidth", WrittenSettings.of(bandwidth, settings)));
  }

  private static double seconds(String said) {
    return Double.parseDouble(said.substring(said.lastIndexOf(' ') + 1));
  }

  /// 400 kB at 500 kB/s, of which 100 kB come at once: 0.6 s.
  @ParameterizedTest
  @ValueSource(strings = {"--http1.1", "--http2-prior-knowledge"})
  void responsesPassOnlySoFast(String version) {
    try (var upstream = upstream();
        var kit = kit(upstream, "{ response: 500kB, burst: 100kB }")) {
      var said = kit.curl(version, "-w", " %{time_total}", "/");
      assertThat(said).startsWith("0123456789".repeat(LONG / 10) + " ");
      assertThat(seconds(said)).isGreaterThan(0.59);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--http1.1", "--http2-prior-knowledge"})
  void requestsPassOnlySoFast(String version) throws IOException {
    var file = directory.resolve("body");
    Files.write(file, new byte[LONG]);
    try (var upstream = upstream();
        var kit = kit(upstream, "{ request: 500kB, burst: 100kB }")) {
      var said =
          kit.curl(
              version, "-H", "Expect:", "--data-binary", "@" + file, "-w", " %{time_total}", "/");
      assertThat(said).startsWith("got " + LONG + " ");
      assertThat(seconds(said)).isGreaterThan(0.59);
    }
  }

  /// Two calls of one address: 800 kB, of which 100 kB at once: 0.7 s at 1 MB/s for the later.
  @Test
  void callsOfOneCallerShareTheRate() throws Exception {
    try (var upstream = upstream();
        var kit = kit(upstream, "{ response: 1MB, burst: 100kB, by: address }");
        var pool = Executors.newFixedThreadPool(2)) {
      var calls = new ArrayList<Future<String>>();
      for (int i = 0; i < 2; i++) {
        calls.add(pool.submit(() -> kit.curl("-o", "/dev/null", "-w", " %{time_total}", "/")));
      }
      double longest = 0;
      for (var call : calls) {
        longest = Math.max(longest, seconds(call.get()));
      }
      assertThat(longest).isGreaterThan(0.69);
    }
  }

  @Test
  void othersAreNotHeldBack() {
    try (var upstream = upstream();
        var kit = kit(upstream, "{ response: 4096B, when: { query: { slow: yes } } }")) {
      // At 4 KiB a second it would take 82 seconds; curl waits for ten.
      assertThat(kit.curl("/")).hasSize(LONG);
      assertThat(kit.curl("--max-time", "1", "/?slow=yes")).contains("timed out");
    }
  }

  @Test
  void refusesSettingsThatCannotWork() {
    assertThatThrownBy(() -> WrittenSettings.of(new Bandwidth(), "{}"))
        .hasMessage("bandwidth: nothing (expected: 'request', 'response' or both)");
    assertThatThrownBy(() -> WrittenSettings.of(new Bandwidth(), "{ response: 1kB }"))
        .hasMessageStartingWith("bandwidth.response: 1000B");
  }
}
