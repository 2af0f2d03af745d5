package io.ostiary.insight.live;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Between those who bring something and one who waits for it: the lock over what it holds, which
/// its owner keeps. Nobody waits any more once it is closed. Shared.
final class Mailbox {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile boolean closed;

  /// Changes what is held, and wakes who waits.
  void put(Runnable change) {
    lock.lock();
    try {
      change.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Takes what is held.
  <T extends @Nullable Object> T take(Supplier<T> taken) {
    lock.lock();
    try {
      return taken.get();
    } finally {
      lock.unlock();
    }
  }

  /// Waits while nothing is there, and at most so long; then takes what is held.
  <T extends @Nullable Object> T take(BooleanSupplier nothing, long nanos, Supplier<T> taken)
      throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = nanos;
      while (nothing.getAsBoolean() && !closed && left > 0) {
        left = changed.awaitNanos(left);
      }
      return taken.get();
    } finally {
      lock.unlock();
    }
  }

  boolean closed() {
    return closed;
  }

  void close() {
    put(() -> closed = true);
  }
}
