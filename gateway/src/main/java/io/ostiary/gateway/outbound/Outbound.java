package io.ostiary.gateway.outbound;

import io.ostiary.gateway.spi.HttpAsk;
import io.ostiary.gateway.spi.HttpCallException;
import io.ostiary.gateway.spi.HttpCalls;
import io.ostiary.gateway.spi.HttpReply;
import io.ostiary.model.AddressText;
import io.ostiary.model.OutboundSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// The calls of all policies. Each runs on a virtual thread of its own and blocks there, so it
/// reads top to bottom; the caller gets a stage at once.
///
/// Not the JDK's client, because that resolves names itself: what was checked would not be what is
/// connected to, and a name that changes its mind in between (DNS rebinding) would pass.
///
/// Thread-safe. Kept connections are guarded by their own lock, held for map operations only.
public final class Outbound implements AutoCloseable {
  static final int IN_FLIGHT_MAX = 512;
  static final int IN_FLIGHT_PER_ORIGIN_MAX = 128;
  private static final int KEPT_PER_ORIGIN_MAX = 16;
  private static final long KEPT_NANOS = TimeUnit.SECONDS.toNanos(15);
  private static final Duration LIMIT_MAX = Duration.ofMinutes(1);

  private final Semaphore inFlight = new Semaphore(IN_FLIGHT_MAX);
  private final Map<Destination, Deque<OutboundConnection>> kept = new HashMap<>();
  private final Map<Destination, Integer> running = new HashMap<>();
  private boolean closed;

  /// The calls that these settings allow.
  public HttpCalls under(OutboundSettings settings) {
    return ask -> send(ask, settings);
  }

  private CompletionStage<HttpReply> send(HttpAsk ask, OutboundSettings settings) {
    var destination = Destination.of(ask.uri(), settings);
    var done = new CompletableFuture<HttpReply>();
    if (!begin(destination)) {
      done.completeExceptionally(
          new HttpCallException(
              destination.authority() + ": too many calls are in flight already"));
      return done;
    }
    var limit = ask.limit().compareTo(LIMIT_MAX) < 0 ? ask.limit() : LIMIT_MAX;
    var socket = new AtomicReference<@Nullable OutboundConnection>();
    Thread.ofVirtual()
        .name("outbound")
        .start(() -> {
          try {
            done.complete(exchange(ask, destination, System.nanoTime() + limit.toNanos(), socket));
          } catch (IOException | RuntimeException e) {
            done.completeExceptionally(failure(destination, e));
          } finally {
            end(destination);
          }
        });
    // The thread limits each read by what is left; this is for what it cannot limit, such as a name
    // server. It ends a little later, so that the thread's own, better sentence comes first.
    CompletableFuture.delayedExecutor(limit.toMillis() + 50, TimeUnit.MILLISECONDS)
        .execute(() -> expire(destination, done, socket.get()));
    return done;
  }

  private static void expire(
      Destination destination,
      CompletableFuture<HttpReply> done,
      @Nullable OutboundConnection connection) {
    if (done.completeExceptionally(
            new HttpCallException(destination.authority() + ": no answer in time"))
        && connection != null) {
      connection.close();
    }
  }

  private static HttpCallException failure(Destination destination, Exception e) {
    if (e instanceof HttpCallException known) {
      return known;
    }
    var why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return new HttpCallException(destination.authority() + ": " + why, e);
  }

  private HttpReply exchange(
      HttpAsk ask,
      Destination destination,
      long until,
      AtomicReference<@Nullable OutboundConnection> socket)
      throws IOException {
    var old = ask.repeatable() ? take(destination) : null;
    if (old != null) {
      socket.set(old);
      try {
        return exchange(ask, destination, until, old);
      } catch (IOException e) {
        old.close();
        if (old.answering() || System.nanoTime() >= until) {
          throw e;
        }
      }
    }
    var fresh = connect(destination, until);
    socket.set(fresh);
    try {
      return exchange(ask, destination, until, fresh);
    } catch (IOException | RuntimeException e) {
      fresh.close();
      throw e;
    }
  }

  private HttpReply exchange(
      HttpAsk ask, Destination destination, long until, OutboundConnection connection)
      throws IOException {
    var reply = connection.exchange(ask, destination, until);
    if (!connection.reusable() || !keep(destination, connection)) {
      connection.close();
    }
    return reply;
  }

  /// Every address is checked before any is tried, and what was checked is what is connected to.
  private static OutboundConnection connect(Destination destination, long until)
      throws IOException {
    InetAddress[] addresses;
    try {
      addresses = InetAddress.getAllByName(destination.host());
    } catch (UnknownHostException e) {
      throw new HttpCallException(destination.host() + ": the name is not known", e);
    }
    var guard = new AddressGuard(destination.settings());
    for (var address : addresses) {
      if (!guard.admits(address)) {
        throw new HttpCallException(
            "%s: stands for %s, which may not be called (see outbound.allow)"
                .formatted(destination.host(), AddressText.of(address)));
      }
    }
    IOException last = null;
    for (var address : addresses) {
      try {
        return OutboundConnection.open(destination, address, until);
      } catch (IOException e) {
        last = e;
      }
    }
    throw last == null ? new IOException("no address") : last;
  }

  private boolean begin(Destination destination) {
    synchronized (kept) {
      int now = running.getOrDefault(destination, 0);
      if (closed || now >= IN_FLIGHT_PER_ORIGIN_MAX || !inFlight.tryAcquire()) {
        return false;
      }
      running.put(destination, now + 1);
      return true;
    }
  }

  private void end(Destination destination) {
    inFlight.release();
    synchronized (kept) {
      running.computeIfPresent(destination, (_, now) -> now > 1 ? now - 1 : null);
    }
  }

  private @Nullable OutboundConnection take(Destination destination) {
    synchronized (kept) {
      dropOld();
      var own = kept.get(destination);
      return own == null ? null : own.pollLast();
    }
  }

  private boolean keep(Destination destination, OutboundConnection connection) {
    synchronized (kept) {
      dropOld();
      var own = kept.computeIfAbsent(destination, _ -> new ArrayDeque<>());
      if (closed || own.size() >= KEPT_PER_ORIGIN_MAX) {
        return false;
      }
      connection.restsSince(System.nanoTime());
      return own.offerLast(connection);
    }
  }

  private void dropOld() {
    long oldest = System.nanoTime() - KEPT_NANOS;
    kept.values()
        .removeIf(own -> {
          while (!own.isEmpty() && own.getFirst().restsSince() - oldest < 0) {
            own.removeFirst().close();
          }
          return own.isEmpty();
        });
  }

  @Override
  public void close() {
    synchronized (kept) {
      closed = true;
      kept.values().forEach(own -> own.forEach(OutboundConnection::close));
      kept.clear();
    }
  }
}
