package io.ostiary.gateway.spi;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// A few threads for what computes too long to do on an event loop: checking a signature, a
/// password. Bounded in threads and in what waits; what does not fit is refused at once, so that a
/// flood of it costs only itself. The threads end when there is nothing to do.
public final class Work {
  private static final long IDLE_SECONDS = 10;

  private final ThreadPoolExecutor threads;

  /// @param name of the threads
  public Work(String name, int threadsMax, int waitingMax) {
    threads =
        new ThreadPoolExecutor(
            threadsMax,
            threadsMax,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(waitingMax),
            Thread.ofPlatform().daemon().name(name + "-", 0).factory());
    threads.allowCoreThreadTimeOut(true);
  }

  /// @return completes on one of the threads; with a [RejectedExecutionException] where too much
  ///   waits already
  public <T> CompletionStage<T> run(Callable<T> task) {
    var done = new CompletableFuture<T>();
    try {
      threads.execute(() -> {
        try {
          done.complete(task.call());
        } catch (Exception | StackOverflowError e) {
          done.completeExceptionally(e);
        }
      });
    } catch (RejectedExecutionException e) {
      done.completeExceptionally(e);
    }
    return done;
  }
}
