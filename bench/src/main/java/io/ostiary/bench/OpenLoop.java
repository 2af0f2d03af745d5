package io.ostiary.bench;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/// Offers calls at random moments at a mean rate, whether or not those before have been answered,
/// and measures each from the moment it was due: a slow answer delays nobody else's (no coordinated
/// omission). Connections are kept and used again; a virtual thread for each call in flight.
final class OpenLoop {
  /// More calls in flight than this are not made but counted as lost: the bench's own bound.
  private static final int IN_FLIGHT_MAX = 20_000;

  private static final int TIMEOUT_MILLIS = 10_000;

  private final int port;
  private final SplittableRandom random = new SplittableRandom(42);
  private final ConcurrentLinkedDeque<Wire> wires = new ConcurrentLinkedDeque<>();
  private final AtomicLong inFlight = new AtomicLong();

  private record Wire(Socket socket, InputStream in) {}

  /// What became of the calls of one kind.
  static final class Outcome {
    private static final int CLASSES = 2000;

    final AtomicLong offered = new AtomicLong();
    final AtomicLong good = new AtomicLong();
    final AtomicLong refused = new AtomicLong();
    final AtomicLong failed = new AtomicLong();
    private final AtomicLongArray goodTimes = new AtomicLongArray(CLASSES);
    private final AtomicLongArray refusedTimes = new AtomicLongArray(CLASSES);

    /// Twentieths of an octave from 10 µs.
    private static int classOf(long nanos) {
      double octaves = Math.log(Math.max(1, nanos / 10_000.0)) / Math.log(2);
      return Math.min(CLASSES - 1, (int) (octaves * 20));
    }

    private void add(int status, long nanos) {
      if (status == 200) {
        good.incrementAndGet();
        goodTimes.incrementAndGet(classOf(nanos));
      } else if (status == 503 || status == 429) {
        refused.incrementAndGet();
        refusedTimes.incrementAndGet(classOf(nanos));
      } else {
        failed.incrementAndGet();
      }
    }

    double goodMillis(double percent) {
      return percentile(goodTimes, percent);
    }

    double refusedMillis(double percent) {
      return percentile(refusedTimes, percent);
    }

    private static double percentile(AtomicLongArray times, double percent) {
      long sum = 0;
      for (int i = 0; i < CLASSES; i++) {
        sum += times.get(i);
      }
      long seen = 0;
      for (int i = 0; i < CLASSES; i++) {
        seen += times.get(i);
        if (sum > 0 && seen >= sum * percent / 100) {
          return 0.01 * Math.pow(2, (i + 1) / 20.0);
        }
      }
      return 0;
    }

    String line(double seconds) {
      return String.format(
          Locale.ROOT,
          "%7.0f offered/s %7.0f answered/s (p50 %.1f, p99 %.1f ms) %7.0f refused/s (p99 %.1f ms)"
              + " %d failed",
          offered.get() / seconds,
          good.get() / seconds,
          goodMillis(50),
          goodMillis(99),
          refused.get() / seconds,
          refusedMillis(99),
          failed.get());
    }
  }

  /// @param perSecond calls of this kind
  /// @param request the whole request; `%d` is replaced by a number
  record Kind(double perSecond, String request, Outcome outcome) {
    static Kind of(double perSecond, String request) {
      return new Kind(perSecond, request, new Outcome());
    }
  }

  OpenLoop(int port) {
    this.port = port;
  }

  /// Offers the kinds side by side, and returns when all calls have ended.
  void run(double seconds, Kind... kinds) throws InterruptedException {
    double all = Arrays.stream(kinds).mapToDouble(Kind::perSecond).sum();
    long due = System.nanoTime();
    long until = due + (long) (seconds * 1e9);
    long number = 0;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      while (due < until) {
        due += (long) (-Math.log(1 - random.nextDouble()) * 1e9 / all);
        var kind = draw(kinds, random.nextDouble() * all);
        long wait = due - System.nanoTime();
        if (wait > 50_000) {
          TimeUnit.NANOSECONDS.sleep(wait);
        }
        kind.outcome.offered.incrementAndGet();
        if (inFlight.incrementAndGet() > IN_FLIGHT_MAX) {
          inFlight.decrementAndGet();
          kind.outcome.failed.incrementAndGet();
          continue;
        }
        long at = due;
        long n = number++;
        threads.execute(() -> call(kind, n, at));
      }
    }
  }

  private static Kind draw(Kind[] kinds, double at) {
    double rest = at;
    for (var kind : kinds) {
      rest -= kind.perSecond;
      if (rest < 0) {
        return kind;
      }
    }
    return kinds[kinds.length - 1];
  }

  private void call(Kind kind, long number, long due) {
    int status;
    try {
      status = ask(kind.request.replace("%d", "" + number));
    } catch (IOException e) {
      status = 0;
    } finally {
      inFlight.decrementAndGet();
    }
    kind.outcome.add(status, System.nanoTime() - due);
  }

  private int ask(String request) throws IOException {
    var wire = wires.pollLast();
    if (wire == null) {
      var socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(TIMEOUT_MILLIS);
      wire = new Wire(socket, new BufferedInputStream(socket.getInputStream(), 2048));
    }
    boolean keep = false;
    try {
      wire.socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      var first = line(wire.in);
      int length = 0;
      keep = true;
      for (var line = line(wire.in); !line.isEmpty(); line = line(wire.in)) {
        var lower = line.toLowerCase(Locale.ROOT);
        if (lower.startsWith("content-length:")) {
          length = Integer.parseInt(lower.substring(15).strip());
        } else if (lower.startsWith("connection:") && lower.contains("close")) {
          keep = false;
        }
      }
      if (wire.in.readNBytes(length).length < length) {
        throw new IOException("truncated");
      }
      return Integer.parseInt(first.substring(9, 12));
    } catch (IOException | RuntimeException e) {
      keep = false;
      throw e instanceof IOException io ? io : new IOException(e);
    } finally {
      if (keep) {
        wires.addLast(wire);
      } else {
        wire.socket.close();
      }
    }
  }

  private static String line(InputStream in) throws IOException {
    var line = new StringBuilder();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new IOException("closed");
      }
      if (b != '\r') {
        line.append((char) b);
      }
    }
    return line.toString();
  }
}
