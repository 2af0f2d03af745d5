package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Outliers;
import io.ostiary.model.Retries;
import io.ostiary.model.Retries.On;
import io.ostiary.model.Target;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// A call that may be repeated is, although its content went out as it came: what was sent of it is
/// kept while it is short.
class RepeatedContentTest {
  /// Says how long the content was, and what it was.
  private static FakeUpstream told() {
    return FakeUpstream.of(talk -> {
      var body = talk.body();
      var text = new String(body, 0, Math.min(20, body.length), StandardCharsets.ISO_8859_1);
      return talk.ok(body.length + ":" + text);
    });
  }

  /// Reads the whole request, and then answers with 503 or hangs up.
  private static FakeUpstream failing(boolean answers) {
    return FakeUpstream.of(talk -> {
      if (!talk.field("Expect").isEmpty()) {
        talk.send("HTTP/1.1 100 Continue\r\n\r\n");
      }
      talk.body();
      if (answers) {
        talk.send("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
      }
      return answers;
    });
  }

  private static Kit kit(FakeUpstream bad, FakeUpstream good, Retries.Hedge hedge, On... on) {
    var kit =
        new Kit(
            List.of(
                new Target("127.0.0.1", bad.port(), 1), new Target("127.0.0.1", good.port(), 1)));
    var d = Retries.DEFAULT;
    kit.retries =
        new Retries(
            3,
            Set.of(on),
            d.statuses(),
            d.grpc(),
            Set.of(),
            d.perTry(),
            Duration.ofMillis(5),
            Duration.ofMillis(20),
            20,
            10,
            d.retryAfterMax(),
            hedge);
    var o = Outliers.DEFAULT;
    kit.outliers =
        new Outliers(
            0,
            0,
            o.deviations(),
            o.slower(),
            o.calls(),
            o.every(),
            o.rest(),
            o.restMax(),
            o.share());
    kit.publish();
    return kit;
  }

  private static String put(Kit kit, String method, String fields, String content) {
    return kit.ask(
        method + " /x HTTP/1.1\r\nHost: t\r\nConnection: close\r\n" + fields + "\r\n" + content);
  }

  private static final String CHUNKED = "Transfer-Encoding: chunked\r\n";

  @Test
  void isSentAgainToTheNextTarget() {
    for (boolean answers : new boolean[] {true, false}) {
      try (var bad = failing(answers);
          var good = told();
          var kit = kit(bad, good, Retries.Hedge.NONE, On.RESET, On.STATUS)) {
        for (int i = 0; i < 2; i++) {
          assertThat(put(kit, "PUT", "Content-Length: 5\r\n", "hello")).endsWith("5:hello");
          assertThat(put(kit, "PUT", CHUNKED, "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"))
              .endsWith("5:hello");
          assertThat(put(kit, "DELETE", CHUNKED, "0\r\n\r\n")).endsWith("0:");
        }
        assertThat(bad.heads()).isNotEmpty();
        assertThat(good.heads()).hasSize(6);
      }
    }
  }

  @Test
  void isSentAgainWhereTheClientWaitedForTheFirstTarget() {
    try (var bad = failing(true);
        var good = told();
        var kit = kit(bad, good, Retries.Hedge.NONE, On.STATUS)) {
      for (int i = 0; i < 2; i++) {
        var asking = "Expect: 100-continue\r\nContent-Length: 5\r\n";
        assertThat(put(kit, "PUT", asking, "hello")).endsWith("5:hello");
      }
      assertThat(bad.heads()).hasSize(1);
      // The second was asked once by itself; of the repeat all is there, so it is not asked.
      assertThat(good.heads()).filteredOn(head -> head.contains("Expect:")).hasSize(1);
    }
  }

  @Test
  void isNotSentAgainWhereItIsLongOrTheMethodChangesThings() {
    try (var bad = failing(false);
        var good = told();
        var kit = kit(bad, good, Retries.Hedge.NONE, On.RESET, On.STATUS)) {
      var all = new StringBuilder();
      for (int i = 0; i < 2; i++) {
        var text = "z".repeat(64 * 1024);
        assertThat(put(kit, "PUT", "Content-Length: 65536\r\n", text)).contains("65536:zzz");
        var longer = put(kit, "PUT", "Content-Length: 65537\r\n", text + "z");
        all.append(longer, 0, 12);
        all.append(put(kit, "POST", "Content-Length: 2\r\n", "hi"), 0, 12);
      }
      assertThat(all.toString()).contains("HTTP/1.1 502", "HTTP/1.1 200");
      assertThat(bad.heads().size() + good.heads().size()).isLessThanOrEqualTo(8);
    }
  }

  @Test
  void goesBesideAsAHedge() {
    try (var hanging =
            FakeUpstream.of(talk -> {
              talk.body();
              talk.in().read();
              return false;
            });
        var good = told();
        var kit = kit(hanging, good, new Retries.Hedge(Duration.ofMillis(50), 0), On.RESET)) {
      for (int i = 0; i < 2; i++) {
        assertThat(put(kit, "PUT", "Content-Length: 5\r\n", "hello")).endsWith("5:hello");
      }
      assertThat(hanging.heads()).hasSize(1);
    }
  }
}
