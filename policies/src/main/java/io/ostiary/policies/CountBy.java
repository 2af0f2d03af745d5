package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Site;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.setting.About;
import java.util.List;

/// Who is counted, for all policies that count: each combination of what they name counts alone.
@About("consumer, address, route, api or header:NAME")
public sealed interface CountBy {
  /// The consumer, or the address of a client that nobody recognised.
  record Caller() implements CountBy {
    @Override
    public String toString() {
      return "consumer";
    }
  }

  /// The client's IPv4 address or IPv6 /64.
  record Address() implements CountBy {
    @Override
    public String toString() {
      return "address";
    }
  }

  /// All callers together, of each route or of the API.
  record Everybody(boolean eachRoute) implements CountBy {
    @Override
    public String toString() {
      return eachRoute ? "route" : "api";
    }
  }

  /// The value of a header field; calls without it count as one caller.
  record Header(HeaderName name) implements CountBy {
    @Override
    public String toString() {
      return "header:" + name;
    }
  }

  static CountBy parse(String text) {
    return switch (text) {
      case "consumer" -> new Caller();
      case "address" -> new Address();
      case "route" -> new Everybody(true);
      case "api" -> new Everybody(false);
      case String header when header.startsWith("header:") ->
          new Header(HeaderName.of(header.substring(7)));
      default ->
          throw new IllegalArgumentException(
              "by: " + text + " (expected: consumer, address, route, api or header:NAME)");
    };
  }

  /// The key of this call under a hash that nobody outside can aim at.
  static long key(CountBy[] by, Exchange exchange, KeyedHash hash) {
    long key = part(by[0], exchange, hash);
    for (int i = 1; i < by.length; i++) {
      key = hash.of(key, part(by[i], exchange, hash));
    }
    return key;
  }

  private static long part(CountBy by, Exchange exchange, KeyedHash hash) {
    return switch (by) {
      case Everybody _ -> 1;
      case Address _ -> hash.ofNetwork(exchange.client().getAddress());
      case Caller _ -> {
        var consumer = exchange.consumer();
        yield consumer == null
            ? hash.ofNetwork(exchange.client().getAddress())
            : hash.of(consumer.id());
      }
      case Header(HeaderName name) -> {
        var value = exchange.requestHeaders().first(name);
        yield value == null ? 1 : hash.of(value);
      }
    };
  }

  /// Where a use of a policy counts: the place is part of the key of its counters, so that two uses
  /// of one policy do not count together, and one use does across the routes of its API.
  ///
  /// @param scope the API, with the route where each route counts alone
  /// @param place such as `api0`: the first use of this policy in the list of the API
  record Where(String scope, String place) {
    /// A use is known by its very settings object.
    static Where of(Site site, Record settings, List<CountBy> by) {
      int ofApi = place(site.api().policies(), settings);
      boolean whole = ofApi >= 0 && !by.contains(new Everybody(true));
      int number = ofApi >= 0 ? ofApi : place(site.route().policies(), settings);
      return new Where(
          site.api().name() + (whole ? "" : "/" + site.route().id()),
          (ofApi >= 0 ? "api" : "route") + number);
    }

    @SuppressWarnings("ReferenceEquality")
    private static int place(List<PolicyUse> uses, Record settings) {
      int place = 0;
      for (var use : uses) {
        if (use.settings() == settings) {
          return place;
        }
        place += use.settings().getClass() == settings.getClass() ? 1 : 0;
      }
      return -1;
    }
  }
}
