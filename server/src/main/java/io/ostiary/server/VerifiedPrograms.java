package io.ostiary.server;

import io.ostiary.model.KernelStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps in the data folder what the verifier made of each kernel program, and tells what is
/// different from the start before: another kernel, or another Ostiary, may verify them otherwise.
final class VerifiedPrograms {
  private static final Logger LOG = LoggerFactory.getLogger(VerifiedPrograms.class);
  private static final String NUMBERS = "programs.txt";
  private static final String LOGS = "verifier.log";

  private VerifiedPrograms() {}

  /// @param logs what the verifier said, by program
  /// @return what has changed, one line for each program; empty at the first start
  static List<String> keep(Path folder, KernelStatus status, Map<String, String> logs) {
    if (status.programs().isEmpty()) {
      return List.of();
    }
    var now = new TreeMap<String, String>();
    for (var program : status.programs()) {
      now.put(
          program.name(),
          "%d instructions, %d verified, %d bytes of machine code"
              .formatted(program.instructions(), program.verified(), program.machineBytes()));
    }
    try {
      Files.createDirectories(folder);
      var before = read(folder.resolve(NUMBERS));
      var text = new StringBuilder("# Linux " + status.kernelRelease() + "\n");
      now.forEach((name, numbers) -> text.append(name).append(": ").append(numbers).append('\n'));
      Files.writeString(folder.resolve(NUMBERS), text);
      var said = new StringBuilder();
      new TreeMap<>(logs).forEach((name, log) -> said.append(name + ":\n" + log + "\n\n"));
      Files.writeString(folder.resolve(LOGS), said);
      return before.isEmpty() ? List.of() : differences(before, now);
    } catch (IOException e) {
      LOG.warn("what the verifier said is not kept: {}", e.getMessage());
      return List.of();
    }
  }

  private static Map<String, String> read(Path file) throws IOException {
    var found = new TreeMap<String, String>();
    if (Files.exists(file)) {
      for (var line : Files.readAllLines(file)) {
        int colon = line.indexOf(": ");
        if (!line.startsWith("#") && colon > 0) {
          found.put(line.substring(0, colon), line.substring(colon + 2));
        }
      }
    }
    return found;
  }

  static List<String> differences(Map<String, String> before, Map<String, String> now) {
    var found = new ArrayList<String>();
    var names = new TreeMap<>(before);
    names.putAll(now);
    for (var name : names.keySet()) {
      var was = before.get(name);
      var is = now.get(name);
      if (was == null) {
        found.add(name + " is new: " + is);
      } else if (is == null) {
        found.add(name + " is gone; it had " + was);
      } else if (!was.equals(is)) {
        found.add(name + " has " + is + "; it had " + was);
      }
    }
    return found;
  }
}
