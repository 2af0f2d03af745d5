package io.ostiary.policies;

import io.ostiary.gateway.spi.Verdict;
import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;

/// Checks the bodies of one operation where they do not hold up other calls: short ones on the
/// event loop, long ones and those of a schema that was slow on threads beside it. For all event
/// loops at once.
final class BodyChecks {
  /// Longer bodies are checked beside the event loop.
  static final int ON_LOOP_BYTES_MAX = 16 * 1024;

  /// So many bodies wait to be checked.
  private static final int WAITING_MAX = 32;

  /// A check that takes longer makes the next bodies of its operation be checked beside the loop,
  /// whatever their length: with some schemas a hundred bytes suffice to do a million steps.
  private static final long SLOW_NANOS = 5_000_000;

  private static final int WARY_CHECKS = 256;

  private final Executor executor;

  /// How many checks are still to be done beside the loop because one was slow.
  private final AtomicInteger wary = new AtomicInteger();

  BodyChecks(Executor executor) {
    this.executor = executor;
  }

  /// Half of the processors at most, so that hostile bodies leave the other half to event loops.
  static Executor threads() {
    int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    var pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING_MAX),
            Thread.ofPlatform().daemon().name("ostiary-validate-", 0).factory());
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /// The content is only lent, and the exchange belongs to its loop: beside the loop the check gets
  /// a copy of the one and must not touch the other.
  ///
  /// @param busy asked on the loop where too many wait already
  Verdict run(ByteBuffer content, Function<ByteBuffer, Verdict> check, Supplier<Verdict> busy) {
    if (content.remaining() <= ON_LOOP_BYTES_MAX && wary.get() == 0) {
      return timed(content, check);
    }
    var copy = ByteBuffer.allocate(content.remaining()).put(content).flip();
    try {
      return new Verdict.Wait(CompletableFuture.supplyAsync(() -> timed(copy, check), executor));
    } catch (RejectedExecutionException e) {
      return busy.get();
    }
  }

  private Verdict timed(ByteBuffer content, Function<ByteBuffer, Verdict> check) {
    long begun = System.nanoTime();
    var verdict = check.apply(content);
    if (System.nanoTime() - begun > SLOW_NANOS) {
      wary.set(WARY_CHECKS);
    } else if (wary.get() > 0) {
      wary.decrementAndGet();
    }
    return verdict;
  }
}
