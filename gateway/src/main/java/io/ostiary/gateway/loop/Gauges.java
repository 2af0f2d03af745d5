package io.ostiary.gateway.loop;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/// What one event loop counts. Written by its loop alone, without a locked instruction; read by
/// anyone.
public final class Gauges {
  /// Kinds of floods that can be told apart.
  private static final int FLOODS_MAX = 16;

  private final AtomicLong accepted = new AtomicLong();
  private final AtomicLong open = new AtomicLong();
  private final AtomicLong inFlight = new AtomicLong();
  private final AtomicLong banned = new AtomicLong();
  private final AtomicLong proxyRefused = new AtomicLong();
  private final AtomicLong upstreamOpen = new AtomicLong();
  private final AtomicLong handshakes = new AtomicLong();
  private final AtomicLong handshakesFailed = new AtomicLong();
  private final AtomicLongArray floods = new AtomicLongArray(FLOODS_MAX);

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

  /// A handshake of TLS came about.
  public void handshake() {
    add(handshakes, 1);
  }

  public void handshakeFailed() {
    add(handshakesFailed, 1);
  }

  public long handshakeCount() {
    return handshakes.getOpaque();
  }

  public long handshakeFailedCount() {
    return handshakesFailed.getOpaque();
  }

  public void upstream(int more) {
    add(upstreamOpen, more);
  }

  /// A connection was cut off because of this kind of flood.
  public void flooded(int kind) {
    floods.setOpaque(kind, floods.getPlain(kind) + 1);
  }

  public long floodCount(int kind) {
    return floods.getOpaque(kind);
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
