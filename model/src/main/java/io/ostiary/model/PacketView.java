package io.ostiary.model;

import io.ostiary.model.capture.PacketCaptures;
import java.net.InetAddress;
import java.util.List;

/// What can be asked of the packets that come in. Implemented by the `kernel` room; its callers are
/// control-plane threads, never event loops.
public interface PacketView {
  KernelStatus status();

  /// Sources with their packets since the programs were attached, the busiest first.
  List<Source> sources(int limit);

  /// Flows seen lately, the busiest first.
  List<Flow> flows(int limit);

  /// Users' own programs, by name.
  default List<KernelStage> stages() {
    return List.of();
  }

  /// Switches one of them on or off.
  ///
  /// @return what is wrong; empty when it is done
  default String turnStage(String name, boolean on) {
    return "stage: " + name + " (expected: a kernel side that runs)";
  }

  /// Captures of single packets.
  default PacketCaptures captures() {
    return PacketCaptures.none(status().sentence());
  }

  /// What each rule of the set in force decided, in their order.
  default List<RuleHits> ruleHits() {
    return List.of();
  }

  /// What one rule decided, since it was first part of a rule set.
  ///
  /// @param rule its place among the rules, from 0
  /// @param droppedPackets of `packets`; in dry-run: would have been
  /// @param lastNanos when it decided last, by the clock of `System.nanoTime()`; 0: never
  record RuleHits(
      int rule, long packets, long bytes, long droppedPackets, long droppedBytes, long lastNanos) {}

  /// @param droppedPackets of `packets`
  record Source(
      InetAddress address, long packets, long bytes, long droppedPackets, long lastSeenNanos) {}

  /// @param protocol the IP protocol number, 6 for TCP
  /// @param tcpFlags every flag seen, or-ed (RFC 9293 section 3.1)
  /// @param vlan the outer VLAN id, 0 without one
  record Flow(
      InetAddress source,
      int sourcePort,
      InetAddress destination,
      int destinationPort,
      int protocol,
      int vlan,
      int interfaceIndex,
      long packets,
      long bytes,
      long firstSeenNanos,
      long lastSeenNanos,
      int tcpFlags) {}

  /// Used where the kernel side does not run.
  static PacketView none(KernelStatus status) {
    return new PacketView() {
      @Override
      public KernelStatus status() {
        return status;
      }

      @Override
      public List<Source> sources(int limit) {
        return List.of();
      }

      @Override
      public List<Flow> flows(int limit) {
        return List.of();
      }
    };
  }
}
