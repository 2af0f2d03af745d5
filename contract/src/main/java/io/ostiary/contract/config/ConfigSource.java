package io.ostiary.contract.config;

import io.ostiary.contract.tree.Fault;
import io.ostiary.contract.tree.Limits;
import io.ostiary.contract.tree.Parsed;
import io.ostiary.contract.tree.TreeReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A configuration file that is read again and again: by the watcher for the documents that it
/// names, by the list of policies for their folder, and to bring it into force. As long as no byte
/// of it differs they all get the same tree, which costs most of a reading. Safe for all threads;
/// they take turns.
public final class ConfigSource {
  private final Path file;
  private byte @Nullable [] bytes;
  private Parsed parsed = new Parsed.Broken(List.<Fault>of());

  public ConfigSource(Path file) {
    this.file = file;
  }

  public Path file() {
    return file;
  }

  /// What it holds now.
  synchronized Parsed parsed() {
    byte[] now = read();
    if (now == null) {
      // Too long, or it cannot be read: that is said anew each time.
      return TreeReader.read(file, file.toString(), Limits.CONFIGURATION);
    }
    if (!Arrays.equals(now, bytes)) {
      parsed = TreeReader.parse(now, file.toString(), Limits.CONFIGURATION);
      bytes = now;
    }
    return parsed;
  }

  private byte @Nullable [] read() {
    try (var in = Files.newInputStream(file)) {
      int most = (int) Limits.CONFIGURATION.bytesMax();
      byte[] all = in.readNBytes(most + 1);
      return all.length > most ? null : all;
    } catch (IOException e) {
      return null;
    }
  }
}
