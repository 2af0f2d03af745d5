package io.ostiary.kernel;

import io.ostiary.kernel.shield.MeteredFlow;
import io.ostiary.kernel.shield.MeteredSource;
import io.ostiary.model.PacketView;

/// What the meter lists, in the words of the other rooms.
final class MeterView {
  private MeterView() {}

  static PacketView.Source of(MeteredSource source) {
    return new PacketView.Source(
        source.address(),
        source.packets(),
        source.bytes(),
        source.droppedPackets(),
        source.lastNanos());
  }

  static PacketView.Flow of(MeteredFlow flow) {
    return new PacketView.Flow(
        flow.source(),
        flow.sourcePort(),
        flow.destination(),
        flow.destinationPort(),
        flow.protocol(),
        flow.vlan(),
        flow.outgoing(),
        flow.interfaceIndex(),
        flow.packets(),
        flow.bytes(),
        flow.firstNanos(),
        flow.lastNanos(),
        flow.tcpFlags());
  }
}
