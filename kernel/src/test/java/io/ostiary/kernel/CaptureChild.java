package io.ostiary.kernel;

import io.ostiary.kernel.capture.CaptureTap;
import io.ostiary.kernel.capture.Captures;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.KernelSettings.Interfaces;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.capture.CallNames;
import io.ostiary.model.capture.Capture;
import io.ostiary.model.capture.CaptureRefusedException;
import io.ostiary.model.capture.CaptureRequest;
import io.ostiary.model.capture.CaptureRequest.Verdicts;
import io.ostiary.model.capture.CaptureSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A process that holds a [Kernel] with its captures and does what it is told by lines:
///
///     open FOLDER keep|cut LAST_SECONDS [denied source]   rules on `gate`
///     start VERDICTS SNAP PORT PACKETS LAST               the capture's id
///     stop ID, show ID                                    STATE PACKETS LOST WHY
///     write ID FILE
final class CaptureChild {
  private final Kernel kernel;
  private @Nullable Captures captures;

  private CaptureChild(Kernel kernel) {
    this.kernel = kernel;
  }

  static void main() throws IOException {
    if (!(Kernel.open() instanceof Kernel.Opened.Running(var kernel))) {
      System.out.println("unavailable");
      return;
    }
    var child = new CaptureChild(kernel);
    System.out.println("open");
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (var line = lines.readLine(); line != null; line = lines.readLine()) {
      try {
        System.out.println(child.answer(List.of(line.split(" "))));
      } catch (CaptureRefusedException | IOException e) {
        System.out.println("refused " + e.getMessage());
      }
      System.out.flush();
    }
    kernel.close();
  }

  private String answer(List<String> words) throws CaptureRefusedException, IOException {
    var all = captures;
    if (words.getFirst().equals("open")) {
      return open(words);
    }
    if (all == null) {
      throw new IllegalStateException("not open");
    }
    return switch (words.getFirst()) {
      case "start" -> all.start(request(words), "test").id();
      case "stop" -> said(all.stop(words.get(1)).orElseThrow());
      case "show" -> said(all.find(words.get(1)).orElseThrow());
      case "write" -> {
        try (var out = Files.newOutputStream(Path.of(words.get(2)))) {
          all.write(words.get(1), CallNames.NONE, false, out);
        }
        yield "written";
      }
      default -> "unknown";
    };
  }

  private static String said(Capture capture) {
    return capture.state()
        + " packets="
        + capture.packets()
        + " lost="
        + capture.lost()
        + " "
        + capture.why();
  }

  private String open(List<String> words) {
    var rules = new ArrayList<KernelRule>();
    if (words.size() > 4) {
      rules.add(
          new KernelRule.Deny(
              new KernelRule.Match(List.of(Cidr.parse(words.get(4))), List.of(), Set.of())));
    }
    var settings =
        new KernelSettings(new Interfaces.Named(List.of("gate")), false, List.of(), rules);
    var problems = kernel.apply(settings, List.of(), List.of());
    var place =
        new Captures.Place() {
          @Override
          public CaptureTap tap() {
            return kernel.captureTap();
          }

          @Override
          public KernelStatus status() {
            return kernel.status();
          }
        };
    var opened = new Captures(Path.of(words.get(1)), place, Clock.systemUTC());
    var defaults = CaptureSettings.DEFAULT;
    opened.apply(
        new CaptureSettings(
            Duration.ofSeconds(Long.parseLong(words.get(3))),
            defaults.snap(),
            words.get(2).equals("keep"),
            defaults.mask(),
            defaults.bytesMax()));
    captures = opened;
    return problems.isEmpty() ? "opened" : String.join(" ", problems);
  }

  private static CaptureRequest request(List<String> words) {
    int port = Integer.parseInt(words.get(3));
    return new CaptureRequest(
        null,
        port == 0 ? List.of() : List.of(port),
        0,
        null,
        List.of(),
        Verdicts.valueOf(words.get(1)),
        null,
        null,
        null,
        Integer.parseInt(words.get(2)),
        1,
        Duration.ofSeconds(60),
        Long.parseLong(words.get(4)),
        Boolean.parseBoolean(words.get(5)));
  }
}
