package io.ostiary.insight;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.insight.testing.SlotFixture;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.LedgerRing;
import io.ostiary.model.PacketView;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Kills a child process with SIGKILL while calls end in it, and looks what is left.
final class KillTest {
  private static final PacketView NO_PACKETS =
      PacketView.none(new KernelStatus(false, "off", "6", null, false, 0, List.of(), List.of()));

  @TempDir Path data;

  @Test
  void losesNoCallThatEndedMoreThanASecondBefore() throws Exception {
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var child =
        new ProcessBuilder(
                java,
                "-Xmx128m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName(),
                data.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    var ended = new TreeMap<Long, Long>();
    long killedMillis;
    try (var lines =
        new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
      while (ended.size() < 600) {
        var line = lines.readLine();
        assertThat(line).isNotNull();
        var parts = line.split(" ");
        ended.put(Long.parseLong(parts[0]), Long.parseLong(parts[1]));
      }
      killedMillis = System.currentTimeMillis();
      child.destroyForcibly();
      assertThat(child.waitFor(10, TimeUnit.SECONDS)).isTrue();
    } finally {
      child.destroyForcibly();
    }
    long old = ended.values().stream().filter(millis -> millis < killedMillis - 1000).count();
    assertThat(old).as("calls that ended more than a second before").isPositive();
    try (var insight = insight(new LedgerRing(16))) {
      insight.start();
      while (insight.status().store().state() != InsightStatus.State.RUNNING) {
        Thread.sleep(10);
      }
      ended.forEach((call, millis) -> {
        if (millis < killedMillis - 1000) {
          assertThat(insight.calls().find(call)).isPresent();
        }
      });
      var sums = insight.history().summary(CallFilter.ALL, List.of(), 1).getFirst().sums();
      assertThat(sums.calls()).isGreaterThanOrEqualTo(old);
    }
  }

  private Insight insight(LedgerRing ring) {
    return make(ring, data);
  }

  private static Insight make(LedgerRing ring, Path data) {
    return new Insight(
        () -> List.of(ring),
        NO_PACKETS,
        ConnectionLens.NONE,
        index -> new NetworkPlace("veth" + index, "passed"),
        Clock.systemUTC(),
        data,
        InsightSettings.DEFAULT);
  }

  /// Ends a call every few milliseconds and says so, for a minute at most.
  static final class Child {
    private Child() {}

    public static void main(String[] args) throws Exception {
      var ring = new LedgerRing(1024);
      make(ring, Path.of(args[0])).start();
      var fixture = new SlotFixture(2, 2);
      for (int i = 0; i < 15_000; i++) {
        var slot = ring.claim();
        if (slot != null) {
          fixture.answered(slot, System.currentTimeMillis(), System.nanoTime(), 900);
          long call = slot.callId;
          long millis = System.currentTimeMillis();
          ring.publish();
          System.out.println(call + " " + millis);
        }
        Thread.sleep(4);
      }
    }
  }
}
