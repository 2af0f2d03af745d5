package io.ostiary.kernel;

import io.ostiary.kernel.libbpf.BpfLink;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.shield.MeterTotals;
import io.ostiary.kernel.shield.Shield;
import io.ostiary.model.PacketView;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The meter of what leaves, on the interfaces whose incoming packets are watched; not on loopback,
/// where every packet that leaves comes in again. Confined to whoever holds the kernel's lock.
final class Outgoing implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Outgoing.class);

  private final Shield shield;
  private final Map<Integer, BpfLink> links = new HashMap<>();

  Outgoing(Shield shield) {
    this.shield = shield;
  }

  /// Counts on these interfaces, by their numbers, and on no others.
  void follow(Set<Integer> interfaces) {
    links
        .entrySet()
        .removeIf(entry -> {
          boolean gone = !interfaces.contains(entry.getKey()) || dead(entry.getValue());
          if (gone) {
            entry.getValue().close();
          }
          return gone;
        });
    for (int index : interfaces) {
      try {
        if (!links.containsKey(index)) {
          links.put(index, shield.attachOut(index));
        }
      } catch (LibbpfException e) {
        LOG.debug("what leaves interface {} is not counted: {}", index, e.getMessage());
      }
    }
  }

  private static boolean dead(BpfLink link) {
    try {
      return !link.alive();
    } catch (LibbpfException e) {
      return true;
    }
  }

  /// All that was metered in both directions; nothing where it cannot be read.
  ///
  /// @param devices on which incoming packets are watched
  PacketView.Metered metered(List<NetworkInterfaces.Found> devices) {
    try {
      var wires = new ArrayList<PacketView.Wire>();
      for (var device : devices) {
        var wire = shield.wire(device.index());
        wires.add(
            new PacketView.Wire(
                device.name(),
                links.containsKey(device.index()),
                wire.sentPackets(),
                wire.sentBytes(),
                wire.sentMerged(),
                wire.receivedMerged()));
      }
      return new PacketView.Metered(
          direction(shield.totals()), direction(shield.sentTotals()), wires);
    } catch (LibbpfException e) {
      LOG.debug("the meter cannot be read: {}", e.getMessage());
      return PacketView.Metered.NOTHING;
    }
  }

  private static PacketView.Direction direction(MeterTotals totals) {
    return new PacketView.Direction(
        totals.packets(),
        totals.bytes(),
        totals.evictedPackets(),
        totals.evictedBytes(),
        totals.unlistedPackets(),
        totals.unlistedBytes());
  }

  @Override
  public void close() {
    links.values().forEach(BpfLink::close);
    links.clear();
  }
}
