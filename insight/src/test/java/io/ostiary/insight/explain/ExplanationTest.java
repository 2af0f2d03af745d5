package io.ostiary.insight.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.insight.testing.EntryBuilder;
import io.ostiary.model.Blame;
import io.ostiary.model.ConnectionEvent;
import io.ostiary.model.LedgerEntry;
import io.ostiary.model.LedgerEntry.Counters;
import io.ostiary.model.LedgerEntry.Network;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class ExplanationTest {
  @Test
  void blamesTheClientsNetworkForRetransmitsWhileTheRequestArrived() {
    var explanation =
        explained(
            new EntryBuilder()
                .network(EntryBuilder.facts(-33_000, -31_500, -31_000, -20, 2, 0, 1500))
                .times(20, 20, 4_900, 4_950, 5_000)
                .filter("key-auth", 60)
                .attempt(true, 100, null, 120, 4_200, 4_400, ""));
    assertThat(explanation.sentence())
        .isEqualTo(
            "38 ms, of which 33 ms on the client's network: two retransmits while the request was"
                + " arriving.");
    assertThat(names(explanation))
        .containsSequence("handshake", "first packet", "request", "wait in socket", "read head");
    assertThat(explanation.totalNanos()).isEqualTo(38_000_000);
  }

  @Test
  void blamesTheUpstreamThatAnswersSlowly() {
    var explanation =
        explained(
            new EntryBuilder()
                .network(EntryBuilder.facts(-300, -200, -50, -50))
                .upstreamNetwork(EntryBuilder.facts(null, null, 39_980, 39_990))
                .times(20, 20, 40_100, 40_150, 40_200)
                .attempt(false, 100, 300, 350, 40_000, 40_050, ""));
    assertThat(explanation.sentence())
        .isEqualTo("41 ms, of which 40 ms in upstream orders: it took 40 ms to answer.");
    assertThat(explanation.slowest()).isEqualTo(Lane.UPSTREAM);
    assertThat(explanation.notes()).isEmpty();
  }

  @Test
  void saysWhyThereWasAnotherAttempt() {
    var explanation =
        explained(
            new EntryBuilder()
                .times(20, 20, 5_000, 5_050, 5_100)
                .attempt(false, 100, null, null, null, 200, "connect-refused")
                .attempt(true, 300, 300, 320, 4_900, 4_950, ""));
    assertThat(explanation.notes())
        .contains("Tried again at 127.0.0.1:9001, because 127.0.0.1:9001 failed: connect-refused.");
  }

  @Test
  void saysWhatAPolicyLetGoUpstream() {
    var explanation =
        explained(
            new EntryBuilder().rewritten("/v2/orders").attempt(true, 100, 100, 150, 400, 450, ""));
    assertThat(explanation.notes()).contains("A policy asked the upstream for /v2/orders instead.");
  }

  @Test
  void tellsTheUpstreamsNetworkFromItsOwnTime() {
    var explanation =
        explained(
            new EntryBuilder()
                .upstreamNetwork(EntryBuilder.facts(null, null, null, null, 0, 0, 30_000))
                .times(20, 20, 40_100, 40_150, 40_200)
                .attempt(true, 100, 100, 150, 40_000, 40_050, ""));
    assertThat(explanation.sentence())
        .isEqualTo(
            "40 ms, of which 30 ms on the network to upstream orders: one round trip takes 30 ms.");
  }

  @Test
  void blamesTheUpstreamsNetworkForAHoleThatTheHeadDidNotEnd() {
    var facts = EntryBuilder.facts(null, null, 2_200, 210_900);
    var call = new LedgerEntry.Counters(10, 12, 13_000, 290, 0, 6, 6, 0, 0, 0, 208_600_000);
    var events = List.of(new LedgerEntry.Event(ConnectionEvent.Kind.OUT_OF_ORDER, 2_300_000));
    var explanation =
        explained(
            new EntryBuilder()
                .network(EntryBuilder.facts(-300, -200, -50, -50))
                .upstreamNetwork(
                    new LedgerEntry.Network(
                        null,
                        null,
                        null,
                        facts.firstData(),
                        facts.lastData(),
                        null,
                        false,
                        facts.roundTrip(),
                        call,
                        call,
                        0,
                        0,
                        null,
                        null,
                        null,
                        events))
                .times(20, 20, 2_500, 211_500, 211_600)
                .attempt(true, 100, 100, 120, 2_500, 211_400, ""));
    assertThat(explanation.slowest()).isEqualTo(Lane.UPSTREAM_NETWORK);
    assertThat(explanation.sentence())
        .endsWith(
            "on the network to upstream orders: six segments of the response came late or out of"
                + " order.");
  }

  @Test
  void drawsTheHandshakeOfAReusedConnectionWithoutCountingIt() {
    var explanation =
        explained(
            new EntryBuilder()
                .requestNumber(3)
                .network(EntryBuilder.facts(-9_000_000, -8_990_000, -40, -40))
                .attempt(true, 100, null, 120, 4_200, 4_400, ""));
    var handshake = explanation.phases().getFirst();
    assertThat(handshake.name()).isEqualTo("handshake");
    assertThat(handshake.counted()).isFalse();
    assertThat(explanation.totalNanos()).isEqualTo(5_040_000);
    assertThat(explanation.notes())
        .anyMatch(note -> note.startsWith("Request 3 of its connection: the handshake"));
  }

  @Test
  void doesNotCountTheHandshakeOfAConnectionThatStayedIdle() {
    var explanation =
        explained(
            new EntryBuilder()
                .network(EntryBuilder.facts(-9_000_000, -8_990_000, -40, -40))
                .attempt(true, 100, null, 120, 4_200, 4_400, ""));
    assertThat(explanation.totalNanos()).isEqualTo(5_040_000);
    assertThat(explanation.notes()).anyMatch(note -> note.contains("stayed idle"));
  }

  @Test
  void saysWhatIsMissingWithoutKernelFacts() {
    var explanation = explained(new EntryBuilder().attempt(true, 100, null, 120, 4_200, 4_400, ""));
    assertThat(explanation.notes())
        .hasSize(2)
        .first()
        .asString()
        .startsWith("No kernel facts for the client's connection");
    assertThat(explanation.start()).isZero();
  }

  @Test
  void namesThePolicyThatRefused() {
    var explanation =
        explained(
            new EntryBuilder()
                .ended(429, 0, Blame.POLICY, "rate-limit")
                .times(20, 20, 150, 180, 300)
                .filter("key-auth", 50)
                .filter("rate-limit", 120));
    assertThat(explanation.sentence())
        .isEqualTo("Refused by rate-limit with 429 after 0.30 ms; no upstream was asked.");
    assertThat(names(explanation)).contains("key-auth", "rate-limit", "reply");
  }

  @Test
  void saysWhereTheTimeWentWhenARefusedRequestWasSlowToArrive() {
    var explanation =
        explained(
            new EntryBuilder()
                .ended(400, 0, Blame.POLICY, "validate")
                .times(20, 80_000, 80_300, 80_350, 80_400)
                .filter("validate", 80_200));
    assertThat(explanation.sentence())
        .isEqualTo(
            "Refused by validate with 400 after 80 ms; no upstream was asked. 80 ms, of which 80 ms"
                + " on the client's network: the request body took 80 ms to arrive.");
  }

  @Test
  void namesTheTargetThatRefusedToConnect() {
    var explanation =
        explained(
            new EntryBuilder()
                .ended(502, 0, Blame.UPSTREAM, "connect-refused")
                .times(20, 20, 1_200, 1_250, 1_300)
                .attempt(false, 100, null, null, null, null, "connect-refused")
                .attempt(false, 600, null, null, null, null, "connect-refused"));
    assertThat(explanation.sentence())
        .isEqualTo(
            "Upstream orders failed after 1.3 ms: connect-refused at 127.0.0.1:9001, the last of"
                + " two attempts.");
    assertThat(explanation.slowest()).isEqualTo(Lane.UPSTREAM_NETWORK);
  }

  @Test
  void blamesNoNetworkForAUnixSocket() {
    var missing =
        explained(
            new EntryBuilder()
                .ended(503, 0, Blame.UPSTREAM, "no-such-socket")
                .times(20, 20, 1_200, 1_250, 1_300)
                .atTarget("unix:/run/app.sock")
                .attempt(false, 100, null, null, null, null, "no-such-socket"));
    assertThat(missing.sentence())
        .isEqualTo("Upstream orders failed after 1.3 ms: no-such-socket at unix:/run/app.sock.");
    assertThat(missing.slowest()).isEqualTo(Lane.UPSTREAM);
    var slow =
        explained(
            new EntryBuilder()
                .times(20, 20, 5_000, 5_050, 5_100)
                .atTarget("unix:/run/app.sock")
                .attempt(false, 100, 4_500, 4_550, 4_900, 4_950, ""));
    assertThat(slow.slowest()).isEqualTo(Lane.UPSTREAM);
    assertThat(slow.sentence()).contains("it took 4.4 ms to take the connection");
    assertThat(slow.notes()).anyMatch(note -> note.startsWith("The target is a Unix socket"));
  }

  @Test
  void saysThatTheUpstreamItselfAnsweredAnError() {
    var explanation =
        explained(
            new EntryBuilder()
                .ended(503, 503, Blame.UPSTREAM, "answered")
                .attempt(true, 100, null, 120, 4_200, 4_400, ""));
    assertThat(explanation.sentence())
        .startsWith("Upstream orders itself answered 503: 5.0 ms, of which 4.3 ms in upstream");
  }

  @Test
  void saysWhatWasAwaitedWhenTheClientLeft() {
    var explanation =
        explained(
            new EntryBuilder()
                .ended(0, 0, Blame.CLIENT, "client-closed")
                .times(20, 20, null, null, 2_100_000)
                .attempt(true, 100, null, 120, null, null, "cancelled"));
    assertThat(explanation.sentence())
        .isEqualTo(
            "The client ended it (client-closed) after 2.1 s, while upstream orders had not"
                + " answered.");
    assertThat(explanation.slowest()).isEqualTo(Lane.UPSTREAM);
  }

  @Test
  void saysThatTheRequestNeverBecameComplete() {
    var explanation =
        explained(
            new EntryBuilder()
                .ended(408, 0, Blame.CLIENT, "head-timeout")
                .times(null, null, 10_000_000, 10_000_100, 10_000_200));
    assertThat(explanation.sentence())
        .isEqualTo("The client did not send a complete request (head-timeout) within 10.0 s.");
    assertThat(explanation.slowest()).isEqualTo(Lane.CLIENT_NETWORK);
  }

  @Test
  void blamesAClientThatReadsSlowly() {
    var explanation =
        explained(
            new EntryBuilder()
                .network(EntryBuilder.facts(-300, -200, -50, -50, 0, 3, 80_000))
                .times(20, 20, 4_500, 300_000, 300_100)
                .attempt(true, 100, null, 120, 4_200, 4_400, ""));
    assertThat(explanation.sentence())
        .isEqualTo(
            "300 ms, of which 296 ms on the client's network: three retransmits of the response.");
  }

  /// As seen with 3 of 100 packets lost: 65 were, and 1,168 came behind these. Where the gateway's
  /// own kernel dropped them it is not the client's network.
  @Test
  void tellsWhatCameBehindAHoleFromWhatWasSentAgain() {
    assertThat(afterLosses(0, null).sentence())
        .contains("1168 segments of the request came behind one that was missing");
    var explanation = afterLosses(65, "netfilter-drop");
    assertThat(explanation.sentence())
        .contains("in the gateway's kernel: the kernel dropped 65 packets (netfilter-drop)");
    assertThat(explanation.notes())
        .contains(
            "The client's network did not lose all of it: the gateway's own kernel dropped 65"
                + " packets of this call (netfilter-drop).");
  }

  private static Explanation afterLosses(long dropped, @Nullable String reason) {
    return explained(
        new EntryBuilder()
            .network(
                troubled(
                    EntryBuilder.facts(-300, -200, -50, 250_000),
                    new Counters(2104, 416, 3_000_200, 142, 0, 1168, 1168, dropped, 0, 0, 0),
                    reason))
            .times(20, 250_000, 254_500, 258_500, 258_600)
            .attempt(true, 100, null, 251_120, 254_200, 254_400, ""));
  }

  /// As seen of a body of 3 MB on a host with no losses at all: a client that had to wait sent two
  /// segments again that had come.
  @Test
  void doesNotBlameLossesWhereOurWindowClosed() {
    var explanation =
        explained(
            new EntryBuilder()
                .network(
                    troubled(
                        EntryBuilder.facts(-300, -200, -50, 68_000),
                        new Counters(2093, 321, 3_000_200, 142, 0, 2, 0, 0, 0, 4, 0),
                        null))
                .times(20, 68_000, 72_500, 73_500, 73_600)
                .attempt(true, 100, null, 69_120, 72_200, 72_400, ""));
    assertThat(explanation.sentence())
        .contains("the gateway's window closed four times while the request was arriving");
    assertThat(explanation.notes()).anyMatch(note -> note.startsWith("The client had to wait"));
  }

  /// As seen with a limit that refused 710 packets of a body on a veth.
  @Test
  void saysWhereARuleMayHaveRefused() {
    var explanation =
        explained(
            new EntryBuilder()
                .network(
                    troubled(
                        EntryBuilder.facts(-300, -200, -50, 650_000),
                        new Counters(2086, 1402, 3_000_200, 142, 0, 581, 580, 710, 0, 0, 0),
                        "limit-rule"))
                .times(20, 650_000, 654_500, 658_500, 658_600)
                .attempt(true, 100, null, 651_120, 654_200, 654_400, ""));
    assertThat(explanation.notes())
        .contains(
            "The client's network did not lose all of it: the gateway's own kernel dropped 710"
                + " packets of this call (limit-rule: a rule of the gateway).");
    assertThat(explanation.sentence())
        .contains(
            "ms in the gateway's kernel: the kernel dropped 710 packets (limit-rule: a rule of"
                + " the gateway)");
  }

  /// What the client takes slowly the gateway takes slowly from its upstream.
  @Test
  void saysThatAnUpstreamHadToWaitForTheClient() {
    var explanation =
        explained(
            new EntryBuilder()
                .network(EntryBuilder.facts(-300, -200, -50, -50, 0, 121, 80_000))
                .upstreamNetwork(
                    troubled(
                        EntryBuilder.facts(-300, -200, 100, 90_000),
                        new Counters(70, 34, 4_000_100, 310, 0, 0, 0, 0, 0, 3, 0),
                        null))
                .times(20, 20, 4_500, 93_000, 93_100)
                .attempt(true, 100, null, 120, 4_200, 90_000, ""));
    assertThat(explanation.notes())
        .contains(
            "The upstream had to wait while it sent: the gateway, or the client behind it, did not"
                + " take the response as fast as it came.");
  }

  private static Network troubled(Network facts, Counters call, @Nullable String reason) {
    return new Network(
        facts.syn(),
        facts.synAck(),
        facts.established(),
        facts.firstData(),
        facts.lastData(),
        facts.lastAck(),
        facts.unacknowledged(),
        facts.roundTrip(),
        call,
        call,
        facts.synAckRetransmits(),
        facts.closeReason(),
        reason,
        facts.interfaceName(),
        facts.verdict(),
        facts.events());
  }

  @Test
  void blamesNoClientForWritingASmallResponse() {
    var explanation =
        explained(
            new EntryBuilder()
                .network(EntryBuilder.facts(-300, -200, -50, -50))
                .times(20, 20, 4_500, 8_500, 8_600)
                .attempt(true, 100, null, 120, 4_200, 4_400, ""));
    assertThat(names(explanation)).contains("write");
    assertThat(explanation.sentence()).contains("in the gateway: write took 4.0 ms");
  }

  @Test
  void givesTheWaitForABodyToThePolicyThatWaitedOnly() {
    var explanation =
        explained(
            new EntryBuilder()
                .times(20, 1_500_000, 1_510_000, 1_510_050, 1_510_100)
                .filter("cors", 60)
                .filter("validate", 1_500_300)
                .attempt(true, 1_500_310, null, 1_500_320, 1_509_000, 1_509_100, ""));
    assertThat(names(explanation))
        .containsSubsequence("cors", "request body", "validate", "answer");
    assertThat(names(explanation)).containsOnlyOnce("request body");
  }

  @Test
  void saysThatAMalformedRequestWasAnswered() {
    var explanation =
        explained(
            new EntryBuilder()
                .ended(400, 0, Blame.CLIENT, "malformed-request")
                .times(null, null, 800, 850, 900));
    assertThat(explanation.sentence())
        .isEqualTo(
            "The client's request was answered with 400 (malformed-request) after 0.90 ms; no"
                + " upstream was asked.");
  }

  @Test
  void blamesAPolicyThatTookLong() {
    var explanation =
        explained(
            new EntryBuilder()
                .times(20, 20, 24_900, 24_950, 25_000)
                .filter("key-auth", 60)
                .filter("validate", 20_060)
                .attempt(true, 20_100, null, 20_120, 24_200, 24_400, ""));
    assertThat(explanation.sentence())
        .isEqualTo("25 ms, of which 21 ms in the gateway: validate took 20 ms.");
  }

  @Test
  void theSharesAddUpToTheTotalForEveryShape() {
    for (var builder : shapes()) {
      var explanation = explained(builder);
      long sum = explanation.shares().stream().mapToLong(Explanation.Share::nanos).sum();
      assertThat(sum).isEqualTo(explanation.totalNanos());
      long cursor = explanation.start();
      for (var phase : explanation.phases()) {
        if (phase.counted()) {
          assertThat(phase.start()).isEqualTo(cursor);
          cursor = phase.end();
        }
      }
      assertThat(cursor).isEqualTo(explanation.end());
    }
  }

  @Test
  void drawsAWaterfall() {
    var text =
        Waterfall.text(
            explained(
                new EntryBuilder()
                    .consumer("c-17")
                    .network(EntryBuilder.facts(-33_000, -31_500, -31_000, -20, 2, 0, 1500))
                    .filter("key-auth", 60)
                    .attempt(true, 100, null, 120, 4_200, 4_400, "")),
            "acme",
            100);
    assertThat(text)
        .contains("GET /demo/orders   200   38 ms", "consumer acme", "client network  handshake")
        .contains("gateway  key-auth", "veth0, passed (xdp-native)", "RTT 1.5 ms smoothed")
        .contains("two retransmits while the request was arriving")
        .doesNotContain("null");
    assertThat(text.lines()).allMatch(line -> line.length() <= 120);
  }

  private static List<EntryBuilder> shapes() {
    return List.of(
        new EntryBuilder(),
        new EntryBuilder().times(null, null, null, null, 40),
        new EntryBuilder().times(20, null, null, null, 40),
        new EntryBuilder().attempt(false, 30, null, null, null, null, "x"),
        new EntryBuilder().attempt(false, 30, 50, null, null, null, "x"),
        new EntryBuilder().attempt(false, 30, 50, 60, null, null, "x"),
        new EntryBuilder().attempt(false, 30, 50, 60, 70, null, "x"),
        new EntryBuilder()
            .times(20, 3_000, 10, 4_000, 4_500)
            .attempt(false, 30, 50, 60, 70, 80, ""),
        new EntryBuilder().network(EntryBuilder.facts(-10, -20, -5, 30)),
        new EntryBuilder().network(EntryBuilder.facts(null, null, 30, 20)),
        new EntryBuilder()
            .times(20, 90_000, 80_000, 95_000, 95_500)
            .attempt(true, 30, 30, 90_010, 70_000, 94_000, ""));
  }

  private static Explanation explained(EntryBuilder builder) {
    LedgerEntry entry = builder.build();
    return Explanation.of(entry);
  }

  private static List<String> names(Explanation explanation) {
    return explanation.phases().stream().map(Phase::name).toList();
  }
}
