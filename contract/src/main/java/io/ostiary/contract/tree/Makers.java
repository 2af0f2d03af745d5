package io.ostiary.contract.tree;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import org.jspecify.annotations.Nullable;

/// Makes of items what their reader wants while the text is still being composed: in a second
/// thread where there are many of them and two processors, since to make something of an item takes
/// longer than to compose it. Whoever composes lends a hand when the other one is behind, so that
/// few nodes wait. Used by one thread, which calls [#finish] at last and [#close] in any case.
final class Makers {
  private static final int BATCH = 32;
  private static final int WAITING_MAX = 4;

  /// Long after any batch is done.
  private static final long WAIT_MILLIS = 30_000;

  private static final boolean ALONE = Runtime.getRuntime().availableProcessors() < 2;

  private record Job(Followed item, Members members) {}

  private final Making making;
  private final ArrayBlockingQueue<List<Job>> waiting = new ArrayBlockingQueue<>(WAITING_MAX);
  private List<Job> batch = new ArrayList<>(BATCH);
  private Making.@Nullable Maker own;
  private @Nullable Thread beside;
  private volatile @Nullable RuntimeException failure;

  Makers(Making making) {
    this.making = making;
  }

  /// Whether something is made of the items of these lists.
  boolean makes(String list, String inner) {
    return making.makes(list, inner);
  }

  void add(Followed item, Members members) {
    batch.add(new Job(item, members));
    if (batch.size() == BATCH) {
      var full = batch;
      batch = new ArrayList<>(BATCH);
      if (ALONE || !beside(full)) {
        make(full);
      }
    }
  }

  private boolean beside(List<Job> full) {
    if (beside == null) {
      // Not a virtual one: it computes all the time, and these would have no carrier left.
      beside = Thread.ofPlatform().daemon().name("config-maker").start(this::run);
    }
    return waiting.offer(full);
  }

  private void run() {
    var maker = making.maker();
    try {
      for (var jobs = waiting.take(); !jobs.isEmpty(); jobs = waiting.take()) {
        make(jobs, maker);
      }
    } catch (InterruptedException e) {
      // Nobody needs the rest.
    } catch (RuntimeException e) {
      failure = e;
    }
  }

  private void make(List<Job> jobs) {
    own = own == null ? making.maker() : own;
    make(jobs, own);
  }

  private static void make(List<Job> jobs, Making.Maker maker) {
    for (var job : jobs) {
      var made = maker.of(job.members);
      if (made != null) {
        job.item.made(made);
      }
    }
  }

  /// Waits for what is not made yet.
  void finish() {
    make(batch);
    batch = List.of();
    for (var jobs = waiting.poll(); jobs != null; jobs = waiting.poll()) {
      make(jobs);
    }
    var other = beside;
    if (other == null) {
      return;
    }
    boolean interrupted = false;
    try {
      waiting.put(List.of());
      other.join(WAIT_MILLIS);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    // Whatever is not made by now is made when it is asked for.
    if (failure != null) {
      throw failure;
    }
  }

  /// Ends the other one, also where the text is not what it seemed to be.
  void close() {
    if (beside != null) {
      beside.interrupt();
    }
  }
}
