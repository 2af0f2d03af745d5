package io.ostiary.server.e2e;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;

/// An upstream that answers `/quick` at once, `/slow` after 300 ms, and `/large` with nine
/// segments.
final class SlowService {
  private SlowService() {}

  public static void main(String[] args) throws Exception {
    var address = new InetSocketAddress(InetAddress.ofLiteral(args[0]), Integer.parseInt(args[1]));
    var server = HttpServer.create(address, 100);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", SlowService::answer);
    server.start();
    Thread.currentThread().join();
  }

  private static void answer(HttpExchange exchange) throws IOException {
    exchange.getRequestBody().readAllBytes();
    var path = exchange.getRequestURI().getPath();
    if (path.endsWith("/slow")) {
      try {
        Thread.sleep(300);
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }
    var body = new byte[path.endsWith("/large") ? 13_000 : 10];
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }
}
