package io.ostiary.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import jdk.jfr.consumer.RecordingFile;

/// What the threads of a JVM allocate while a load runs, as the flight recorder counts it.
final class Allocation {
  private static final String EVENT = "jdk.ThreadAllocationStatistics";
  private static final String SETTINGS =
      """
      <configuration version="2.0">
        <event name="%s"><setting name="enabled">true</setting><setting name="period">1 s</setting></event>
      </configuration>
      """
          .formatted(EVENT);

  private Allocation() {}

  /// One thread's count at two moments.
  private record Span(Instant from, long first, Instant until, long last) {
    Span with(Instant at, long allocated) {
      return new Span(
          at.isBefore(from) ? at : from,
          at.isBefore(from) ? allocated : first,
          at.isAfter(until) ? at : until,
          at.isAfter(until) ? allocated : last);
    }

    double bytesPerSecond() {
      double seconds = Duration.between(from, until).toNanos() / 1e9;
      return seconds > 0 ? (last - first) / seconds : 0;
    }
  }

  /// @return bytes per call, by kind of thread: `loops`, each thread of the insight room, `others`
  static Map<String, Double> perCall(long pid, Path folder, int seconds, Measurement.Sending load)
      throws IOException, InterruptedException {
    var settings = Files.writeString(folder.resolve("allocation.jfc"), SETTINGS);
    var recording = folder.resolve("allocation.jfr");
    jcmd(pid, "JFR.start", "name=allocation", "settings=" + settings);
    var sent = load.send();
    jcmd(pid, "JFR.dump", "name=allocation", "filename=" + recording);
    jcmd(pid, "JFR.stop", "name=allocation");
    var perCall = new TreeMap<String, Double>();
    double calls = sent.requests() / (double) seconds;
    spans(recording)
        .forEach(
            (name, span) -> perCall.merge(kind(name), span.bytesPerSecond() / calls, Double::sum));
    return perCall;
  }

  private static Map<String, Span> spans(Path recording) throws IOException {
    var spans = new TreeMap<String, Span>();
    for (var event : RecordingFile.readAllEvents(recording)) {
      if (event.getEventType().getName().equals(EVENT)) {
        var thread = event.getThread("thread");
        var at = event.getStartTime();
        long allocated = event.getLong("allocated");
        spans.merge(
            thread.getJavaName() + "#" + thread.getJavaThreadId(),
            new Span(at, allocated, at, allocated),
            (span, _) -> span.with(at, allocated));
      }
    }
    return spans;
  }

  private static String kind(String thread) {
    if (thread.startsWith("ostiary-loop")) {
      return "loops";
    }
    return thread.startsWith("insight-") ? thread.substring(0, thread.indexOf('#')) : "others";
  }

  private static void jcmd(long pid, String... words) throws IOException, InterruptedException {
    var own = ProcessHandle.current().info().command().orElse("java");
    var command = new java.util.ArrayList<>(List.of(own.replaceAll("java$", "jcmd"), "" + pid));
    command.addAll(List.of(words));
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var said =
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException(String.join(" ", command) + ": " + said);
    }
  }
}
