package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.GatewaySettings;
import io.ostiary.model.LedgerSlot;
import io.ostiary.model.observe.Observation;
import io.ostiary.model.observe.Telemetry;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// W3C Trace Context, level 1: what an upstream is told. The cases follow the test suite of the
/// specification (https://github.com/w3c/trace-context, test/test.py), by their names there.
class TraceTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String SPAN = "b7ad6b7169203331";
  private static final Pattern SENT =
      Pattern.compile("traceparent: 00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])\r\n");

  private final FakeUpstream upstream = FakeUpstream.echo();
  private final Kit kit = new Kit(upstream);

  @AfterEach
  void close() {
    kit.close();
    upstream.close();
  }

  private record Told(String trace, String span, String flags, String head) {}

  private Told told(String... fields) {
    kit.ask(
        "GET /t HTTP/1.1\r\nHost: t.example\r\nConnection: close\r\n"
            + String.join("", List.of(fields).stream().map(field -> field + "\r\n").toList())
            + "\r\n");
    var head = upstream.heads().getLast() + "\r\n";
    var match = SENT.matcher(head);
    assertThat(match.find()).as(head).isTrue();
    var told = new Told(match.group(1), match.group(2), match.group(3), head);
    assertThat(match.find()).as("one traceparent").isFalse();
    assertThat(told.trace).isNotEqualTo("0".repeat(32));
    assertThat(told.span).isNotEqualTo("0".repeat(16)).isNotEqualTo(SPAN);
    return told;
  }

  private static String parent(String version, String trace, String span, String flags) {
    return "traceparent: " + version + "-" + trace + "-" + span + "-" + flags;
  }

  @Test
  void continuesTheClientsTraceWithItsStateAndBaggage() {
    kit.publish();
    var told =
        told(
            parent("00", TRACE, SPAN, "01"),
            "tracestate: foo=1,bar=2",
            "TraceState: baz=3",
            "baggage: user=7;p=1");

    assertThat(told.trace).isEqualTo(TRACE);
    assertThat(told.flags).isEqualTo("01");
    assertThat(told.head).contains("tracestate: foo=1,bar=2\r\n", "TraceState: baz=3\r\n");
    assertThat(told.head).contains("baggage: user=7;p=1\r\n");
  }

  @Test
  void leavesTheSampledFlagAndClearsTheOthers() {
    kit.publish();
    assertThat(told(parent("00", TRACE, SPAN, "00")).flags).isEqualTo("00");
    assertThat(told(parent("00", TRACE, SPAN, "ff")).flags).isEqualTo("01");
    assertThat(told(parent("00", TRACE, SPAN, "fe")).flags).isEqualTo("00");
  }

  @Test
  void readsWhatItKnowsOfLaterVersions() {
    kit.publish();
    assertThat(told(parent("cc", TRACE, SPAN, "01")).trace).isEqualTo(TRACE);
    assertThat(told(parent("cc", TRACE, SPAN, "01-what-the-future-will-be")).trace)
        .isEqualTo(TRACE);
    assertThat(told(parent("cc", TRACE, SPAN, "01.what-the-future-will-be")).trace)
        .isNotEqualTo(TRACE);
  }

  @Test
  void beginsAnewWhereItCannotBeReadAndForgetsItsState() {
    kit.publish();
    var state = "tracestate: foo=1";
    for (var wrong :
        List.of(
            parent("ff", TRACE, SPAN, "01"),
            parent("00", TRACE, SPAN, "01-more"),
            parent("00", TRACE, SPAN, "1"),
            parent("00", TRACE, SPAN, "0x"),
            parent("0", TRACE, SPAN, "01"),
            parent(".0", TRACE, SPAN, "01"),
            parent("00", TRACE.toUpperCase(java.util.Locale.ROOT), SPAN, "01"),
            parent("00", "0".repeat(32), SPAN, "01"),
            parent("00", TRACE, "0".repeat(16), "01"),
            parent("00", TRACE.substring(1), SPAN, "01"),
            parent("00", TRACE, SPAN + "1", "01"),
            parent("00", TRACE.replace('c', '.'), SPAN, "01"),
            "traceparent:",
            "trace-parent: 00-" + TRACE + "-" + SPAN + "-01")) {
      var told = told(wrong, state);
      assertThat(told.trace).as(wrong).isNotEqualTo(TRACE);
      assertThat(told.flags).as(wrong).isEqualTo("00");
      assertThat(told.head).as(wrong).doesNotContainIgnoringCase("tracestate");
    }
    var twice = told(parent("00", TRACE, SPAN, "01"), parent("00", TRACE, SPAN, "01"), state);
    assertThat(twice.trace).isNotEqualTo(TRACE);
    assertThat(twice.head).doesNotContainIgnoringCase("tracestate");
  }

  @Test
  void samplesTheShareThatIsAskedForAndFollowsTheClient() {
    kit.settings = settings(50);
    kit.publish();
    int sampled = 0;
    for (int i = 0; i < 200; i++) {
      sampled += told().flags.equals("01") ? 1 : 0;
    }
    assertThat(sampled).isBetween(60, 140);
    assertThat(told(parent("00", TRACE, SPAN, "00")).flags).isEqualTo("00");
    assertThat(told(parent("00", TRACE, SPAN, "01")).flags).isEqualTo("01");

    var slots = new ArrayList<String>();
    for (int i = 0; slots.size() < 202 && i < 5000; i++) {
      for (var ring : kit.gateway.ledger().rings()) {
        ring.drain(slot -> slots.add("%016x %s".formatted(slot.traceParent, slot.sampled)), 1000);
      }
      Thread.yield();
    }
    assertThat(slots).hasSize(202).contains(SPAN + " true", SPAN + " false");
    assertThat(slots.stream().filter(slot -> slot.endsWith("true"))).hasSize(sampled + 1);
  }

  @Test
  void tellsTheUpstreamTheSpanOfTheAttempt() {
    kit.publish();
    var told = told();
    var ids = new ArrayList<Long>();
    while (ids.isEmpty()) {
      kit.gateway.ledger().rings().forEach(ring -> ring.drain(slot -> ids.add(slot.callId), 10));
    }
    assertThat(told.span).isEqualTo("%016x".formatted(LedgerSlot.attemptSpan(ids.getFirst(), 0)));
  }

  private static GatewaySettings settings(double percent) {
    var plain = Kit.settings(1024);
    return plain.withObservation(
        new Observation(
            List.of(),
            new Telemetry(
                URI.create("http://127.0.0.1:4318"),
                Map.of(),
                "test",
                percent,
                Duration.ofSeconds(60))));
  }
}
