package io.ostiary.bench;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// An upstream with so many workers, each of which takes so long for a request; requests wait for a
/// worker in the order they came, without a bound. It can be told to go wrong.
final class Workers implements AutoCloseable {
  /// How it treats requests.
  enum Mood {
    WELL,
    KILLED,
    HUNG,
    SLOW,
    RESETTING,
    GARBAGE
  }

  private final ServerSocket server;
  private final Semaphore workers;
  private final long nanos;
  private final Map<String, AtomicInteger> posts = new ConcurrentHashMap<>();
  private final AtomicLong requests = new AtomicLong();
  private volatile Mood mood = Mood.WELL;

  Workers(int port, int workers, double millis) throws IOException {
    server = new ServerSocket(port, 4096, InetAddress.getLoopbackAddress());
    this.workers = new Semaphore(workers, true);
    nanos = (long) (millis * 1e6);
    Thread.ofVirtual().start(this::accept);
  }

  void mood(Mood now) {
    mood = now;
  }

  long requests() {
    return requests.get();
  }

  /// How often each POST came, by its target.
  Map<String, AtomicInteger> posts() {
    return posts;
  }

  private void accept() {
    try {
      while (!server.isClosed()) {
        var socket = server.accept();
        Thread.ofVirtual().start(() -> serve(socket));
      }
    } catch (IOException e) {
      // Closed: the end of this upstream.
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      socket.setTcpNoDelay(true);
      var in = new BufferedInputStream(socket.getInputStream(), 2048);
      while (true) {
        var head = head(in);
        if (head.isEmpty() || !answer(head, socket)) {
          return;
        }
      }
    } catch (IOException | InterruptedException e) {
      // The gateway hung up.
    }
  }

  private boolean answer(String head, Socket socket) throws IOException, InterruptedException {
    requests.incrementAndGet();
    if (head.startsWith("POST ")) {
      posts.computeIfAbsent(head.split(" ", 3)[1], _ -> new AtomicInteger()).incrementAndGet();
    }
    var now = mood;
    switch (now) {
      case KILLED -> {
        return false;
      }
      case HUNG -> {
        TimeUnit.SECONDS.sleep(10);
        return false;
      }
      case RESETTING -> {
        send(socket, "HTTP/1.1 200 OK\r\nConte");
        socket.setSoLinger(true, 0);
        return false;
      }
      case GARBAGE -> {
        send(socket, "\0\1 this is no answer\r\n\r\n");
        return false;
      }
      case WELL, SLOW -> {}
    }
    workers.acquire();
    try {
      TimeUnit.NANOSECONDS.sleep(now == Mood.SLOW ? nanos * 100 : nanos);
    } finally {
      workers.release();
    }
    send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    return true;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String head(InputStream in) throws IOException {
    var head = new StringBuilder();
    while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
      int b = in.read();
      if (b < 0) {
        return "";
      }
      head.append((char) b);
    }
    return head.toString();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
