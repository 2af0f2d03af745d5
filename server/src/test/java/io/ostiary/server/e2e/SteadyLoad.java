package io.ostiary.server.e2e;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// Calls at a steady rate, over kept and over new connections, and long streams; notes each that
/// was refused, reset or broken off, strictly: also the end of a kept connection that no answer had
/// announced.
final class SteadyLoad implements AutoCloseable {
  private static final byte[] GET =
      "GET /x HTTP/1.1\r\nHost: t.example\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
  private static final byte[] GET_ONCE =
      "GET /x HTTP/1.1\r\nHost: t.example\r\nConnection: close\r\n\r\n"
          .getBytes(StandardCharsets.ISO_8859_1);
  private static final byte[] STREAM =
      "GET /stream HTTP/1.1\r\nHost: t.example\r\nConnection: close\r\n\r\n"
          .getBytes(StandardCharsets.ISO_8859_1);

  final AtomicLong answered = new AtomicLong();
  final AtomicLong connections = new AtomicLong();
  final AtomicLong streams = new AtomicLong();
  final AtomicLong slowestNanos = new AtomicLong();
  final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();

  private final int port;
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean ending;

  /// @param perSecond calls of each of `kept` clients with one connection and `fresh` clients with
  ///   a new one for each call
  SteadyLoad(int port, int kept, int fresh, int streaming, int perSecond) {
    this.port = port;
    long every = 1_000_000_000L / perSecond;
    for (int i = 0; i < kept; i++) {
      threads.add(Thread.ofVirtual().start(() -> kept(every)));
    }
    for (int i = 0; i < fresh; i++) {
      threads.add(Thread.ofVirtual().start(() -> fresh(every)));
    }
    for (int i = 0; i < streaming; i++) {
      threads.add(Thread.ofVirtual().start(this::stream));
    }
  }

  private Socket connect() throws IOException {
    var socket = new Socket();
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(15_000);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 15_000);
    connections.incrementAndGet();
    return socket;
  }

  private void kept(long every) {
    long next = System.nanoTime();
    while (!ending) {
      try (var socket = connect()) {
        var in = new BufferedInputStream(socket.getInputStream());
        boolean keep = true;
        while (keep && !ending) {
          next = pace(next, every);
          long begun = System.nanoTime();
          socket.getOutputStream().write(GET);
          keep = answer(in);
          done(begun);
        }
      } catch (IOException e) {
        failures.add("kept: " + e);
      }
    }
  }

  private void fresh(long every) {
    long next = System.nanoTime();
    while (!ending) {
      next = pace(next, every);
      long begun = System.nanoTime();
      try (var socket = connect()) {
        socket.getOutputStream().write(GET_ONCE);
        answer(new BufferedInputStream(socket.getInputStream()));
        done(begun);
      } catch (IOException e) {
        failures.add("fresh: " + e);
      }
    }
  }

  /// Server-sent events: the last one says that it is the last.
  private void stream() {
    while (!ending) {
      try (var socket = connect()) {
        socket.getOutputStream().write(STREAM);
        var all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        if (all.contains("data: last\n\n")) {
          streams.incrementAndGet();
        } else {
          failures.add("stream: broken off after " + all.length() + " bytes");
        }
      } catch (IOException e) {
        failures.add("stream: " + e);
      }
    }
  }

  private static long pace(long next, long every) {
    long wait = next - System.nanoTime();
    if (wait > 0) {
      LockSupport.parkNanos(wait);
    }
    return Math.max(next, System.nanoTime() - 20 * every) + every;
  }

  private void done(long begun) {
    answered.incrementAndGet();
    slowestNanos.accumulateAndGet(System.nanoTime() - begun, Math::max);
  }

  /// Reads one answer with a length; says whether the connection goes on.
  private static boolean answer(InputStream in) throws IOException {
    var head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int c = in.read();
      if (c < 0) {
        throw new IOException("closed after '" + head + "'");
      }
      head.append((char) c);
    }
    var text = head.toString();
    if (!text.startsWith("HTTP/1.1 200 ")) {
      throw new IOException("answered " + text.lines().findFirst().orElse(""));
    }
    int at = text.indexOf("Content-Length: ") + 16;
    int length = Integer.parseInt(text.substring(at, text.indexOf("\r\n", at)));
    if (in.readNBytes(length).length < length) {
      throw new IOException("a body broken off");
    }
    return !text.contains("Connection: close");
  }

  @Override
  public void close() {
    ending = true;
    for (var thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
