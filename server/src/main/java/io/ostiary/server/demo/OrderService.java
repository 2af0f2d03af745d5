package io.ostiary.server.demo;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The demo's upstream: a real HTTP service on loopback, in the gateway's own process only so that
/// a newcomer needs nothing else. What its document promises is checked by the gateway in front of
/// it; it checks for itself only what a schema cannot say.
public final class OrderService implements AutoCloseable {
  /// How long an invoice takes to write.
  static final Duration INVOICE_TIME = Duration.ofMillis(40);

  private static final int BODY_BYTES_MAX = 1 << 20;
  private static final Pattern ORDER = Pattern.compile("/orders/([0-9]{1,9})(/invoice)?");

  private final JsonMapper json = JsonMapper.builder().build();
  private final Orders orders = new Orders();
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /// @param address where to listen; port 0 chooses a free one
  /// @throws IOException when the port is taken
  public OrderService(InetSocketAddress address) throws IOException {
    server = HttpServer.create(address, 1024);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
  }

  public void start() {
    server.start();
  }

  public int port() {
    return server.getAddress().getPort();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      route(exchange);
    }
  }

  private void route(HttpExchange exchange) throws IOException {
    var path = exchange.getRequestURI().getPath();
    var method = exchange.getRequestMethod();
    switch (path) {
      case "/health" -> send(exchange, 200, Map.of("status", "ok"));
      case "/products" -> send(exchange, 200, Map.of("products", orders.products()));
      case "/orders" -> {
        if (method.equals("POST")) {
          create(exchange);
        } else {
          send(exchange, 200, Map.of("orders", list(exchange.getRequestURI().getQuery())));
        }
      }
      default -> {
        var order = ORDER.matcher(path);
        if (order.matches()) {
          one(exchange, method, Long.parseLong(order.group(1)), order.group(2) != null);
        } else {
          problem(exchange, 404, "There is nothing at " + path + ".");
        }
      }
    }
  }

  private List<Orders.Order> list(String query) {
    String status = null;
    int limit = 20;
    for (var pair : query == null ? new String[0] : query.split("&")) {
      if (pair.startsWith("status=")) {
        status = pair.substring(7);
      } else if (pair.startsWith("limit=")) {
        limit = Integer.parseInt(pair.substring(6));
      }
    }
    return orders.newest(status, limit);
  }

  private void create(HttpExchange exchange) throws IOException {
    JsonNode body;
    try (InputStream in = exchange.getRequestBody()) {
      body = json.readTree(in.readNBytes(BODY_BYTES_MAX));
    } catch (JacksonException e) {
      problem(exchange, 400, "The body is not JSON.");
      return;
    }
    switch (orders.place(body)) {
      case Orders.Placed.Done(var order) -> {
        exchange.getResponseHeaders().set("Location", "/demo/orders/" + order.id());
        send(exchange, 201, order);
      }
      case Orders.Placed.UnknownProduct(var product) ->
          problem(exchange, 422, "There is no product '" + product + "'.");
    }
  }

  private void one(HttpExchange exchange, String method, long id, boolean invoice)
      throws IOException {
    var found = orders.find(id);
    if (found.isEmpty()) {
      problem(exchange, 404, "There is no order " + id + ".");
    } else if (invoice) {
      writeSlowly();
      text(exchange, orders.invoice(found.get()));
    } else if (!method.equals("DELETE")) {
      send(exchange, 200, found.get());
    } else if (orders.cancel(id)) {
      exchange.sendResponseHeaders(204, -1);
    } else {
      problem(exchange, 409, "Order " + id + " was sent already.");
    }
  }

  private static void writeSlowly() {
    try {
      Thread.sleep(INVOICE_TIME);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void problem(HttpExchange exchange, int status, String detail) throws IOException {
    var body = Map.of("title", "The order service refused", "status", status, "detail", detail);
    bytes(exchange, status, "application/problem+json", json.writeValueAsBytes(body));
  }

  private void send(HttpExchange exchange, int status, Object body) throws IOException {
    bytes(exchange, status, "application/json", json.writeValueAsBytes(body));
  }

  private static void text(HttpExchange exchange, String body) throws IOException {
    var bytes = body.getBytes(StandardCharsets.UTF_8);
    bytes(exchange, 200, "text/plain; charset=utf-8", bytes);
  }

  private static void bytes(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, head ? -1 : body.length);
    if (!head) {
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
