package io.ostiary.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A started process of the bench, pinned to one core and ended with the bench.
record Running(String name, Process process) implements AutoCloseable {
  static Running start(String name, List<String> command, int core, Path log) throws IOException {
    return start(name, command, "" + core, log);
  }

  /// @param cores as `taskset` wants them, such as `0,1`
  static Running start(String name, List<String> command, String cores, Path log)
      throws IOException {
    var pinned = new ArrayList<>(List.of("taskset", "-c", cores));
    pinned.addAll(command);
    var process =
        new ProcessBuilder(pinned).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    return new Running(name, process);
  }

  void awaitPort(int port, Path log) throws IOException, InterruptedException {
    for (int i = 0; i < 600; i++) {
      if (!process.isAlive()) {
        break;
      }
      try (var socket = new Socket()) {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 100);
        return;
      } catch (IOException e) {
        Thread.sleep(50);
      }
    }
    throw new IOException(name + " does not listen on " + port + ":\n" + Files.readString(log));
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(15, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
