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
  /// @param macvlan what carries it, if it is a macvlan; else empty
  /// @param address six bytes as a number; 0: it has none
  /// @param also the one among those found that all of its packets come by as well: of a VLAN what
  ///   carries it, of a port, which keeps none for itself, its bridge or bond; else empty
  record Found(
      String name,
      int index,
      String driver,
      boolean loopback,
      boolean ethernet,
      String macvlan,
      long address,
      String also,
      boolean port) {
    Found withDriver(String known) {
      return new Found(name, index, known, loopback, ethernet, macvlan, address, also, port);
    }

    Found withName(String now) {
      return new Found(now, index, driver, loopback, ethernet, macvlan, address, also, port);
    }

    private Found on(String other, boolean asPort) {
      return new Found(name, index, driver, loopback, ethernet, macvlan, address, other, asPort);
    }
  }

  /// @param missing names that were asked for and are not there
  record Chosen(List<Found> found, List<String> missing) {
    /// Those of some whose packets come by another one of these as well.
    Set<String> above(Set<String> names) {
      return names.isEmpty()
          ? Set.of()
          : found.stream()
              .filter(one -> !one.also().isEmpty() && names.contains(one.name()))
              .map(Found::name)
              .collect(Collectors.toSet());
    }
  }

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
    var carrier = isOf("vlan", folder) ? carrier(folder) : "";
    return names.contains(carrier) ? one.on(carrier, false) : one;
  }

  /// What a virtual interface sends and gets its packets by; empty where it is in another network
  /// namespace.
  private static String carrier(Path folder) {
    try (var entries = Files.newDirectoryStream(folder, "lower_*")) {
      for (var entry : entries) {
        return linked(entry);
      }
    } catch (IOException e) {
      // It has just gone.
    }
    return "";
  }

  private static boolean isOf(String type, Path folder) {
    return text(folder.resolve("uevent")).contains("DEVTYPE=" + type + "\n");
  }

  /// What carries a macvlan, which says of itself only that it has no other kind. Whoever shares
  /// the address of its carrier is none.
  private static String carrierOfMacvlan(Path folder) {
    var carrier = carrier(folder);
    var below = SYS.resolve(carrier);
    boolean macvlan =
        !carrier.isEmpty()
            && !text(folder.resolve("uevent")).contains("DEVTYPE=")
            && text(folder.resolve("iflink")).equals(text(below.resolve("ifindex")))
            && !text(folder.resolve("address")).equals(text(below.resolve("address")));
    return macvlan ? carrier : "";
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
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
    var folder = SYS.resolve(device.getName());
    var address = device.getHardwareAddress();
    return new Found(
        device.getName(),
        device.getIndex(),
        driver(device.getName()),
        device.isLoopback(),
        type == ARPHRD_ETHER || type == ARPHRD_LOOPBACK,
        carrierOfMacvlan(folder),
        address == null || address.length != 6 ? 0 : number(address),
        "",
        false);
  }

  private static long number(byte[] address) {
    long number = 0;
    for (byte each : address) {
      number = (number << 8) | (each & 0xff);
    }
    return number;
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
