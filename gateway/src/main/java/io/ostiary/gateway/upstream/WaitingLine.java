package io.ostiary.gateway.upstream;

import io.ostiary.gateway.loop.Loop;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Calls that wait until an upstream has room for them: bounded, those of high priority first, else
/// in the order they came. Each event loop has its own part, which it alone touches; a place that
/// gets free on one loop while only another has waiters is told over there.
public final class WaitingLine {
  /// A call in the line.
  public interface Waiter {
    Loop loop();

    /// There may be room. Where there is none after all, it goes [#back].
    void proceed();
  }

  private final Part[] parts;
  private final AtomicInteger waiting = new AtomicInteger();

  private static final class Part {
    private final ArrayDeque<Waiter> first = new ArrayDeque<>();
    private final ArrayDeque<Waiter> then = new ArrayDeque<>();
    private volatile @Nullable Loop loop;
    private final AtomicInteger size = new AtomicInteger();
  }

  WaitingLine(int loops) {
    parts = new Part[loops];
    java.util.Arrays.setAll(parts, i -> new Part());
  }

  /// How many wait, over all loops.
  public int waiting() {
    return waiting.get();
  }

  /// @return false: the line is full
  public boolean join(Waiter waiter, boolean high, int most) {
    if (waiting.incrementAndGet() > most) {
      waiting.decrementAndGet();
      return false;
    }
    var part = part(waiter);
    part.loop = waiter.loop();
    part.size.incrementAndGet();
    (high ? part.first : part.then).addLast(waiter);
    return true;
  }

  /// There was no room for it after all.
  public void back(Waiter waiter, boolean high) {
    waiting.incrementAndGet();
    var part = part(waiter);
    part.size.incrementAndGet();
    (high ? part.first : part.then).addFirst(waiter);
  }

  /// It does not wait any longer.
  public void leave(Waiter waiter) {
    var part = part(waiter);
    if (part.first.remove(waiter) || part.then.remove(waiter)) {
      part.size.decrementAndGet();
      waiting.decrementAndGet();
    }
  }

  /// A place got free on this loop. Told behind what runs, so that a line of calls that fail at
  /// once does not grow a stack of them.
  public void freed(Loop loop) {
    if (waiting.get() == 0) {
      return;
    }
    int own = loop.index();
    for (int i = 0; i < parts.length; i++) {
      int index = (own + i) % parts.length;
      var other = parts[index].loop;
      if (other != null && parts[index].size.get() > 0) {
        other
            .eventLoop()
            .execute(() -> {
              other.refresh();
              next(index);
            });
        return;
      }
    }
  }

  private void next(int index) {
    var part = parts[index];
    var waiter = part.first.isEmpty() ? part.then.pollFirst() : part.first.pollFirst();
    if (waiter != null) {
      part.size.decrementAndGet();
      waiting.decrementAndGet();
      waiter.proceed();
    }
  }

  private Part part(Waiter waiter) {
    return parts[waiter.loop().index()];
  }
}
