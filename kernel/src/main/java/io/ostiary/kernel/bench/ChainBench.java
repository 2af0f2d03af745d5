package io.ostiary.kernel.bench;

import io.ostiary.kernel.balance.ServiceCost;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.libbpf.TestRun;
import io.ostiary.kernel.shield.Shield;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Arrays;
import java.util.HexFormat;

/// What the programs of the chain cost that answer a packet or send it elsewhere: they rewrite it,
/// so each run begins with the packet as it came.
final class ChainBench {
  private static final int RUNS = 5;
  private static final int XDP_TX = 3;
  private static final int SYNS_OF_A_FLOOD = 6000;
  private static final String HOST = "198.18.0.1";
  private static final int PORT = 8080;

  /// From 192.0.2.1, with the options that Linux sends.
  private static final byte[] SYN =
      HexFormat.of()
          .parseHex(
              "0200000000010200000000020800"
                  + "4500003c0001400040060000c0000201c6120001"
                  + "c0001f900000000100000000a002faf000000000"
                  + "020405b40402080a00000001000000000103"
                  + "0307");

  private final Figures figures;
  private final int repetitions;

  ChainBench(Figures figures, int repetitions) {
    this.figures = figures;
    this.repetitions = repetitions;
  }

  void run() throws LibbpfException, IOException, InterruptedException {
    cookie();
    services();
  }

  /// The whole way of a SYN in a flood: verdict, meter, socket, cookie, answer. This namespace is
  /// told to answer with cookies also while the listener's queue has room.
  private void cookie() throws LibbpfException, IOException, InterruptedException {
    Commands.run("sysctl", "-qw", "net.ipv4.tcp_syncookies=2");
    Commands.run("ip", "address", "replace", HOST + "/32", "dev", "lo");
    try (var listener = new ServerSocket(PORT, 64, InetAddress.getByName(HOST));
        var shield = Shield.load()) {
      PacketBench.install(shield, PacketBench.rules(1));
      var run = shield.testRun("shield_xdp");
      double plain = PacketBench.best(shield, run, PacketBench.PACKET, repetitions);
      double plainAlone = alone(shield, run, PacketBench.PACKET);
      int verdict = 0;
      for (int i = 0; i < SYNS_OF_A_FLOOD; i++) {
        verdict = run.run(SYN, 1).verdict();
      }
      if (verdict != XDP_TX) {
        figures.absent(
            "SYN cookie answered",
            "verdict %d of port %d".formatted(verdict, listener.getLocalPort()));
        return;
      }
      figures.row(
          "SYN cookie answered",
          "1",
          "one, as it came",
          plain + Math.max(0, alone(shield, run, SYN) - plainAlone),
          280);
    }
  }

  private void services() throws LibbpfException, IOException {
    for (var figure : ServiceCost.measure(repetitions)) {
      figures.row(
          figure.known() ? "L4 service, known flow" : "L4 service, new flow",
          "",
          figure.what() + (figure.known() ? ", one packet" : ", sources of all 2^32"),
          figure.nanos(),
          figure.known() ? 90 : 160);
    }
  }

  /// One run for each packet, the best of five times many. The clock and cold caches are part of
  /// it, so only the difference of two such figures says something.
  private double alone(Shield shield, TestRun run, byte[] packet) throws LibbpfException {
    double best = Double.MAX_VALUE;
    int times = Math.max(1000, repetitions / 50);
    for (int i = 0; i < RUNS; i++) {
      shield.beat();
      best = Math.min(best, average(run, packet, times));
    }
    return best;
  }

  /// Of the faster four fifths: an interrupt in one run says nothing of the program.
  private static double average(TestRun run, byte[] packet, int times) throws LibbpfException {
    var nanos = new int[times];
    for (int i = 0; i < times; i++) {
      nanos[i] = run.run(packet, 1).nanos();
    }
    Arrays.sort(nanos);
    return Arrays.stream(nanos, 0, times * 4 / 5).average().orElse(0);
  }
}
