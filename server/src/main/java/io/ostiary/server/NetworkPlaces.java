package io.ostiary.server;

import io.ostiary.insight.NetworkPlace;
import io.ostiary.model.KernelStatus;
import java.net.NetworkInterface;
import java.net.SocketException;

/// What a call's record says of the interface that its packets came by.
final class NetworkPlaces {
  private NetworkPlaces() {}

  /// Its name, and what the shield said there of packets that passed.
  static NetworkPlace of(KernelStatus status, int index) {
    for (var device : status.interfaces()) {
      if (device.index() == index) {
        return new NetworkPlace(device.name(), verdict(status, device));
      }
    }
    return new NetworkPlace(name(index), "not inspected");
  }

  private static String verdict(KernelStatus status, KernelStatus.Interface device) {
    return device.mode().equals("off")
        ? "not inspected here: " + device.why()
        : "passed (%s)%s".formatted(device.mode(), status.dryRun() ? ", dry run" : "");
  }

  private static String name(int index) {
    try {
      var device = NetworkInterface.getByIndex(index);
      return device == null ? "interface " + index : device.getName();
    } catch (SocketException e) {
      return "interface " + index;
    }
  }
}
