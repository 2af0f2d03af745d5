package io.ostiary.control;

import io.ostiary.model.Cidr;
import io.ostiary.model.Peers;
import io.ostiary.model.Snapshot;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Who is never banned: those who run the gateway, those who stand before it for many, those who
/// answer for it, and this machine.
public final class Spared {
  private Spared() {}

  /// Why a block is never banned, as a sentence; null: it may be.
  ///
  /// @param own as it was looked at last
  /// @param running null: nothing is in force yet
  public static @Nullable String why(Cidr block, OwnAddresses own, @Nullable Snapshot running) {
    if (block.address().isLoopbackAddress()) {
      return block + " is this machine itself; it is never banned";
    }
    if (block.contains(Peers.LOCAL)) {
      return block
          + " holds what stands for everybody who comes over a Unix socket; it is never banned";
    }
    var here = own.in(block);
    if (!here.isEmpty()) {
      return "%s holds %s; it is never banned".formatted(block, here);
    }
    if (running == null) {
      return null;
    }
    var why =
        overlap(
            block,
            running.gateway().trustedProxies(),
            "a trusted proxy, behind which" + " others stand");
    if (why == null) {
      why =
          overlap(
              block, running.kernel().management(), "a management source" + " (kernel.management)");
    }
    return why == null ? upstream(block, running) : why;
  }

  private static @Nullable String overlap(Cidr block, List<Cidr> spared, String what) {
    for (var other : spared) {
      if (other.contains(block.address()) || block.contains(other.address())) {
        return block + " overlaps " + other + ", " + what + "; it is never banned";
      }
    }
    return null;
  }

  /// Upstreams that are written as addresses; the kernel side spares those with names as well.
  private static @Nullable String upstream(Cidr block, Snapshot running) {
    for (var upstream : running.upstreams()) {
      for (var target : upstream.targets()) {
        var address = literal(target.host());
        if (address != null && block.contains(address)) {
          return "%s holds %s, a target of upstream %s; it is never banned"
              .formatted(block, target.host(), upstream.name());
        }
      }
    }
    return null;
  }

  private static @Nullable InetAddress literal(String host) {
    try {
      return InetAddress.ofLiteral(host);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
