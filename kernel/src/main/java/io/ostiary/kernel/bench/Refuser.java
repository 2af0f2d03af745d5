package io.ostiary.kernel.bench;

import io.ostiary.kernel.Kernel;
import io.ostiary.kernel.libbpf.BpfLink;
import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelRule.Match;
import io.ostiary.model.KernelRule.PortRange;
import io.ostiary.model.KernelRule.Protocol;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.capture.CaptureSettings;
import java.io.IOException;
import java.net.NetworkInterface;
import java.util.List;
import java.util.Set;

/// One way to refuse UDP packets to one port, on the interface `gate` of this namespace.
interface Refuser {
  String DEVICE = "gate";

  String name();

  /// From now on it refuses; closing what is returned ends that.
  AutoCloseable start() throws Exception;

  /// What answers nothing else and thus is no filter: the fastest that this path can be.
  Refuser CEILING = of("XDP_DROP of everything, no rule", () -> bare("drop"));

  /// Looks at each packet, whose headers another core has just written, and counts nothing: the
  /// fastest that a filter can be here.
  Refuser READER = of("a program for this port alone, no counter", () -> bare("drop_port"));

  private static AutoCloseable bare(String program) throws Exception {
    byte[] elf;
    try (var stream = Refuser.class.getResourceAsStream("/bpf/flood.bpf.o")) {
      if (stream == null) {
        throw new IOException("/bpf/flood.bpf.o is not on the class path");
      }
      elf = stream.readAllBytes();
    }
    var object = BpfObject.load("drop", elf);
    var link =
        object.attachInterface(object.program(program), BpfLink.Hook.XDP_NATIVE, interfaceIndex());
    return () -> {
      link.close();
      object.close();
    };
  }

  /// As a user runs it: rules, counters, meter, heartbeat, the last seconds of packets.
  Refuser OSTIARY =
      of(
          "Ostiary, XDP",
          () ->
              switch (Kernel.open()) {
                case Kernel.Opened.Unavailable(var sentence) ->
                    throw new IllegalStateException(sentence);
                case Kernel.Opened.Running(var kernel) -> {
                  var rule =
                      new KernelRule.Deny(
                          new Match(
                              List.of(),
                              List.of(new PortRange(Flooder.PORT, Flooder.PORT)),
                              Set.of(Protocol.UDP)));
                  var settings =
                      new KernelSettings(
                          new KernelSettings.Interfaces.Named(List.of(DEVICE)),
                          false,
                          List.of(),
                          List.of(rule));
                  var problems = kernel.apply(settings, List.of(), List.of());
                  var mode = kernel.status().interfaces().getFirst().mode();
                  if (!problems.isEmpty() || !mode.equals("xdp-native")) {
                    kernel.close();
                    throw new IllegalStateException(mode + " " + problems);
                  }
                  var capture = CaptureSettings.DEFAULT;
                  kernel
                      .captureTap()
                      .keepLast((double) capture.lastSeconds().toSeconds(), capture.snap());
                  // Its first sign of life comes within a beat.
                  Thread.sleep(700);
                  yield kernel;
                }
              });

  /// As it is loaded where nothing else is said.
  Refuser XDP_FILTER =
      of(
          "xdp-filter",
          () -> {
            Commands.run("xdp-filter", "load", DEVICE, "-m", "native", "-p", "allow");
            return filtering();
          });

  /// Told that nothing but UDP ports will ever be refused.
  Refuser XDP_FILTER_UDP =
      of(
          "xdp-filter, -f udp",
          () -> {
            Commands.run("xdp-filter", "load", DEVICE, "-m", "native", "-f", "udp", "-p", "allow");
            return filtering();
          });

  private static AutoCloseable filtering() throws IOException, InterruptedException {
    Commands.run("xdp-filter", "port", "" + Flooder.PORT, "-p", "udp", "-m", "dst");
    return () -> Commands.run("xdp-filter", "unload", DEVICE);
  }

  Refuser NFT_INGRESS =
      nft(
          "nftables, netdev ingress",
          "table netdev ostbench { chain in { type filter hook ingress device "
              + DEVICE
              + " priority 0; policy accept; udp dport "
              + Flooder.PORT
              + " drop; }; }",
          "netdev");

  Refuser NFT_INPUT =
      nft(
          "nftables, inet input",
          "table inet ostbench { chain in { type filter hook input priority 0; policy accept;"
              + " udp dport "
              + Flooder.PORT
              + " drop; }; }",
          "inet");

  Refuser NOTHING = of("no filter", () -> () -> {});

  /// Something that can be started.
  interface Start {
    AutoCloseable start() throws Exception;
  }

  static Refuser of(String name, Start start) {
    return new Refuser() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public AutoCloseable start() throws Exception {
        return start.start();
      }
    };
  }

  private static Refuser nft(String name, String rules, String family) {
    return of(
        name,
        () -> {
          Commands.run("nft", rules);
          return () -> Commands.run("nft", "delete", "table", family, "ostbench");
        });
  }

  static int interfaceIndex() throws IOException {
    var device = NetworkInterface.getByName(DEVICE);
    if (device == null) {
      throw new IOException("interface: " + DEVICE + " (expected: one of this namespace)");
    }
    return device.getIndex();
  }
}
