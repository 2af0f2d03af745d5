package io.ostiary.kernel;

import io.ostiary.kernel.libbpf.BpfLink;
import io.ostiary.kernel.libbpf.BpfLink.Hook;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.shield.Shield;
import io.ostiary.model.KernelStatus.Device;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The shield on one interface: in the best mode that this interface takes, and why in no better
/// one. Never displaces another program.
///
/// @param facts what was found there before we came
/// @param link null where no mode was possible
/// @param mode `xdp-native`, `xdp-generic`, `tcx` or `off`
record Attachment(
    NetworkInterfaces.Found device, Device facts, @Nullable BpfLink link, String mode, String why)
    implements AutoCloseable {
  /// How a reason begins that is none for concern.
  private static final String ELSEWHERE = "judged on ";

  private static final int EBUSY = 16;
  private static final int EEXIST = 17;
  private static final int ENOTSUP = 95;

  /// In the best mode that this interface takes.
  ///
  /// @param named whether a rule names it
  static Attachment of(
      Shield shield, NetworkInterfaces.Found found, DeviceProbe probe, boolean named) {
    var driver = probe.driver(found.name());
    var device = driver.isEmpty() ? found : found.withDriver(driver);
    var facts = probe.device(found.name(), found.index());
    if (elsewhere(device, named)) {
      var why = ELSEWHERE + device.also() + (device.port() ? ", as a port of it" : ", as its VLAN");
      return new Attachment(device, facts, null, "off", why);
    }
    if (!device.ethernet()) {
      var why = "its frames have no Ethernet header, which the programs read";
      return new Attachment(device, facts, null, "off", why);
    }
    if (device.loopback()) {
      var why = "loopback has no driver; generic XDP would copy every large packet";
      return tcx(shield, device, facts, why);
    }
    try {
      var link = shield.attach(Hook.XDP_NATIVE, device.index());
      return new Attachment(device, facts, link, "xdp-native", "the driver takes XDP");
    } catch (LibbpfException e) {
      return generic(shield, device, facts, "native refused: " + reason(e, device, facts));
    }
  }

  private static Attachment generic(
      Shield shield, NetworkInterfaces.Found device, Device facts, String before) {
    try {
      var link = shield.attach(Hook.XDP_GENERIC, device.index());
      return new Attachment(device, facts, link, "xdp-generic", before);
    } catch (LibbpfException e) {
      var why = reason(e, device, facts);
      // Where another program is the reason, it is the same for both.
      var both = before.endsWith(why) ? before : before + "; generic refused: " + why;
      return tcx(shield, device, facts, both);
    }
  }

  private static Attachment tcx(
      Shield shield, NetworkInterfaces.Found device, Device facts, String before) {
    try {
      return new Attachment(device, facts, shield.attach(Hook.TCX, device.index()), "tcx", before);
    } catch (LibbpfException e) {
      var why = before + "; tcx refused: " + e.getMessage();
      return new Attachment(device, facts, null, "off", why);
    }
  }

  /// Where the process before was attached: its link, with our program in it.
  static Attachment takenOver(
      Shield shield,
      NetworkInterfaces.Found found,
      DeviceProbe probe,
      BpfLink link,
      Hook hook,
      String inherited)
      throws LibbpfException {
    var facts = withoutOwn(probe.device(found.name(), found.index()), mode(hook));
    var driver = probe.driver(found.name());
    shield.takeOver(link, hook, found.index());
    return new Attachment(
        driver.isEmpty() ? found : found.withDriver(driver), facts, link, mode(hook), inherited);
  }

  /// What the process before had there is ours.
  private static Device withoutOwn(Device facts, String mode) {
    var others =
        facts.others().stream()
            .filter(other -> !other.mode().equals(mode) || !other.name().startsWith("shield_"))
            .toList();
    return new Device(
        facts.mtu(), facts.receiveQueues(), facts.transmitQueues(), facts.merging(), others);
  }

  static String mode(Hook hook) {
    return switch (hook) {
      case XDP_NATIVE -> "xdp-native";
      case XDP_GENERIC -> "xdp-generic";
      case TCX, TCX_OUT -> "tcx";
    };
  }

  private static String reason(LibbpfException e, NetworkInterfaces.Found device, Device facts) {
    if (e.errno() == EBUSY || e.errno() == EEXIST) {
      return "another XDP program is attached, and it is not ours to displace: " + others(facts);
    }
    var message = String.valueOf(e.getMessage());
    var name = device.name();
    if (facts.merging().contains("rx-gro-hw")) {
      // The host behind a virtual machine may hold on to it; then the command says so.
      return "%s: the driver %s takes no XDP while packets are merged before it (GRO_HW); `ethtool -K %s rx-gro-hw off` would allow it"
          .formatted(message, device.driver(), name);
    }
    if (facts.merging().contains("rx-lro")) {
      return "%s: the device merges packets (LRO); `ethtool -K %s lro off` may allow it"
          .formatted(message, name);
    }
    return e.errno() == ENOTSUP
        ? message
        : "%s (driver %s, MTU %d, %d receive queues)"
            .formatted(message, device.driver(), facts.mtu(), facts.receiveQueues());
  }

  private static String others(Device facts) {
    var xdp =
        facts.others().stream()
            .filter(other -> !other.mode().equals("tcx"))
            .map(other -> "%s (id %d, %s)".formatted(other.name(), other.id(), other.mode()))
            .collect(Collectors.joining(", "));
    return xdp.isEmpty() ? "`bpftool net show` tells which" : xdp;
  }

  /// Where this interface's counters would be those of another one that is attached.
  static Attachment refused(NetworkInterfaces.Found device, NetworkInterfaces.Found other) {
    return new Attachment(
        device,
        Device.UNKNOWN,
        null,
        "off",
        "its number %d shares the counters of %s (%d): numbers must differ modulo 256. Move it into another namespace and back, which gives it a new number"
            .formatted(device.index(), other.name(), other.index()));
  }

  boolean attached() {
    return link != null;
  }

  private static boolean elsewhere(NetworkInterfaces.Found device, boolean named) {
    return !device.also().isEmpty() && !named;
  }

  /// Whether its packets are judged, though not here.
  boolean elsewhere() {
    return why.startsWith(ELSEWHERE);
  }

  /// The same under the name that the interface has got since.
  Attachment named(String now) {
    return device.name().equals(now)
        ? this
        : new Attachment(device.withName(now), facts, link, mode, why);
  }

  /// Whether it still holds: an interface can go, and another one come with its number; it can get
  /// another name, or a place above or below another one.
  ///
  /// @param named whether a rule names it
  boolean stands(NetworkInterfaces.Found now, boolean named) {
    if (elsewhere(now, named) != elsewhere()
        || (link == null && !device.name().equals(now.name()))) {
      return false;
    }
    try {
      return link == null || link.alive();
    } catch (LibbpfException e) {
      return false;
    }
  }

  @Override
  public void close() {
    if (link != null) {
      link.close();
    }
  }
}
