package io.ostiary.kernel.balance;

import io.ostiary.model.Service;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ThreadFactory;
import java.util.regex.Pattern;

/// The active check of one target, on a thread of its own: a TCP connection or a GET, as the checks
/// of upstreams are.
final class TargetCheck implements AutoCloseable {
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] ([0-9]{3})( .*)?");
  private static final int LINE_MAX = 256;

  private final Service.Check check;
  private final TargetState state;
  private final Runnable news;
  private final Thread thread;
  private int failures;
  private int successes;
  private volatile boolean closed;

  private TargetCheck(
      Service.Check check, TargetState state, Runnable news, ThreadFactory threads) {
    this.check = check;
    this.state = state;
    this.news = news;
    this.thread = threads.newThread(this::run);
  }

  /// @param news run when the target's health has changed
  static TargetCheck start(
      Service.Check check, TargetState state, Runnable news, ThreadFactory threads) {
    var started = new TargetCheck(check, state, news, threads);
    started.thread.start();
    return started;
  }

  Service.Check check() {
    return check;
  }

  private void run() {
    try {
      while (!closed) {
        var failure = ask();
        if (!closed && heard(failure)) {
          news.run();
        }
        Thread.sleep(check.every());
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  private boolean heard(String failure) {
    if (failure.isEmpty()) {
      failures = 0;
      return ++successes >= check.healthyAfter() && state.checked("");
    }
    successes = 0;
    return ++failures >= check.unhealthyAfter() && state.checked(failure);
  }

  private String ask() {
    int port = check.port() == 0 ? state.place.port() : check.port();
    int limit = (int) check.timeout().toMillis();
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(state.place.address(), port), limit);
      if (check.path() == null) {
        return "";
      }
      socket.setSoTimeout(limit);
      var host = state.target().address();
      var head =
          "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: ostiary-check\r\nConnection: close\r\n\r\n"
              .formatted(check.path(), host.indexOf(':') >= 0 ? "[" + host + "]" : host);
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      return judged(line(socket, System.nanoTime() + check.timeout().toNanos()));
    } catch (SocketTimeoutException e) {
      return "the check had no answer within %d ms".formatted(limit);
    } catch (IOException e) {
      return "the check failed: " + e.getMessage();
    }
  }

  private String line(Socket socket, long deadline) throws IOException {
    var line = new StringBuilder();
    var in = socket.getInputStream();
    while (line.length() < LINE_MAX) {
      int each = in.read();
      if (each < 0 || each == '\r' || each == '\n') {
        break;
      }
      if (System.nanoTime() > deadline) {
        throw new SocketTimeoutException();
      }
      line.append((char) each);
    }
    return line.toString();
  }

  private String judged(String line) {
    var status = STATUS.matcher(line);
    if (!status.matches()) {
      return "the check was not answered with HTTP";
    }
    int code = Integer.parseInt(status.group(1));
    return code >= 200 && code < 400
        ? ""
        : "the check of %s was answered with %d (expected: 200-399)".formatted(check.path(), code);
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
