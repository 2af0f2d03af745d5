package io.ostiary.kernel;

import io.ostiary.model.KernelSettings.Interfaces;
import java.io.IOException;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The network interfaces of this namespace, and which of them are to be watched.
final class NetworkInterfaces {
  private static final Path SYS = Path.of("/sys/class/net");
  private static final int ARPHRD_ETHER = 1;
  private static final int ARPHRD_LOOPBACK = 772;

  private NetworkInterfaces() {}

  /// @param ethernet whether its frames begin with an Ethernet header, which the programs read
  record Found(String name, int index, String driver, boolean loopback, boolean ethernet) {
    Found withDriver(String known) {
      return new Found(name, index, known, loopback, ethernet);
    }
  }

  /// @param missing names that were asked for and are not there
  record Chosen(List<Found> found, List<String> missing) {}

  static Chosen choose(Interfaces wanted) {
    return switch (wanted) {
      case Interfaces.Off() -> new Chosen(List.of(), List.of());
      case Interfaces.Auto() -> new Chosen(carrying(), List.of());
      case Interfaces.Named(var names) -> named(names);
    };
  }

  /// Those that are up and have an address: through the others nobody reaches a listener.
  private static List<Found> carrying() {
    try {
      var found = new ArrayList<Found>();
      for (var device : NetworkInterface.networkInterfaces().toList()) {
        if (device.isUp() && device.inetAddresses().findAny().isPresent()) {
          var described = describe(device);
          if (described.ethernet()) {
            found.add(described);
          }
        }
      }
      return found;
    } catch (SocketException e) {
      return List.of();
    }
  }

  private static Chosen named(List<String> names) {
    var found = new ArrayList<Found>();
    var missing = new ArrayList<String>();
    for (var name : names) {
      try {
        var device = NetworkInterface.getByName(name);
        if (device == null) {
          missing.add(name);
        } else {
          found.add(describe(device));
        }
      } catch (SocketException e) {
        missing.add(name);
      }
    }
    return new Chosen(found, missing);
  }

  private static Found describe(NetworkInterface device) throws SocketException {
    int type = type(device.getName());
    return new Found(
        device.getName(),
        device.getIndex(),
        driver(device.getName()),
        device.isLoopback(),
        type == ARPHRD_ETHER || type == ARPHRD_LOOPBACK);
  }

  private static int type(String name) {
    try {
      return Integer.parseInt(Files.readString(SYS.resolve(name).resolve("type")).strip());
    } catch (IOException | NumberFormatException e) {
      return ARPHRD_ETHER;
    }
  }

  /// Virtual devices have no driver of their own here.
  private static String driver(String name) {
    try {
      return SYS.resolve(name).resolve("device/driver").toRealPath().getFileName().toString();
    } catch (IOException e) {
      return name.equals("lo") ? "loopback" : "virtual";
    }
  }
}
