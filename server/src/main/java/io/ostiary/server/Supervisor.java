package io.ostiary.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ostiary.insight.log.LocalDatagrams;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// systemd, or whoever plays it: gives us listening sockets (sd_listen_fds(3)) and is told how we
/// do (sd_notify(3)). Without one nothing is told to nobody.
///
/// Shared; each message is a datagram of its own.
final class Supervisor implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);
  private static final int FIRST_DESCRIPTOR = 3;
  private static final int DESCRIPTORS_MAX = 1024;

  private final Map<String, String> environment;
  private @Nullable Thread watchdog;

  Supervisor(Map<String, String> environment) {
    this.environment = environment;
  }

  /// Descriptors that were passed to this very process.
  List<Integer> sockets() {
    long pid = number("LISTEN_PID");
    long count = number("LISTEN_FDS");
    if (pid != ProcessHandle.current().pid() || count <= 0 || count > DESCRIPTORS_MAX) {
      return List.of();
    }
    return IntStream.range(FIRST_DESCRIPTOR, FIRST_DESCRIPTOR + (int) count).boxed().toList();
  }

  private long number(String name) {
    try {
      return Long.parseLong(environment.getOrDefault(name, "0"));
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  /// We serve; also after a reload, and in the place of another process.
  void ready(String status) {
    tell("READY=1\nMAINPID=%d\nSTATUS=%s".formatted(ProcessHandle.current().pid(), status));
  }

  void reloading() {
    tell("RELOADING=1\nMONOTONIC_USEC=%d".formatted(System.nanoTime() / 1000));
  }

  void stopping() {
    tell("STOPPING=1");
  }

  /// Says that we live as long as `alive` holds, where somebody asked for it.
  ///
  /// @param alive answers within half the time that we are given
  void watch(Predicate<Duration> alive) {
    long micros = number("WATCHDOG_USEC");
    long pid = number("WATCHDOG_PID");
    if (micros <= 0 || (pid != 0 && pid != ProcessHandle.current().pid())) {
      return;
    }
    var half = Duration.ofNanos(micros * 500);
    BooleanSupplier asked = () -> alive.test(half.dividedBy(2));
    watchdog = Thread.ofPlatform().name("watchdog").daemon(true).start(() -> watch(half, asked));
  }

  private void watch(Duration every, BooleanSupplier alive) {
    try {
      while (true) {
        if (alive.getAsBoolean()) {
          tell("WATCHDOG=1");
        } else {
          LOG.warn("an event loop does not answer; the service manager is not told that we live");
        }
        Thread.sleep(every);
      }
    } catch (InterruptedException e) {
      // It is over.
    }
  }

  private void tell(String message) {
    var socket = environment.getOrDefault("NOTIFY_SOCKET", "");
    if (socket.isEmpty()) {
      return;
    }
    try (var to = LocalDatagrams.open(socket)) {
      to.send(message.getBytes(UTF_8));
    } catch (IOException e) {
      LOG.warn("the service manager is not told '{}': {}", message, e.getMessage());
    }
  }

  @Override
  public void close() {
    if (watchdog != null) {
      watchdog.interrupt();
    }
  }
}
