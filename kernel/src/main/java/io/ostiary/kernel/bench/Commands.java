package io.ostiary.kernel.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The host's own tools, and what they say.
final class Commands {
  private static final Pattern PROGRAM = Pattern.compile("prog/xdp id (\\d+)");

  private Commands() {}

  @SuppressWarnings("SystemOut")
  static void say(String text) {
    System.out.println(text);
  }

  static boolean there(String command) {
    return Stream.of("/usr/sbin", "/usr/bin", "/sbin", "/bin")
        .anyMatch(at -> Files.isExecutable(Path.of(at, command)));
  }

  static String run(String... command) throws IOException, InterruptedException {
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IllegalStateException(String.join(" ", command) + ": " + output.strip());
    }
    return output;
  }

  static int attachedProgram(String device) throws IOException, InterruptedException {
    var link = run("ip", "-d", "link", "show", device);
    var id = PROGRAM.matcher(link);
    if (!id.find()) {
      throw new IllegalStateException("ip -d link show " + device + ": no XDP program: " + link);
    }
    return Integer.parseInt(id.group(1));
  }

  static String processor() throws IOException {
    try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("unknown");
    }
  }
}
