package io.ostiary.gateway;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A process of `upstream.mjs`: an upstream over HTTP/2 or TLS that is not ours.
final class NodeUpstream implements AutoCloseable {
  private final Process process;
  final int port;

  /// @param kind h2c, h2, auto or https
  /// @param files key, certificate and, where clients must prove who they are, those who vouch
  NodeUpstream(String kind, Path... files) {
    var command = new ArrayList<>(List.of("node", "src/test/resources/upstream.mjs", kind));
    for (var file : files) {
      command.add(file.toString());
    }
    try {
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
      port = Integer.parseInt(out.readLine());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /// It is gone without another word; its kernel ends its connections in order.
  void kill() {
    process.destroyForcibly();
  }

  @Override
  public void close() {
    kill();
  }
}
