package io.ostiary.gateway.upstream;

import io.ostiary.model.AddressText;
import io.ostiary.model.Discovery;
import io.ostiary.model.Target;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/// Finds the targets of one upstream by asking for names. Confined to the thread that asks.
final class Discoverer {
  private static final int WEIGHT_MAX = 1000;
  private static final int PRIORITY_MAX = 15;

  /// @param again after which time to ask again
  record Found(List<Target> targets, Duration again) {}

  private final Names names;

  Discoverer(Names names) {
    this.names = names;
  }

  /// @throws UnknownHostException where a name cannot be resolved; what was known before stays
  Found find(Discovery settings) throws UnknownHostException, InterruptedException {
    var targets = new LinkedHashMap<String, Target>();
    long ttl = Long.MAX_VALUE;
    var dns = settings.dns();
    if (dns != null) {
      var answer = names.addresses(dns);
      ttl = answer.ttlSeconds();
      for (var address : answer.addresses()) {
        add(targets, new Target(AddressText.of(address), settings.dnsPort(), 1));
      }
    }
    var srv = settings.srv();
    if (srv != null) {
      ttl = Math.min(ttl, services(srv, targets));
    }
    long millis = Math.min(ttl, settings.most().toSeconds() + 1) * 1000;
    return new Found(
        List.copyOf(targets.values()),
        Duration.ofMillis(
            Math.clamp(millis, settings.least().toMillis(), settings.most().toMillis())));
  }

  private long services(String srv, Map<String, Target> targets)
      throws UnknownHostException, InterruptedException {
    var answer = names.services(srv);
    if (answer.services().isEmpty()) {
      throw new UnknownHostException(srv + " has no SRV record");
    }
    long ttl = answer.ttlSeconds();
    // Only their order says something.
    var priorities =
        new ArrayList<>(
            new TreeSet<>(answer.services().stream().map(Names.Service::priority).toList()));
    int heaviest = answer.services().stream().mapToInt(Names.Service::weight).max().orElse(1);
    for (var service : answer.services()) {
      var addresses = names.addresses(service.host());
      ttl = Math.min(ttl, addresses.ttlSeconds());
      int priority = Math.min(priorities.indexOf(service.priority()), PRIORITY_MAX);
      for (var address : addresses.addresses()) {
        add(
            targets,
            new Target(
                AddressText.of(address),
                service.port(),
                weight(service.weight(), heaviest),
                false,
                null,
                priority));
      }
    }
    return ttl;
  }

  /// Weights of SRV records go to 65,535, and 0 means hardly ever.
  private static int weight(int written, int heaviest) {
    int scaled = heaviest > WEIGHT_MAX ? (int) ((long) written * WEIGHT_MAX / heaviest) : written;
    return Math.clamp(scaled, 1, WEIGHT_MAX);
  }

  private static void add(Map<String, Target> targets, Target target) {
    targets.putIfAbsent(target.toString(), target);
  }

  /// Whether it is an address and not a name.
  static boolean literal(String host) {
    try {
      InetAddress.ofLiteral(host);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
