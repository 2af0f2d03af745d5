package io.ostiary.server.bench;

import io.ostiary.contract.config.ConfigRead;
import io.ostiary.contract.config.ConfigReader;
import io.ostiary.contract.config.ConfigSource;
import io.ostiary.contract.config.ConfigWatcher;
import io.ostiary.contract.openapi.OpenApiReader;
import io.ostiary.gateway.Gateway;
import io.ostiary.gateway.Published;
import io.ostiary.server.PolicyList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;

/// A configuration file that is written and followed as a running Ostiary does it: what it takes
/// from the last byte written until its plan is in force. Used by one thread.
final class FileReloads implements AutoCloseable {
  private final Gateway gateway;
  private final Path file;
  private final ConfigSource source;
  private final Map<String, Class<? extends Record>> policies = PolicyList.load().settings();
  private final SynchronousQueue<Times> done = new SynchronousQueue<>();
  private final ConfigWatcher watcher;
  private long version;

  /// @param read milliseconds to read the file and bring it into force, once it is looked at
  /// @param inForce when it was, by the clock of System.nanoTime()
  private record Times(double read, long inForce) {}

  /// @param whole milliseconds since the file was written
  record Reload(double whole, double read) {}

  FileReloads(Gateway gateway, long version) throws IOException {
    this.gateway = gateway;
    this.version = version;
    file = Files.createTempDirectory("ostiary-reloads").resolve("ostiary.yaml");
    Files.writeString(file, "listeners: []\n");
    source = new ConfigSource(file);
    watcher = ConfigWatcher.start(source, this::changed);
  }

  private void changed() {
    long begun = System.nanoTime();
    var read = ConfigReader.read(source, policies, new OpenApiReader());
    if (!(read instanceof ConfigRead.Understood(var configuration, var _))) {
      throw new IllegalStateException(read.toString());
    }
    var snapshot =
        configuration.snapshot(++version, Instant.EPOCH, List.of(), List.of(), List.of());
    if (gateway.publish(snapshot) instanceof Published.Refused(var faults)) {
      throw new IllegalStateException(faults.toString());
    }
    long now = System.nanoTime();
    try {
      done.put(new Times((now - begun) / 1e6, now));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  Reload write(String text) throws IOException {
    Files.writeString(file, text);
    long written = System.nanoTime();
    try {
      var times = done.poll(30, TimeUnit.SECONDS);
      if (times == null) {
        throw new IllegalStateException("a changed file is not in force after 30 s");
      }
      return new Reload((times.inForce() - written) / 1e6, times.read());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() throws IOException {
    watcher.close();
    Files.delete(file);
    Files.delete(file.getParent());
  }
}
