package io.ostiary.gateway.loop;

import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/// The time-outs of one event loop: a wheel of 256 slots, 50 ms apart, turned while anything hangs
/// in it. A deadline that moves away stays in its slot and is hung up anew when its turn comes, so
/// the usual case, a wait that ends in time, costs nothing more than two writes.
///
/// The loop is asked to turn it from outside, by the thread that watches the loops. A task that the
/// loop scheduled for itself would give each of its waits for sockets a time-out: an entry of the
/// ring, a timer of the kernel, and a completion, for nearly every call where there are few.
///
/// A time-out fires at most 120 ms late, never early. Confined to its event loop, but for [#look].
@SuppressWarnings("ReferenceEquality") // Whether it is the same object is the question.
public final class Deadlines implements Runnable {
  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final int SLOTS = 256;

  private final Executor loop;
  private final Deadline[] slots = new Deadline[SLOTS];
  private final long origin = System.nanoTime();
  private long turned;
  private int hanging;
  private volatile boolean turning;
  private volatile boolean asked;
  private long askedAt = origin;

  /// @param loop runs what it is given on the event loop
  public Deadlines(Executor loop) {
    this.loop = loop;
    for (int i = 0; i < SLOTS; i++) {
      var head = new Deadline(() -> {});
      head.before = head;
      head.after = head;
      slots[i] = head;
    }
  }

  /// Lets the deadline expire at this nanosecond unless it is set again or cleared before.
  public void set(Deadline deadline, long atNanos) {
    deadline.at = atNanos;
    long tick = tickOf(atNanos);
    if (deadline.after != null) {
      if (deadline.tick <= tick) {
        return;
      }
      unhang(deadline);
    }
    hang(deadline, tick);
  }

  /// Lets go of a deadline whose owner ends.
  public void remove(Deadline deadline) {
    deadline.clear();
    if (deadline.after != null) {
      unhang(deadline);
    }
  }

  private long tickOf(long atNanos) {
    return (atNanos - origin) / TICK_NANOS + 1;
  }

  private void hang(Deadline deadline, long wanted) {
    if (hanging == 0 && !turning) {
      turned = Math.max(turned, (System.nanoTime() - origin) / TICK_NANOS);
    }
    deadline.tick = Math.clamp(wanted, turned + 1, turned + SLOTS - 1);
    var head = slots[(int) (deadline.tick & SLOTS - 1)];
    var last = java.util.Objects.requireNonNull(head.before);
    deadline.before = last;
    deadline.after = head;
    last.after = deadline;
    head.before = deadline;
    hanging++;
    if (!turning) {
      turning = true;
    }
  }

  private void unhang(Deadline deadline) {
    var before = java.util.Objects.requireNonNull(deadline.before);
    var after = java.util.Objects.requireNonNull(deadline.after);
    before.after = after;
    after.before = before;
    deadline.before = null;
    deadline.after = null;
    hanging--;
  }

  /// Asks the loop to turn the wheel, where something hangs in it and a tick is over. For the one
  /// thread that calls this every 50 ms or more often.
  public void look(long now) {
    if (turning && !asked && now - askedAt >= TICK_NANOS) {
      askedAt = now;
      asked = true;
      loop.execute(this);
    }
  }

  @Override
  public void run() {
    asked = false;
    long now = System.nanoTime();
    long until = (now - origin) / TICK_NANOS;
    // After a long stall every slot is due once; no slot needs two visits.
    turned = Math.max(turned, until - SLOTS);
    while (turned < until) {
      turned++;
      turn(slots[(int) (turned & SLOTS - 1)], now);
    }
    turning = hanging > 0;
  }

  private void turn(Deadline head, long now) {
    var last = head.before;
    while (head.after != head) {
      var due = java.util.Objects.requireNonNull(head.after);
      boolean atLast = due == last;
      unhang(due);
      if (due.at <= now) {
        due.at = Deadline.NEVER;
        due.expired.run();
      } else if (due.at != Deadline.NEVER) {
        hang(due, tickOf(due.at));
      }
      if (atLast) {
        return;
      }
    }
  }
}
