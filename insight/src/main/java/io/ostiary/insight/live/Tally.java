package io.ostiary.insight.live;

import io.ostiary.insight.LiveTick.Group;
import io.ostiary.insight.ledger.CallPackets;

/// Sums over calls that share something. Confined to the ledger reader.
final class Tally {
  final String name;
  final LatencyCounts latency;
  long calls;

  /// How many of them [#newCalls] has told already.
  private long callsTold;

  long errors;
  long requestBytes;
  long responseBytes;
  long packetsIn;
  long packetsOut;
  long resent;

  Tally(String name) {
    this(name, new LatencyCounts());
  }

  /// @param latency empty
  Tally(String name, LatencyCounts latency) {
    this.name = name;
    this.latency = latency;
  }

  void add(boolean error, long micros, long in, long out) {
    calls++;
    if (error) {
      errors++;
    }
    requestBytes += in;
    responseBytes += out;
    latency.add(micros);
  }

  void add(CallPackets packets) {
    packetsIn += packets.in;
    packetsOut += packets.out;
    resent += packets.resent;
  }

  void addAll(Tally other) {
    packetsIn += other.packetsIn;
    packetsOut += other.packetsOut;
    resent += other.resent;
    calls += other.calls;
    errors += other.errors;
    requestBytes += other.requestBytes;
    responseBytes += other.responseBytes;
    latency.addAll(other.latency);
  }

  /// Calls since this was asked last.
  long newCalls() {
    long fresh = calls - callsTold;
    callsTold = calls;
    return fresh;
  }

  void clear() {
    calls = 0;
    callsTold = 0;
    errors = 0;
    requestBytes = 0;
    responseBytes = 0;
    packetsIn = 0;
    packetsOut = 0;
    resent = 0;
    latency.clear();
  }

  Group group(int seconds) {
    return new Group(
        name,
        calls,
        errors,
        (double) calls / Math.max(1, seconds),
        latency.latency(),
        requestBytes,
        responseBytes,
        packetsIn,
        packetsOut,
        resent);
  }
}
