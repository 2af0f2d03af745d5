package io.ostiary.kernel;

import io.ostiary.model.Ban;
import io.ostiary.model.Cidr;
import io.ostiary.model.FloodReport;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelRule.Match;
import io.ostiary.model.KernelRule.PortRange;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.KernelSettings.Interfaces;
import io.ostiary.model.KernelSettings.OnSilence;
import io.ostiary.model.KernelSettings.Safety;
import io.ostiary.model.KernelStatus;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/// A process that holds a [Kernel] and does what it is told by lines, one answer for each:
///
///     rules DEVICE deny;FROM;PORT limit;FROM;PORT;RATE ban;FROM manage;FROM dry keep closed
///                                                  empty parts match all
///     flood                                                           STATE SENTENCE
///     status                                                          MODE|WHY|PASSED|REASON=N ...
final class KernelChild {
  private KernelChild() {}

  static void main() throws IOException {
    var pins = Path.of(System.getProperty("pins", "/sys/fs/bpf/ostiary/test"));
    switch (Kernel.open(pins, true)) {
      case Kernel.Opened.Unavailable(var sentence) -> say("unavailable " + sentence);
      case Kernel.Opened.Running(var kernel) -> {
        say("open");
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (var line = lines.readLine(); line != null; line = lines.readLine()) {
          var words = List.of(line.split(" "));
          switch (words.getFirst()) {
            case "rules" -> say(rules(kernel, words));
            case "swap" -> say(swap(kernel, words));
            case "hoard" -> hoard();
            case "flood" -> say(flood(kernel.flood()));
            case "leave" -> {
              say("left " + kernel.handOver());
              System.exit(0);
            }
            default -> say(status(kernel.status()));
          }
        }
        kernel.close();
      }
    }
  }

  /// As many rule sets in turn as the second word says; all let packets to port 8080 pass.
  private static String swap(Kernel kernel, List<String> words) {
    int count = Integer.parseInt(words.get(1));
    for (int i = 0; i < count; i++) {
      // Most have no tables to be exchanged besides, which would each wait for all packets.
      var from =
          i % 20 == 10
              ? "2001:db8:5:%x::/64".formatted(i)
              : i % 20 == 0 ? "203.0.113.%d/32".formatted(i % 250) : "";
      var rule = "deny;%s;%d".formatted(from, 10_000 + i);
      var said = rules(kernel, List.of("rules", words.get(2), rule));
      if (!said.startsWith("applied")) {
        return said;
      }
    }
    return "swapped " + count;
  }

  /// Takes memory until the kernel ends the process.
  private static void hoard() {
    while (true) {
      Arena.global().allocate(1 << 20).fill((byte) 1);
    }
  }

  private static String rules(Kernel kernel, List<String> words) {
    var rules = new ArrayList<KernelRule>();
    var bans = new ArrayList<Ban>();
    var management = new ArrayList<Cidr>();
    for (var word : words.subList(2, words.size())) {
      var parts = word.split(";", -1);
      switch (parts[0]) {
        case "deny" -> rules.add(new KernelRule.Deny(match(parts)));
        case "limit" -> rules.add(new KernelRule.Limit(match(parts), Long.parseLong(parts[3])));
        case "ban" -> bans.add(ban(parts[1]));
        case "manage" -> management.add(Cidr.parse(parts[1]));
        default -> {}
      }
    }
    Interfaces interfaces =
        words.get(1).equals("auto")
            ? new Interfaces.Auto()
            : new Interfaces.Named(List.of(words.get(1).split(",")));
    var silence =
        Stream.of(OnSilence.values())
            .filter(value -> words.contains(value.name().toLowerCase(Locale.ROOT)))
            .findFirst()
            .orElse(OnSilence.OPEN);
    var settings =
        new KernelSettings(
            interfaces,
            words.contains("dry"),
            management,
            rules,
            List.of(),
            new Safety(Duration.ZERO, silence),
            KernelSettings.OFF.stages(),
            io.ostiary.model.capture.CaptureSettings.DEFAULT);
    long start = System.nanoTime();
    var problems = kernel.apply(settings, bans, List.of());
    return problems.isEmpty()
        ? "applied in " + (System.nanoTime() - start) / 1000 + " us"
        : "refused " + String.join(" ", problems);
  }

  private static Match match(String[] parts) {
    var from = parts[1].isEmpty() ? List.<Cidr>of() : List.of(Cidr.parse(parts[1]));
    var ports =
        parts[2].isEmpty()
            ? List.<PortRange>of()
            : List.of(new PortRange(Integer.parseInt(parts[2]), Integer.parseInt(parts[2])));
    return new Match(from, ports, Set.of());
  }

  private static Ban ban(String from) {
    var now = Instant.now();
    return new Ban("b", Cidr.parse(from), "test", List.of(), now, now.plusSeconds(60), "test");
  }

  private static String flood(FloodReport report) {
    return report.cookies().state() + " " + report.cookies().sentence();
  }

  private static String status(KernelStatus status) {
    return Stream.concat(
            Stream.of(status.sentence(), "libbpf " + status.libbpfVersion()),
            status.interfaces().stream().map(KernelChild::of))
        .collect(java.util.stream.Collectors.joining("|"));
  }

  private static String of(KernelStatus.Interface device) {
    var text =
        new StringBuilder(device.name() + " " + device.mode() + " [" + device.why() + "] passed=");
    text.append(device.counters().passedPackets());
    var facts = device.device();
    text.append(
        " %s %s MTU %d queues %d/%d"
            .formatted(
                device.name(),
                device.driver(),
                facts.mtu(),
                facts.receiveQueues(),
                facts.transmitQueues()));
    for (var drop : device.counters().drops()) {
      text.append(' ').append(drop.reason()).append('=').append(drop.packets());
    }
    return text.toString();
  }

  private static void say(String text) {
    System.out.println(text);
    System.out.flush();
  }
}
