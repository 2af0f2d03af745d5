package io.ostiary.control;

import io.ostiary.model.AddressText;
import io.ostiary.model.Cidr;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The addresses of this host's interfaces. To look takes system calls, so it is apart from being
/// asked, which event loops and urgent threads may. Shared by all threads.
public final class OwnAddresses {
  private static final Logger LOG = LoggerFactory.getLogger(OwnAddresses.class);

  /// One address and the interface that has it.
  public record Own(InetAddress address, String device) {}

  /// How interfaces are looked at.
  @FunctionalInterface
  public interface Look {
    List<Own> now() throws SocketException;
  }

  private final Look look;
  private volatile List<Own> known = List.of();

  public OwnAddresses() {
    this(() -> NetworkInterface.networkInterfaces().flatMap(OwnAddresses::of).toList());
  }

  public OwnAddresses(Look look) {
    this.look = look;
  }

  private static Stream<Own> of(NetworkInterface device) {
    return device.inetAddresses().map(address -> new Own(address, device.getName()));
  }

  /// Where that fails, those of the last time count.
  public void look() {
    try {
      known = look.now();
    } catch (SocketException e) {
      LOG.warn("the addresses of this host are not looked at: {}", e.getMessage());
    }
  }

  /// Which of them a block holds: `192.0.2.1, an address of this host (eth0)`; empty: none.
  public String in(Cidr block) {
    for (var own : known) {
      if (block.contains(own.address())) {
        return "%s, an address of this host (%s)"
            .formatted(AddressText.of(own.address()), own.device());
      }
    }
    return "";
  }
}
