package io.ostiary.model;

import io.ostiary.model.capture.PacketCaptures;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What can be asked of the packets that come in. Implemented by the `kernel` room; its callers are
/// control-plane threads, never event loops.
public interface PacketView {
  KernelStatus status();

  /// Sources with their packets since the programs were attached, the busiest first.
  List<Source> sources(int limit);

  /// Flows seen lately, the busiest first.
  List<Flow> flows(int limit);

  /// Who sent the packets of the last second.
  default FloodReport flood() {
    return FloodReport.NONE;
  }

  /// Users' own programs, by name.
  default List<KernelStage> stages() {
    return List.of();
  }

  /// A call has ended; stages may want to know to which API its connection goes. Called by the one
  /// thread that reads the ledger, for each call: costs nothing while no stage asks.
  default void called(LedgerSlot call) {}

  /// Switches one of them on or off.
  ///
  /// @return what is wrong; empty when it is done
  default String turnStage(String name, boolean on) {
    return "stage: " + name + " (expected: a kernel side that runs)";
  }

  /// Services and how their targets do.
  default ServiceView.View services() {
    return ServiceView.NONE.services();
  }

  /// Captures of single packets.
  default PacketCaptures captures() {
    return PacketCaptures.none(status().sentence());
  }

  /// What each rule of the set in force decided, in their order.
  default List<RuleHits> ruleHits() {
    return List.of();
  }

  /// What a rule would have met in the last five minutes.
  default RulePast past(KernelRule rule) {
    return RulePast.NOTHING;
  }

  /// What the named sets of the rules in force hold.
  default Map<String, List<Cidr>> sets() {
    return Map.of();
  }

  /// What one rule decided, since it was first part of a rule set.
  ///
  /// @param rule its place among the rules, from 0
  /// @param droppedPackets of `packets`; in dry-run: would have been
  /// @param lastNanos when it decided last, by the clock of `System.nanoTime()`; 0: never
  record RuleHits(
      int rule, long packets, long bytes, long droppedPackets, long droppedBytes, long lastNanos) {}

  /// What the kernel has dropped of a ban since it stands, or would have in dry-run; null where
  /// that is not known.
  default @Nullable BanHits banned(Cidr source) {
    return null;
  }

  record BanHits(long packets, long bytes) {}

  /// All that was counted: in each direction packets = sum over its flows + evicted + unlisted, and
  /// nothing else.
  default Metered metered() {
    return Metered.NOTHING;
  }

  /// Packets for our ports, or of our connections, that the kernel threw away behind the shield, by
  /// the kernel's own reasons.
  default Map<String, Long> socketDrops() {
    return Map.of();
  }

  record Metered(Direction in, Direction out, List<Wire> interfaces) {
    public static final Metered NOTHING =
        new Metered(Direction.NOTHING, Direction.NOTHING, List.of());

    public Metered {
      interfaces = List.copyOf(interfaces);
    }
  }

  /// @param evictedPackets what flows had counted when others took their places
  /// @param unlistedPackets what came while its place was held by another flow
  record Direction(
      long packets,
      long bytes,
      long evictedPackets,
      long evictedBytes,
      long unlistedPackets,
      long unlistedBytes) {
    static final Direction NOTHING = new Direction(0, 0, 0, 0, 0, 0);
  }

  /// One interface. What came in is in [KernelStatus.Counters], by verdict.
  ///
  /// @param sentCounted whether what leaves it is counted; on loopback it is the same that comes in
  /// @param receivedMerged packets that were merged with another before they were counted; the
  ///   device's own counters may have counted them as one
  record Wire(
      String name,
      boolean sentCounted,
      long sentPackets,
      long sentBytes,
      long sentMerged,
      long receivedMerged) {}

  /// @param droppedPackets of `packets`
  record Source(
      InetAddress address, long packets, long bytes, long droppedPackets, long lastSeenNanos) {}

  /// @param protocol the IP protocol number, 6 for TCP
  /// @param tcpFlags every flag seen, or-ed (RFC 9293 section 3.1)
  /// @param vlan the outer VLAN id, 0 without one
  /// @param outgoing whether the packets left the host by this interface, rather than came in
  record Flow(
      InetAddress source,
      int sourcePort,
      InetAddress destination,
      int destinationPort,
      int protocol,
      int vlan,
      boolean outgoing,
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
