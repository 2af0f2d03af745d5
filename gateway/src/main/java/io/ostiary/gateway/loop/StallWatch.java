package io.ostiary.gateway.loop;

import io.ostiary.gateway.Stall;
import io.ostiary.model.CallId;
import io.ostiary.model.LateLogger;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// Looks forty times a second whether a filter holds an event loop, which stops every call on it;
/// twenty times where none has run for a second. A filter that does so is named with its call and
/// where it stands, in the log at once, and counted.
///
/// Its own thread reads what loops write without a lock; what it counts is guarded by its own.
public final class StallWatch implements AutoCloseable {
  private static final System.Logger LOG = new LateLogger("io.ostiary.gateway");
  private static final long TICK_MILLIS = 25;
  private static final long STILL_MILLIS = 50;
  private static final int LOOKS_UNTIL_STILL = 50;
  private static final long LIMIT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final int FRAMES = 8;

  /// Names of policies are few; this bounds what a fault could make.
  private static final int POLICIES_MAX = 1000;

  private final List<Hold> holds;
  private final long[] turns;
  private final long[] since;
  private final boolean[] told;
  private final Map<String, Stall> stalls = new TreeMap<>();
  private final Runnable beside;
  private final Thread thread;
  private int still;

  /// @param beside what else is done with each look, in microseconds; 50 ms apart at most
  public StallWatch(List<Hold> holds, Runnable beside) {
    this.beside = beside;
    this.holds = List.copyOf(holds);
    turns = new long[holds.size()];
    since = new long[holds.size()];
    told = new boolean[holds.size()];
    thread = Thread.ofPlatform().daemon().name("ostiary-stalls").unstarted(this::watch);
  }

  public void start() {
    thread.start();
  }

  private void watch() {
    try {
      while (true) {
        TimeUnit.MILLISECONDS.sleep(still < LOOKS_UNTIL_STILL ? TICK_MILLIS : STILL_MILLIS);
        look();
      }
    } catch (InterruptedException e) {
      // It is closed.
    }
  }

  /// Whatever goes wrong in one look, the next one comes: time-outs depend on it.
  private void look() {
    try {
      beside.run();
      still++;
      for (int i = 0; i < holds.size(); i++) {
        look(i, System.nanoTime());
      }
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "a look at the event loops failed", e);
    }
  }

  private void look(int index, long now) {
    var hold = holds.get(index);
    long turn = hold.turn();
    if (turn != turns[index]) {
      still = 0;
      turns[index] = turn;
      since[index] = now;
      told[index] = false;
      return;
    }
    long held = now - since[index];
    if ((turn & 1) == 0 || held < LIMIT_NANOS) {
      return;
    }
    var policy = hold.policy();
    var call = CallId.text(hold.call());
    if (hold.turn() != turn || policy == null) {
      return;
    }
    if (!told[index]) {
      LOG.log(System.Logger.Level.WARNING, sentence(index, policy, call, held));
    }
    count(policy, call, TimeUnit.NANOSECONDS.toMillis(held), !told[index]);
    told[index] = true;
  }

  private String sentence(int index, String policy, String call, long held) {
    return "policy %s holds event loop %d for %d ms in call %s; no other call on it moves. It stands at%s"
        .formatted(policy, index, TimeUnit.NANOSECONDS.toMillis(held), call, frames(index));
  }

  private String frames(int index) {
    var thread = holds.get(index).thread();
    return thread == null
        ? " (not known)"
        : Arrays.stream(thread.getStackTrace())
            .limit(FRAMES)
            .map(frame -> System.lineSeparator() + "    " + frame)
            .collect(Collectors.joining());
  }

  private synchronized void count(String policy, String call, long millis, boolean isNew) {
    if (stalls.size() >= POLICIES_MAX && !stalls.containsKey(policy)) {
      return;
    }
    stalls.merge(
        policy,
        new Stall(policy, 1, millis, call, Instant.now()),
        (before, now) ->
            new Stall(
                policy,
                before.count() + (isNew ? 1 : 0),
                Math.max(before.longestMillis(), millis),
                call,
                now.lastAt()));
  }

  /// By name of the policy.
  public synchronized List<Stall> stalls() {
    return List.copyOf(stalls.values());
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
