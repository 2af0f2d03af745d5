package io.ostiary.insight.live;

import io.ostiary.insight.LiveTick.InterfaceRate;
import io.ostiary.insight.LiveTick.SourceRate;
import io.ostiary.insight.Point.Drop;
import java.util.List;

/// What came in since the sample before.
record PacketRates(
    long passed,
    long passedBytes,
    List<Drop> drops,
    List<InterfaceRate> interfaces,
    List<SourceRate> sources) {
  static final PacketRates NONE = new PacketRates(0, 0, List.of(), List.of(), List.of());
}
