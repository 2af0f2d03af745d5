package io.ostiary.control;

import io.ostiary.model.Tallies;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes what callers have used of their quotas into the database, at most once a second and once
/// more at the end. What is used is counted in memory: the data plane never waits for this, and a
/// process that is killed forgets the last second.
final class QuotaKeeper implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(QuotaKeeper.class);
  private static final long EVERY_MILLIS = 1000;

  private final Tallies tallies;
  private final AtomicBoolean failing = new AtomicBoolean();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("control-quotas").factory());

  QuotaKeeper(Tallies tallies, Tallies.Store store) {
    this.tallies = tallies;
    tallies.open(store);
    timer.scheduleWithFixedDelay(this::save, EVERY_MILLIS, EVERY_MILLIS, TimeUnit.MILLISECONDS);
  }

  /// A database that cannot be written is said once, until it can be again; nothing is lost
  /// meanwhile but by the end of the process.
  private synchronized void save() {
    try {
      tallies.save();
      failing.set(false);
    } catch (RuntimeException e) {
      if (!failing.getAndSet(true)) {
        LOG.warn("quotas are counted, but cannot be kept: {}", e.getMessage());
      }
    }
  }

  @Override
  public void close() {
    timer.shutdown();
    save();
  }
}
