package io.ostiary.kernel;

import io.ostiary.kernel.Kernel.Opened;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelRule.Match;
import io.ostiary.model.KernelRule.PortRange;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.KernelSettings.Interfaces;
import io.ostiary.model.PacketView;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/// The kernel side in a process of its own, which tells what it has metered.
final class MeterChild {
  private MeterChild() {}

  public static void main(String[] args) throws Exception {
    if (!(Kernel.open(Path.of(System.getProperty("pins")), true)
        instanceof Opened.Running(var kernel))) {
      System.out.println("not open");
      return;
    }
    System.out.println("open");
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (var line = in.readLine(); line != null; line = in.readLine()) {
      var words = line.split(" ");
      System.out.println(
          switch (words[0]) {
            case "watch" -> watch(kernel, words);
            case "metered" -> metered(kernel, words[1]);
            case "flows" ->
                kernel.flows(200).stream().map(MeterChild::text).collect(Collectors.joining("; "));
            default -> "unknown: " + line;
          });
    }
    kernel.close();
  }

  private static String watch(Kernel kernel, String[] words) {
    var port = new PortRange(9, 9);
    List<KernelRule> rules =
        words.length > 2
            ? List.of(new KernelRule.Limit(new Match(List.of(), List.of(port), Set.of()), 100))
            : List.of();
    var settings =
        new KernelSettings(
            new Interfaces.Named(List.of(words[1].split(","))), false, List.of(), rules);
    var problems = kernel.apply(settings, List.of(), List.of());
    return problems.isEmpty() ? "applied" : String.join("; ", problems);
  }

  private static String metered(Kernel kernel, String device) {
    var all = kernel.metered();
    var counters =
        kernel.status().interfaces().stream()
            .filter(each -> each.name().equals(device))
            .findFirst()
            .orElseThrow()
            .counters();
    var wire =
        all.interfaces().stream()
            .filter(each -> each.name().equals(device))
            .findFirst()
            .orElseThrow();
    long dropped = counters.drops().stream().mapToLong(drop -> drop.packets()).sum();
    long droppedBytes = counters.drops().stream().mapToLong(drop -> drop.bytes()).sum();
    long listedIn = 0;
    long listedOut = 0;
    for (var flow : kernel.flows(100_000)) {
      listedIn += flow.outgoing() ? 0 : flow.packets();
      listedOut += flow.outgoing() ? flow.packets() : 0;
    }
    return LongStream.of(
            counters.passedPackets(),
            dropped,
            counters.passedPackets() + dropped,
            counters.passedBytes() + droppedBytes,
            wire.receivedMerged(),
            wire.sentPackets(),
            wire.sentMerged(),
            listedIn,
            listedOut,
            all.in().evictedPackets() + all.out().evictedPackets(),
            all.in().unlistedPackets() + all.out().unlistedPackets(),
            all.in().packets(),
            all.out().packets())
        .mapToObj(Long::toString)
        .collect(Collectors.joining(" "));
  }

  private static String text(PacketView.Flow flow) {
    boolean server = flow.sourcePort() == 8080;
    return "%s %s%s>%s%s/%d vlan %d"
        .formatted(
            flow.outgoing() ? "out" : "in",
            flow.source().getHostAddress(),
            server ? ":8080" : "",
            flow.destination().getHostAddress(),
            server ? "" : ":" + flow.destinationPort(),
            flow.protocol(),
            flow.vlan());
  }
}
