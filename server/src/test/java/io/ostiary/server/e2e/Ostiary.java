package io.ostiary.server.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A running Ostiary: the built distribution, started as the launcher starts it.
final class Ostiary implements AutoCloseable {
  static final Path LIB = Path.of("target/dist/lib").toAbsolutePath();

  private static final JsonMapper JSON = JsonMapper.builder().build();

  final Host host;
  final Path data;
  final Path log;
  final Process process;

  private Ostiary(Host host, Path data, Path log, Process process) {
    this.host = host;
    this.data = data;
    this.log = log;
    this.process = process;
  }

  /// Starts `run` and waits until it is ready.
  ///
  /// @param before what comes before `java`, such as `setpriv` and its options
  static Ostiary start(Host host, Path folder, List<String> before, String... options) {
    var data = folder.resolve("data");
    var log = folder.resolve("ostiary-" + System.nanoTime() + ".log");
    var command = new ArrayList<>(before);
    command.addAll(java("run", "--data", data.toString()));
    command.addAll(List.of(options));
    var ostiary = new Ostiary(host, data, log, host.start(log, command));
    ostiary.await("to be ready", () -> ostiary.ready());
    return ostiary;
  }

  /// The command that runs the distribution's main class.
  static List<String> java(String... arguments) {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                LIB + "/*",
                "io.ostiary.server.Main"));
    command.addAll(List.of(arguments));
    return command;
  }

  private boolean ready() {
    if (!process.isAlive()) {
      throw new IllegalStateException("it ended with " + process.exitValue() + ":\n" + output());
    }
    return host.run("curl", "-sf", "-m", "2", "http://127.0.0.1:9080/readyz").exit() == 0;
  }

  String output() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }

  /// Asks the admin API.
  JsonNode admin(String path) {
    return JSON.readTree(
        host.must(
            "curl", "-sf", "-m", "10", "-H", bearer(), "http://127.0.0.1:9080/api/v1" + path));
  }

  JsonNode admin(String method, String path, String body) {
    var text =
        host.must(
            "curl",
            "-s",
            "-m",
            "10",
            "-X",
            method,
            "-H",
            bearer(),
            "-H",
            "Content-Type: application/json",
            "-d",
            body,
            "http://127.0.0.1:9080/api/v1" + path);
    return JSON.readTree(text.isEmpty() ? "null" : text);
  }

  String bearer() {
    return "Authorization: Bearer " + token();
  }

  String token() {
    try {
      return Files.readString(data.resolve("admin.token")).strip();
    } catch (IOException e) {
      throw new IllegalStateException("no admin.token:\n" + output(), e);
    }
  }

  /// Runs a command of ours, such as `explain`, beside it.
  Host.Output command(String... arguments) {
    var all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--data", data.toString()));
    return host.run(java(all.toArray(String[]::new)));
  }

  void await(String what, BooleanSupplier condition) {
    await(what, Duration.ofSeconds(30), condition);
  }

  void await(String what, Duration limit, BooleanSupplier condition) {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException("waited " + limit + " for it " + what + ":\n" + output());
      }
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }
  }

  void kill() {
    process.destroyForcibly();
    join();
  }

  @Override
  public void close() {
    process.destroy();
    join();
  }

  private void join() {
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IllegalStateException("it did not end 20 s after SIGTERM:\n" + output());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
