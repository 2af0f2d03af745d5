package io.ostiary.server.demo;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// The demo's data, in memory. Shared by all threads of the service.
final class Orders {
  /// Older orders are forgotten above this number.
  static final int ORDERS_MAX = 10_000;

  private final Map<String, Product> products;
  private final ConcurrentHashMap<Long, Order> orders = new ConcurrentHashMap<>();
  private final AtomicLong lastId = new AtomicLong();

  Orders() {
    products =
        List.of(
                new Product("tea-green", "Green tea, 100 g", 690),
                new Product("tea-black", "Black tea, 100 g", 590),
                new Product("cup-white", "Cup, white", 1250),
                new Product("pot-iron", "Pot, cast iron", 5900))
            .stream()
            .collect(Collectors.toUnmodifiableMap(Product::id, product -> product));
    for (int i = 0; i < 24; i++) {
      var product = i % 3 == 0 ? "pot-iron" : i % 2 == 0 ? "tea-green" : "cup-white";
      store("customer" + i + "@example.org", null, List.of(new Item(product, 1 + i % 4)));
    }
  }

  record Product(String id, String name, long cents) {}

  record Item(String product, int quantity) {}

  record Order(
      long id,
      String customer,
      @Nullable String note,
      String status,
      List<Item> items,
      long cents,
      String placed) {}

  sealed interface Placed {
    record Done(Order order) implements Placed {}

    record UnknownProduct(String product) implements Placed {}
  }

  List<Product> products() {
    return products.values().stream().sorted(Comparator.comparing(Product::id)).toList();
  }

  List<Order> newest(@Nullable String status, int limit) {
    return orders.values().stream()
        .filter(order -> status == null || order.status().equals(status))
        .sorted(Comparator.comparingLong(Order::id).reversed())
        .limit(limit)
        .toList();
  }

  Optional<Order> find(long id) {
    return Optional.ofNullable(orders.get(id));
  }

  Placed place(JsonNode body) {
    var items = new ArrayList<Item>();
    for (var item : body.path("items")) {
      var product = item.path("product").asString("");
      if (!products.containsKey(product)) {
        return new Placed.UnknownProduct(product);
      }
      items.add(new Item(product, item.path("quantity").asInt(1)));
    }
    var note = body.path("note").isString() ? body.path("note").asString() : null;
    return new Placed.Done(store(body.path("customer").asString(""), note, items));
  }

  private Order store(String customer, @Nullable String note, List<Item> items) {
    long id = lastId.incrementAndGet();
    long cents = items.stream().mapToLong(item -> price(item.product()) * item.quantity()).sum();
    var status = id % 4 == 0 ? "sent" : id % 3 == 0 ? "paid" : "placed";
    var order = new Order(id, customer, note, status, items, cents, Instant.now().toString());
    orders.put(id, order);
    orders.remove(id - ORDERS_MAX);
    return order;
  }

  private long price(String product) {
    var known = products.get(product);
    return known == null ? 0 : known.cents();
  }

  /// False when the order can no longer be cancelled.
  boolean cancel(long id) {
    var after =
        orders.computeIfPresent(
            id,
            (key, order) ->
                order.status().equals("sent")
                    ? order
                    : new Order(
                        id,
                        order.customer(),
                        order.note(),
                        "cancelled",
                        order.items(),
                        order.cents(),
                        order.placed()));
    return after != null && after.status().equals("cancelled");
  }

  String invoice(Order order) {
    var lines = new StringBuilder("Invoice " + order.id() + " for " + order.customer() + "\n\n");
    for (var item : order.items()) {
      lines.append("%4d  %s%n".formatted(item.quantity(), item.product()));
    }
    return lines
        .append("%nTotal: %d.%02d EUR%n".formatted(order.cents() / 100, order.cents() % 100))
        .toString();
  }
}
