package io.ostiary.server.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// One process goes on where another was: nobody is refused, nobody is reset. `bench/restart` runs
/// the same a hundred times (`-Dostiary.restarts=100`). Needs no root: the kernel side is off.
final class TakeOverIT {
  private static final int RESTARTS = Integer.getInteger("ostiary.restarts", 2);

  @TempDir private Path folder;
  private final List<Process> processes = new ArrayList<>();
  private FakeUpstream upstream;
  private int port;
  private int control;
  private Path config;
  private Path log;

  @BeforeEach
  void open() throws IOException {
    upstream =
        FakeUpstream.of(talk -> {
          talk.body();
          return talk.target().equals("/stream") ? stream(talk) : talk.ok("hello");
        });
    port = freePort();
    control = freePort();
    log = folder.resolve("log");
    config = folder.resolve("ostiary.yaml");
    Files.writeString(
        config,
        """
        listeners: [ { address: "127.0.0.1:%d" } ]
        apis: [ { name: a, path: /, upstream: u } ]
        upstreams: [ { name: u, targets: "127.0.0.1:%d" } ]
        kernel: { interfaces: off }
        timeouts: { drain: 10s }
        access-log: { to: access.log, format: common }
        """
            .formatted(port, upstream.port()));
  }

  @AfterEach
  void close() throws InterruptedException {
    processes.forEach(Process::destroy);
    for (var process : processes) {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    }
    upstream.close();
  }

  private static boolean stream(FakeUpstream.Talk talk) throws IOException {
    talk.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
    for (int i = 0; i < 12; i++) {
      talk.send("data: " + i + "\n\n");
      try {
        Thread.sleep(250);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    talk.send("data: last\n\n");
    return false;
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private Process start(List<String> before, String... more) throws IOException {
    // Under nohup, as some run tests, the JVM leaves SIGHUP ignored and takes no handler for it.
    var command = new ArrayList<>(List.of("env", "--default-signal=HUP"));
    command.addAll(before);
    command.addAll(
        Ostiary.java(
            "run",
            "--config",
            config.toString(),
            "--data",
            folder.resolve("data").toString(),
            "--control",
            "127.0.0.1:" + control));
    command.addAll(List.of(more));
    var builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().put("_JAVA_SR_SIGNUM", "50");
    var process = builder.start();
    processes.add(process);
    return process;
  }

  private String output() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private void await(String what, BooleanSupplier held) throws InterruptedException {
    long until = System.nanoTime() + 60_000_000_000L;
    while (!held.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited for %s:%n%s", what, output()).isLessThan(until);
      Thread.sleep(20);
    }
  }

  private int count(String text) {
    return output().split(text, -1).length - 1;
  }

  @Test
  void nobodyIsRefusedOrResetWhileProcessesFollowEachOther() throws Exception {
    start(List.of());
    await("the first to serve", () -> output().contains("sign in"));
    SteadyLoad load = new SteadyLoad(port, 16, 8, 4, 50);
    try (load) {
      for (int i = 1; i <= RESTARTS; i++) {
        int wanted = i;
        long before = load.answered.get();
        Thread.sleep(500);
        start(List.of(), "--take-over");
        await("number " + i, () -> count("the process before is told") == wanted);
        await("calls", () -> load.answered.get() > before + 500);
      }
    }
    System.out.printf(
        "restarts %d: %d calls over %d connections, %d streams, slowest %d ms, failures %s%n",
        RESTARTS,
        load.answered.get(),
        load.connections.get(),
        load.streams.get(),
        load.slowestNanos.get() / 1_000_000,
        load.failures.stream().limit(20).toList());
    assertThat(load.failures).as(output()).isEmpty();
    assertThat(load.streams.get()).isPositive();
    await("those before to end", () -> processes.stream().filter(Process::isAlive).count() == 1);
    assertThat(output()).contains("calls ended here after the hand-over");
    for (var process : processes.subList(0, processes.size() - 1)) {
      assertThat(process.exitValue()).as(output()).isZero();
    }
    assertThat(Files.readAllLines(folder.resolve("access.log")).size())
        .as("lines of the access log, over all processes")
        .isEqualTo((int) (load.answered.get() + load.streams.get()));
  }

  @Test
  void aSignalUpgradesAndAnotherReopensTheLogs() throws Exception {
    var first = start(List.of());
    await("the first to serve", () -> output().contains("sign in"));
    signal(first, "USR1");
    await("the log to be opened anew", () -> output().contains("opened anew"));
    signal(first, "HUP");
    await("the configuration to be read", () -> output().contains("is in force"));
    signal(first, "USR2");
    await("the next", () -> output().contains("the process before is told"));
    assertThat(first.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(first.exitValue()).isZero();
    long next = Long.parseLong(Files.readString(folder.resolve("data").resolve("lock")).strip());
    assertThat(next).isNotEqualTo(first.pid());
    ProcessHandle.of(next).orElseThrow().destroy();
  }

  private static void signal(Process process, String name) throws Exception {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }

  @Test
  void aNextProcessThatFailsLeavesTheFirstServing() throws Exception {
    start(List.of());
    await("the first to serve", () -> output().contains("sign in"));
    var good = Files.readString(config);
    var bad = folder.resolve("bad.yaml");
    Files.writeString(bad, good.replace("path: /", "path: nowhere"));
    var mended = config;
    config = bad;
    var second = start(List.of(), "--take-over");
    assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(second.exitValue()).isEqualTo(1);
    await("the first to say so", () -> output().contains("serves on, without console"));
    try (var load = new SteadyLoad(port, 2, 2, 0, 50)) {
      Thread.sleep(500);
      assertThat(load.failures).isEmpty();
      config = mended;
      start(List.of(), "--take-over");
      await("the third", () -> output().contains("the process before is told"));
      Thread.sleep(300);
      assertThat(load.failures).isEmpty();
    }
  }

  /// Python plays systemd: it binds the socket, passes it as descriptor 3, and listens to what it
  /// is told.
  @Test
  void takesSocketsFromSystemdAndTellsItHowItDoes() throws Exception {
    var told = folder.resolve("told");
    var script =
        """
        import os, signal, socket, sys
        signal.signal(signal.SIGCHLD, lambda *_: os.waitpid(-1, os.WNOHANG))
        port, notify, told = int(sys.argv[1]), sys.argv[2], sys.argv[3]
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(('127.0.0.1', port)); s.listen(4096)
        n = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        n.bind('\\0' + notify[1:])
        pid = os.fork()
        if pid == 0:
            n.close()
            os.dup2(s.fileno(), 3); os.set_inheritable(3, True)
            os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()), NOTIFY_SOCKET=notify,
                              WATCHDOG_USEC='400000')
            os.execvp(sys.argv[4], sys.argv[4:])
        print(pid, flush=True)
        with open(told, 'w') as out:
            while True:
                out.write(n.recv(4096).decode() + '\\n--\\n'); out.flush()
        """;
    var notify = "@ostiary-test-" + port;
    var python =
        start(List.of("python3", "-c", script, Integer.toString(port), notify, told.toString()));
    BooleanSupplier ready = () -> told(told).contains("READY=1");
    await("READY", ready);
    long pid = Long.parseLong(output().lines().findFirst().orElseThrow());
    assertThat(told(told)).contains("MAINPID=" + pid);
    try (var load = new SteadyLoad(port, 2, 2, 0, 50)) {
      Thread.sleep(500);
      assertThat(load.failures).isEmpty();
      assertThat(load.answered.get()).isPositive();
    }
    await("the watchdog", () -> told(told).contains("WATCHDOG=1"));
    new ProcessBuilder("kill", "-HUP", Long.toString(pid)).start().waitFor();
    await("RELOADING", () -> told(told).contains("RELOADING=1\nMONOTONIC_USEC="));
    new ProcessBuilder("kill", "-TERM", Long.toString(pid)).start().waitFor();
    await("STOPPING", () -> told(told).contains("STOPPING=1"));
    await("its end", () -> ProcessHandle.of(pid).map(handle -> !handle.isAlive()).orElse(true));
    python.destroy();
  }

  private static String told(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file, UTF_8) : "";
    } catch (IOException e) {
      return "";
    }
  }
}
