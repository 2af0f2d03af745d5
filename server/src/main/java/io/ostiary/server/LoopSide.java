package io.ostiary.server;

import io.ostiary.kernel.balance.LoopSockets;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.LoopChoice;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The kernel's choice between event loops: loaded beside the other programs, and waited for by the
/// first listener. [KernelSide] has the lock.
final class LoopSide implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LoopSide.class);

  private final int loops;
  private @Nullable CompletableFuture<LoopChoice> loading;
  private volatile LoopChoice choice = LoopChoice.none("the kernel side is not asked yet");

  LoopSide(int loops) {
    this.loops = loops;
  }

  void off() {
    choice = LoopChoice.none("the configuration says kernel.interfaces: off");
  }

  void load() {
    loading = CompletableFuture.supplyAsync(() -> LoopSockets.choose(loops));
  }

  void loaded() {
    var pending = loading;
    if (pending != null) {
      loading = null;
      choice = pending.join();
    }
  }

  /// As it is when listeners open; from any thread.
  LoopChoice choice() {
    return choice;
  }

  List<KernelStatus.Program> programs() {
    return choice instanceof LoopSockets sockets ? sockets.programs() : List.of();
  }

  Map<String, String> verifierLogs() {
    return choice instanceof LoopSockets sockets ? sockets.verifierLogs() : Map.of();
  }

  /// Another process chooses from now on.
  void leave() {
    try {
      if (choice instanceof LoopSockets sockets) {
        sockets.leave();
      }
    } catch (IllegalStateException e) {
      LOG.warn("the next process cannot choose between event loops: {}", e.getMessage());
    }
  }

  /// Loops may tell it what they have for as long as they run.
  @Override
  public void close() {
    loaded();
    if (choice instanceof LoopSockets sockets) {
      off();
      sockets.close();
    }
  }
}
