package io.ostiary.kernel;

import io.ostiary.model.KernelSettings.Interfaces;
import java.io.IOException;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// The network interfaces of this namespace, and which of them are to be watched.
final class NetworkInterfaces {
  private static final Path SYS = Path.of("/sys/class/net");
  private static final int ARPHRD_ETHER = 1;
  private static final int ARPHRD_LOOPBACK = 772;

  private NetworkInterfaces() {}

  /// @param ethernet whether its frames begin with an Ethernet header, which the programs read
  /// @param also the one among those found that all of its packets come by as well: of a VLAN what
  ///   carries it, of a port, which keeps none for itself, its bridge or bond; else empty
  record Found(
      String name,
      int index,
      String driver,
      boolean loopback,
      boolean ethernet,
      String also,
      boolean port) {
    Found withDriver(String known) {
      return new Found(name, index, known, loopback, ethernet, also, port);
    }

    Found withName(String now) {
      return new Found(now, index, driver, loopback, ethernet, also, port);
    }

    private Found on(String other, boolean asPort) {
      return new Found(name, index, driver, loopback, ethernet, other, asPort);
    }
  }

  /// @param missing names that were asked for and are not there
  record Chosen(List<Found> found, List<String> missing) {}

  static Chosen choose(Interfaces wanted) {
    return switch (wanted) {
      case Interfaces.Off() -> new Chosen(List.of(), List.of());
      case Interfaces.Auto() -> new Chosen(stacked(carrying()), List.of());
      case Interfaces.Named(var names) -> {
        var chosen = named(names);
        yield new Chosen(stacked(chosen.found()), chosen.missing());
      }
    };
  }

  /// A packet that came through two of them would be judged twice, and a limit would count it
  /// twice.
  private static List<Found> stacked(List<Found> found) {
    var names = found.stream().map(Found::name).collect(Collectors.toSet());
    return found.stream().map(one -> stacked(one, names)).toList();
  }

  private static Found stacked(Found one, Set<String> names) {
    var folder = SYS.resolve(one.name());
    if (Files.exists(folder.resolve("brport")) || Files.exists(folder.resolve("bonding_slave"))) {
      var over = linked(folder.resolve("master"));
      return names.contains(over) ? one.on(over, true) : one;
    }
    if (!isVlan(folder)) {
      return one;
    }
    try (var entries = Files.newDirectoryStream(folder, "lower_*")) {
      for (var entry : entries) {
        var carrier = linked(entry);
        if (names.contains(carrier)) {
          return one.on(carrier, false);
        }
      }
    } catch (IOException e) {
      // It has just gone.
    }
    return one;
  }

  private static boolean isVlan(Path folder) {
    try {
      return Files.readString(folder.resolve("uevent")).contains("DEVTYPE=vlan\n");
    } catch (IOException e) {
      return false;
    }
  }

  private static String linked(Path link) {
    try {
      return Files.readSymbolicLink(link).getFileName().toString();
    } catch (IOException e) {
      return "";
    }
  }

  /// Those that are up and have an address: through the others nobody reaches a listener. Also
  /// those that the programs cannot read, so that it is told.
  private static List<Found> carrying() {
    try {
      var found = new ArrayList<Found>();
      for (var device : NetworkInterface.networkInterfaces().toList()) {
        if (device.isUp() && device.inetAddresses().findAny().isPresent()) {
          found.add(describe(device));
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
        type == ARPHRD_ETHER || type == ARPHRD_LOOPBACK,
        "",
        false);
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
