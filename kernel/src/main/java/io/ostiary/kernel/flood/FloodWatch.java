package io.ostiary.kernel.flood;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.FloodReport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Calls [Floods] four times a second on a thread of its own, from its making until it is closed.
public final class FloodWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FloodWatch.class);

  private final Floods floods;
  private final Thread thread;
  private volatile boolean closed;

  public FloodWatch(Floods floods) {
    this.floods = floods;
    thread = Thread.ofPlatform().daemon().name("kernel-floods").start(this::watch);
  }

  public FloodReport report() {
    try {
      return floods.report();
    } catch (LibbpfException e) {
      return FloodReport.NONE;
    }
  }

  private void watch() {
    boolean told = false;
    while (!closed) {
      try {
        floods.tick(System.nanoTime());
      } catch (LibbpfException e) {
        if (!told) {
          LOG.warn("it is not known who floods: {}", e.getMessage());
        }
        told = true;
      }
      try {
        Thread.sleep(Floods.TICK_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /// Returns when the thread has let go of the programs' memory, within a second.
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    try {
      thread.join(1000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
