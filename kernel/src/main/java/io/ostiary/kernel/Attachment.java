package io.ostiary.kernel;

import io.ostiary.kernel.libbpf.BpfLink;
import io.ostiary.kernel.libbpf.BpfLink.Hook;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.shield.Shield;
import org.jspecify.annotations.Nullable;

/// The shield on one interface: in the best mode that this interface takes, and why in no better
/// one. Never displaces another program.
///
/// @param link null where no mode was possible
/// @param mode `xdp-native`, `xdp-generic`, `tcx` or `off`
record Attachment(NetworkInterfaces.Found device, @Nullable BpfLink link, String mode, String why)
    implements AutoCloseable {
  private static final int EBUSY = 16;
  private static final int EEXIST = 17;
  private static final int ENOTSUP = 95;

  /// In the best mode that this interface takes.
  static Attachment of(Shield shield, NetworkInterfaces.Found device) {
    if (!device.ethernet()) {
      return new Attachment(
          device, null, "off", "its frames have no Ethernet header, which the programs read");
    }
    if (device.loopback()) {
      return tcx(
          shield, device, "loopback has no driver; generic XDP would copy every large packet");
    }
    try {
      return new Attachment(
          device, shield.attach(Hook.XDP_NATIVE, device.index()), "xdp-native", "");
    } catch (LibbpfException e) {
      return generic(shield, device, "native refused: " + reason(e, device));
    }
  }

  private static Attachment generic(Shield shield, NetworkInterfaces.Found device, String before) {
    try {
      return new Attachment(
          device, shield.attach(Hook.XDP_GENERIC, device.index()), "xdp-generic", before);
    } catch (LibbpfException e) {
      return tcx(shield, device, before + "; generic refused: " + reason(e, device));
    }
  }

  private static Attachment tcx(Shield shield, NetworkInterfaces.Found device, String before) {
    try {
      return new Attachment(device, shield.attach(Hook.TCX, device.index()), "tcx", before);
    } catch (LibbpfException e) {
      return new Attachment(device, null, "off", before + "; tcx refused: " + e.getMessage());
    }
  }

  private static String reason(LibbpfException e, NetworkInterfaces.Found device) {
    if (e.errno() == EBUSY || e.errno() == EEXIST) {
      return "another XDP program is attached, and it is not ours to displace"
          + " (bpftool net show dev %s tells which)".formatted(device.name());
    }
    if (device.driver().equals("virtio_net") && e.errno() == ENOTSUP) {
      return "%s: virtio_net takes no XDP while the host merges packets (GRO_HW); `ethtool -K %s rx-gro-hw off` may allow it"
          .formatted(e.getMessage(), device.name());
    }
    return String.valueOf(e.getMessage());
  }

  /// Where this interface's counters would be those of another one that is attached.
  static Attachment refused(NetworkInterfaces.Found device, NetworkInterfaces.Found other) {
    return new Attachment(
        device,
        null,
        "off",
        "its number %d shares the counters of %s (%d): numbers must differ modulo 256. Move it into another namespace and back, which gives it a new number"
            .formatted(device.index(), other.name(), other.index()));
  }

  boolean attached() {
    return link != null;
  }

  /// Whether it still holds: an interface can go, and another one come with its number.
  boolean stands(NetworkInterfaces.Found now) {
    if (!device.name().equals(now.name())) {
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
