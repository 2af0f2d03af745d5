package io.ostiary.server;

import io.ostiary.insight.NetworkPlace;
import io.ostiary.kernel.lens.Lens;
import io.ostiary.model.ConnectionFacts;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.KernelSettings.Interfaces;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.Listener;
import io.ostiary.model.PacketView;
import io.ostiary.model.Snapshot;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The kernel room as the others see it: there before the first snapshot, attached when a snapshot
/// asks for it, taken away when one does not.
///
/// The lens is read by event loops through one volatile field; everything else happens in [#apply],
/// on one control-plane thread at a time.
final class KernelSide implements AutoCloseable {
  private volatile @Nullable Lens lens;
  private volatile KernelStatus status = off("The kernel side has not been asked for yet.");

  ConnectionLens lens() {
    return this::read;
  }

  private boolean read(long cookie, ConnectionFacts into) {
    var attached = lens;
    return attached == null ? ConnectionLens.NONE.read(cookie, into) : attached.read(cookie, into);
  }

  PacketView packets() {
    return new PacketView() {
      @Override
      public KernelStatus status() {
        return status;
      }

      @Override
      public List<Source> sources(int limit) {
        return List.of();
      }

      @Override
      public List<Flow> flows(int limit) {
        return List.of();
      }
    };
  }

  /// Brings the kernel's part of a snapshot into force.
  ///
  /// @return what is wrong with it; empty when it is in force, or when the kernel side cannot run
  ///   here at all, which its status says
  synchronized List<String> apply(Snapshot snapshot) {
    if (snapshot.kernel().interfaces() instanceof Interfaces.Off) {
      close();
      status = off("The kernel side is off: kernel.interfaces says so.");
      return List.of();
    }
    if (lens == null) {
      switch (Lens.attach()) {
        case Lens.Attached(var attached) -> {
          lens = attached;
          status = running(attached);
        }
        case Lens.Refused(var sentence) -> status = off(sentence);
      }
    }
    var attached = lens;
    if (attached != null) {
      attached.watchPorts(
          snapshot.listeners().stream().map(Listener::port).collect(Collectors.toSet()));
    }
    return List.of();
  }

  /// Where packets of an interface come in, and what is done to them there.
  NetworkPlace place(int index) {
    for (var device : status.interfaces()) {
      if (device.index() == index && !device.mode().equals("off")) {
        var dryRun = status.dryRun() ? ", dry run" : "";
        return new NetworkPlace(device.name(), "passed (%s)%s".formatted(device.mode(), dryRun));
      }
    }
    return new NetworkPlace(name(index), "not inspected");
  }

  private static String name(int index) {
    try {
      var device = NetworkInterface.getByIndex(index);
      return device == null ? "interface " + index : device.getName();
    } catch (SocketException e) {
      return "interface " + index;
    }
  }

  String sentence() {
    return status.sentence();
  }

  private static KernelStatus off(String sentence) {
    return new KernelStatus(
        false, sentence, System.getProperty("os.version"), null, false, 0, List.of(), List.of());
  }

  private static KernelStatus running(Lens lens) {
    return new KernelStatus(
        true,
        "Connections are measured; packets are not inspected.",
        System.getProperty("os.version"),
        null,
        false,
        0,
        List.of(),
        lens.programs());
  }

  @Override
  public synchronized void close() {
    var attached = lens;
    lens = null;
    if (attached != null) {
      attached.close();
    }
  }
}
