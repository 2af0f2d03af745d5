package io.ostiary.insight.testing;

import io.ostiary.model.Api;
import io.ostiary.model.Balance;
import io.ostiary.model.Blame;
import io.ostiary.model.CallId;
import io.ostiary.model.Conditions;
import io.ostiary.model.Consumer;
import io.ostiary.model.LedgerSlot;
import io.ostiary.model.Listener;
import io.ostiary.model.PathPattern;
import io.ostiary.model.Route;
import io.ostiary.model.Split;
import io.ostiary.model.Target;
import io.ostiary.model.Upstream;
import io.ostiary.model.UpstreamLink;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/// Fills ledger slots as the data plane does, for tests and load: an order service behind key-auth
/// and rate-limit. Confined to its thread.
public final class SlotFixture {
  private static final Target TARGET = new Target("127.0.0.1", 9001, 1);
  private static final Listener LISTENER = new Listener("0.0.0.0", 8080);

  private final Route route =
      new Route(
          "get-order",
          Set.of("GET"),
          new PathPattern("/orders/{id}"),
          Conditions.NONE,
          null,
          null,
          List.of());
  private final Upstream upstream =
      new Upstream(
          "orders",
          List.of(TARGET),
          Balance.ROUND_ROBIN,
          null,
          Duration.ofSeconds(1),
          Duration.ofSeconds(10),
          Duration.ofSeconds(10),
          100,
          UpstreamLink.PLAIN);
  private final Api[] apis;
  private final Consumer[] consumers;
  private long counter;

  public SlotFixture(int apiCount, int consumerCount) {
    apis = new Api[apiCount];
    for (int i = 0; i < apiCount; i++) {
      apis[i] =
          new Api(
              "api" + i,
              List.of(),
              "/api" + i,
              "orders",
              Split.NONE,
              true,
              null,
              List.of(route),
              List.of());
    }
    consumers = new Consumer[consumerCount];
    for (int i = 0; i < consumerCount; i++) {
      consumers[i] = new Consumer("consumer" + i, "Consumer " + i);
    }
  }

  /// A call that was answered with 200.
  ///
  /// @param endNanos CLOCK_MONOTONIC
  public void answered(LedgerSlot slot, long epochMillis, long endNanos, long micros) {
    long first = endNanos - micros * 1000;
    counter++;
    slot.callId = CallId.of(epochMillis, counter);
    slot.planVersion = 3;
    slot.startedEpochMillis = epochMillis;
    slot.api = apis[(int) (counter % apis.length)];
    slot.route = route;
    slot.consumer = consumers[(int) (counter % consumers.length)];
    slot.traceHigh = 0;
    slot.traceLow = 0;
    address(slot.peer, (int) (counter % 200) + 1);
    address(slot.client, (int) (counter % 200) + 1);
    slot.peerLength = 4;
    slot.clientLength = 4;
    slot.peerPort = 51_234;
    slot.listener = LISTENER;
    slot.requestNumber = 1;
    slot.method = "GET";
    target(slot, "/api0/orders/17?expand=items");
    slot.status = 200;
    slot.upstreamStatus = 200;
    slot.blame = Blame.NONE;
    slot.reason = "answered";
    slot.requestBytes = 180;
    slot.responseBytes = 420;
    times(slot, first, endNanos, micros * 1000);
    filters(slot, first);
    attempt(slot, first, endNanos);
    facts(slot, first, endNanos);
  }

  /// A call that a policy refused with 429.
  public void refused(LedgerSlot slot, long epochMillis, long endNanos, String policy) {
    answered(slot, epochMillis, endNanos, 100);
    slot.status = 429;
    slot.upstreamStatus = 0;
    slot.blame = Blame.POLICY;
    slot.reason = policy;
    slot.attemptCount = 0;
    slot.upstreamAtEnd.clear();
  }

  /// A call whose upstream failed: 502.
  public void failed(LedgerSlot slot, long epochMillis, long endNanos, String reason) {
    answered(slot, epochMillis, endNanos, 900);
    slot.status = 502;
    slot.upstreamStatus = 0;
    slot.blame = Blame.UPSTREAM;
    slot.reason = reason;
    slot.attempts[0].failure = reason;
    slot.attempts[0].firstByteNanos = 0;
    slot.attempts[0].lastByteNanos = 0;
  }

  public static void target(LedgerSlot slot, String text) {
    var bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    int length = Math.min(bytes.length, LedgerSlot.TARGET_BYTES_MAX);
    System.arraycopy(bytes, 0, slot.target, 0, length);
    slot.targetLength = length;
    slot.targetLengthSent = bytes.length;
  }

  private static void address(byte[] into, int last) {
    into[0] = (byte) 198;
    into[1] = 18;
    into[2] = 0;
    into[3] = (byte) last;
  }

  private static void times(LedgerSlot slot, long first, long end, long nanos) {
    slot.acceptedNanos = first - 40_000;
    slot.firstByteNanos = first;
    slot.headNanos = first + nanos / 50;
    slot.requestEndNanos = slot.headNanos;
    slot.responseStartNanos = end - nanos / 20;
    slot.responseEndNanos = end - nanos / 40;
    slot.endNanos = end;
  }

  private static void filters(LedgerSlot slot, long first) {
    slot.filterCount = 2;
    slot.filterNames[0] = "key-auth";
    slot.filterNanos[0] = first + 21_000;
    slot.filterNames[1] = "rate-limit";
    slot.filterNanos[1] = first + 22_000;
  }

  private void attempt(LedgerSlot slot, long first, long end) {
    slot.attemptCount = 1;
    var attempt = slot.attempts[0];
    attempt.upstream = upstream;
    attempt.target = TARGET;
    attempt.reused = true;
    attempt.startNanos = first + 23_000;
    attempt.connectedNanos = 0;
    attempt.requestSentNanos = first + 25_000;
    attempt.firstByteNanos = end - (end - first) / 15;
    attempt.lastByteNanos = attempt.firstByteNanos;
    attempt.status = 200;
    attempt.failure = "";
  }

  private static void facts(LedgerSlot slot, long first, long end) {
    var head = slot.clientAtHead;
    head.clear();
    head.cookie = 77;
    head.synNanos = first - 300_000;
    head.establishedNanos = first - 200_000;
    head.firstDataNanos = first - 15_000;
    head.lastDataNanos = first - 15_000;
    head.smoothedRttMicros = 90;
    head.smallestRttMicros = 80;
    head.handshakeRttMicros = 100;
    head.packetsIn = 3;
    head.packetsOut = 1;
    head.bytesIn = 180;
    head.interfaceIndex = 2;
    slot.clientBefore.begin(head.cookie);
    slot.clientAtEnd.copyFrom(head);
    slot.clientAtEnd.packetsOut = 2;
    slot.clientAtEnd.bytesOut = 420;
    slot.clientAtEnd.lastAckNanos = end;
    slot.upstreamAtEnd.copyFrom(head);
    slot.upstreamAtEnd.cookie = 78;
    slot.upstreamBefore.begin(78);
  }
}
