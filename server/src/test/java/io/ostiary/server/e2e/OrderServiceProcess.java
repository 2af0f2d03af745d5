package io.ostiary.server.e2e;

import io.ostiary.server.demo.OrderService;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/// The demo's order service as a process of its own, on the upstream's host.
final class OrderServiceProcess {
  private OrderServiceProcess() {}

  public static void main(String[] args) throws Exception {
    var address = new InetSocketAddress(InetAddress.ofLiteral(args[0]), Integer.parseInt(args[1]));
    try (var service = new OrderService(address)) {
      service.start();
      Thread.currentThread().join();
    }
  }
}
