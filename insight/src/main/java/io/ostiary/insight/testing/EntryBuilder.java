package io.ostiary.insight.testing;

import io.ostiary.model.Blame;
import io.ostiary.model.CallId;
import io.ostiary.model.LedgerEntry;
import io.ostiary.model.LedgerEntry.Attempt;
import io.ostiary.model.LedgerEntry.Counters;
import io.ostiary.model.LedgerEntry.FilterTiming;
import io.ostiary.model.LedgerEntry.HeldBack;
import io.ostiary.model.LedgerEntry.Network;
import io.ostiary.model.LedgerEntry.RoundTrip;
import io.ostiary.model.LedgerEntry.Timings;
import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Builds a ledger entry whose defaults are a call that was answered with 200 after 5 ms; a test
/// changes what it is about. Times are microseconds relative to the first byte. Confined to its
/// thread.
public final class EntryBuilder {
  private long call = CallId.of(1_795_478_400_000L, 1);
  private Instant start = Instant.ofEpochMilli(1_795_478_400_000L);
  private @Nullable String api = "demo";
  private @Nullable String route = "list-orders";
  private @Nullable String consumer;
  private InetAddress client = InetAddress.ofLiteral("198.18.0.7");
  private int requestNumber = 1;
  private String method = "GET";
  private String target = "/demo/orders";
  private int status = 200;
  private int upstreamStatus = 200;
  private Blame blame = Blame.NONE;
  private String reason = "answered";
  private Timings timings =
      new Timings(-50_000L, 20_000L, 20_000L, 4_900_000L, 4_950_000L, 5_000_000);
  private final List<FilterTiming> filters = new ArrayList<>();
  private String asked = "127.0.0.1:9001";
  private final List<Attempt> attempts = new ArrayList<>();
  private @Nullable Network network;
  private @Nullable Network upstreamNetwork;
  private @Nullable String upstreamTarget;
  private @Nullable HeldBack requestHeld;
  private @Nullable HeldBack responseHeld;
  private Map<String, String> fields = Map.of();

  public EntryBuilder at(Instant time, long counter) {
    start = time;
    call = CallId.of(time.toEpochMilli(), counter);
    return this;
  }

  public EntryBuilder api(@Nullable String name, @Nullable String routeId) {
    api = name;
    route = routeId;
    return this;
  }

  public EntryBuilder consumer(@Nullable String id) {
    consumer = id;
    return this;
  }

  public EntryBuilder client(String address) {
    client = InetAddress.ofLiteral(address);
    return this;
  }

  public EntryBuilder requestNumber(int number) {
    requestNumber = number;
    return this;
  }

  public EntryBuilder request(String newMethod, String newTarget) {
    method = newMethod;
    target = newTarget;
    return this;
  }

  /// @param upstream what the upstream said, 0 where none was asked
  public EntryBuilder ended(int newStatus, int upstream, Blame who, String why) {
    status = newStatus;
    upstreamStatus = upstream;
    blame = who;
    reason = why;
    return this;
  }

  /// In microseconds; null for what never happened.
  public EntryBuilder times(
      @Nullable Integer head,
      @Nullable Integer requestEnd,
      @Nullable Integer responseStart,
      @Nullable Integer responseEnd,
      int end) {
    timings =
        new Timings(
            -50_000L,
            nanos(head),
            nanos(requestEnd),
            nanos(responseStart),
            nanos(responseEnd),
            end * 1000L);
    return this;
  }

  public EntryBuilder filter(String policy, int endMicros) {
    filters.add(new FilterTiming(policy, endMicros * 1000L));
    return this;
  }

  /// Where the attempts that follow were made.
  public EntryBuilder atTarget(String now) {
    asked = now;
    return this;
  }

  /// In microseconds; null for what never happened.
  public EntryBuilder attempt(
      boolean reused,
      int startMicros,
      @Nullable Integer connected,
      @Nullable Integer sent,
      @Nullable Integer firstByte,
      @Nullable Integer lastByte,
      String failure) {
    attempts.add(
        new Attempt(
            "orders",
            asked,
            attempts.isEmpty() ? LedgerEntry.Why.FIRST : LedgerEntry.Why.RETRY,
            reused,
            startMicros * 1000L,
            nanos(connected),
            nanos(sent),
            nanos(firstByte),
            nanos(lastByte),
            failure.isEmpty() ? upstreamStatus : 0,
            failure));
    return this;
  }

  public EntryBuilder network(@Nullable Network facts) {
    network = facts;
    return this;
  }

  public EntryBuilder upstreamNetwork(@Nullable Network facts) {
    upstreamNetwork = facts;
    return this;
  }

  /// Kernel facts without any trouble; times in microseconds.
  public static Network facts(
      @Nullable Integer syn,
      @Nullable Integer established,
      @Nullable Integer firstData,
      @Nullable Integer lastData) {
    return facts(syn, established, firstData, lastData, 0, 0, 0);
  }

  /// @param duplicates segments of this call that came twice or out of order
  /// @param retransmits segments of this call that we sent again
  public static Network facts(
      @Nullable Integer syn,
      @Nullable Integer established,
      @Nullable Integer firstData,
      @Nullable Integer lastData,
      long duplicates,
      long retransmits,
      long rttMicros) {
    var call = new Counters(2, 2, 900, 1200, retransmits, duplicates, 0, 0, 0, 0, 0);
    return new Network(
        nanos(syn),
        null,
        nanos(established),
        nanos(firstData),
        nanos(lastData),
        null,
        false,
        new RoundTrip(rttMicros, rttMicros, rttMicros, 3),
        new Counters(4, 3, 900, 1200, retransmits, duplicates, 0, 0, 0, 0, 0),
        call,
        0,
        0,
        null,
        "veth0",
        "passed (xdp-native)",
        List.of());
  }

  /// Lets a policy have put another target before the upstream.
  public EntryBuilder rewritten(String pathAndQuery) {
    upstreamTarget = pathAndQuery;
    return this;
  }

  /// What policies gave it for its record.
  public EntryBuilder fields(Map<String, String> logged) {
    fields = logged;
    return this;
  }

  /// Policies held back its request, its response; null: nothing.
  public EntryBuilder held(@Nullable HeldBack request, @Nullable HeldBack response) {
    requestHeld = request;
    responseHeld = response;
    return this;
  }

  public LedgerEntry build() {
    return new LedgerEntry(
        call,
        start,
        1,
        api,
        route,
        consumer,
        null,
        null,
        client,
        51_234,
        client,
        "0.0.0.0:8080",
        requestNumber,
        method,
        target,
        status,
        upstreamStatus,
        blame,
        reason,
        120,
        640,
        timings,
        filters,
        attempts,
        network,
        upstreamNetwork,
        upstreamTarget,
        fields,
        requestHeld,
        responseHeld,
        false);
  }

  private static @Nullable Long nanos(@Nullable Integer micros) {
    return micros == null ? null : micros * 1000L;
  }
}
