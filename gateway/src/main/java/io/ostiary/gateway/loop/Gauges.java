package io.ostiary.gateway.loop;

import java.util.concurrent.atomic.AtomicLong;

/// What one event loop counts. Written by its loop alone, without a locked instruction; read by
/// anyone.
public final class Gauges {
  private final AtomicLong accepted = new AtomicLong();
  private final AtomicLong open = new AtomicLong();
  private final AtomicLong inFlight = new AtomicLong();
  private final AtomicLong banned = new AtomicLong();
  private final AtomicLong proxyRefused = new AtomicLong();
  private final AtomicLong upstreamOpen = new AtomicLong();

  private static void add(AtomicLong to, long more) {
    to.setOpaque(to.getPlain() + more);
  }

  public void accepted() {
    add(accepted, 1);
    add(open, 1);
  }

  public void closed() {
    add(open, -1);
  }

  public void began() {
    add(inFlight, 1);
  }

  public void ended() {
    add(inFlight, -1);
  }

  public void banned() {
    add(banned, 1);
  }

  public void proxyRefused() {
    add(proxyRefused, 1);
  }

  public void upstream(int more) {
    add(upstreamOpen, more);
  }

  public long acceptedCount() {
    return accepted.getOpaque();
  }

  public long openCount() {
    return open.getOpaque();
  }

  public long inFlightCount() {
    return inFlight.getOpaque();
  }

  public long bannedCount() {
    return banned.getOpaque();
  }

  public long proxyRefusedCount() {
    return proxyRefused.getOpaque();
  }

  public long upstreamOpenCount() {
    return upstreamOpen.getOpaque();
  }
}
