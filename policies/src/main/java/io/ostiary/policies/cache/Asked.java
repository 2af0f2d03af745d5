package io.ostiary.policies.cache;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.HeaderName;
import java.io.ByteArrayOutputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What one call asks of the cache, and what became of it so far. Belongs to its exchange.
///
/// The key holds everything by which routing and upstreams choose an answer: host, path and query
/// as the client sent them and as they go upstream, route, the words of proxies about host and
/// scheme, and for whom it is kept. What a client can say beside that, an upstream must name in
/// Vary.
public final class Asked {
  /// Fields by which some upstreams find a resource. Whoever sends one is not answered from here,
  /// and nothing of it is kept.
  private static final List<HeaderName> MISLEADING =
      List.of(
          HeaderName.of("X-Original-URL"),
          HeaderName.of("X-Rewrite-URL"),
          HeaderName.of("X-HTTP-Method"),
          HeaderName.of("X-HTTP-Method-Override"),
          HeaderName.of("X-Method-Override"));

  private static final List<HeaderName> FORWARDED =
      List.of(
          HeaderName.of("Forwarded"),
          HeaderName.of("X-Forwarded-Host"),
          HeaderName.of("X-Forwarded-Proto"),
          HeaderName.of("X-Forwarded-Port"),
          HeaderName.of("X-Forwarded-Prefix"));

  private static final HeaderName PREFIXED = HeaderName.of("X-Forwarded-Path");

  /// The resource, whoever asks.
  final String address;

  /// For everybody who asks the same.
  final String openKey;

  /// For this consumer.
  final String ownKey;

  final Directives control;
  final boolean safe;

  /// Whether the cache has any part in it.
  final boolean usable;

  /// Whether it asks for a part: it may be given one of what is kept, and nothing of what it brings
  /// is kept. Only a GET can (RFC 9110 section 14.2).
  final boolean ranged;

  final boolean authorized;
  final boolean cookies;
  final boolean conditional;
  long askedNanos;

  /// The stale response that the upstream is asked about, or that may stand in for it.
  @Nullable Stored stale;

  /// Whether the upstream was asked only whether that still holds.
  boolean validating;

  /// The request's fields as the client sent them, for policies behind this one may change them.
  Map<HeaderName, String> says = Map.of();

  Store.@Nullable Fetch fetch;
  String forwarded = "";

  // What is being kept.
  @Nullable ByteArrayOutputStream body;
  int status;
  Set<String> tags = Set.of();

  /// Whether there are more than are kept.
  boolean manyTags;

  List<Field> fields = List.of();
  Map<HeaderName, String> vary = Map.of();
  Directives said = Directives.NONE;
  long ageNanos;
  long lifetimeNanos;
  String key = "";

  private Asked(Exchange exchange, Cached.Rules rules, boolean meant) {
    var headers = exchange.requestHeaders();
    var method = exchange.method();
    safe = method.equals("GET") || method.equals("HEAD");
    address = address(exchange.host(), exchange.path(), rules.parts().counting(exchange.query()));
    authorized = headers.has(Names.AUTHORIZATION);
    cookies = headers.has(Names.COOKIE);
    askedNanos = exchange.nanos();
    var written = headers.all(Names.CACHE_CONTROL);
    control =
        !rules.obeyClients()
            ? Directives.NONE
            : written.isEmpty() && "no-cache".equalsIgnoreCase(headers.first(Names.PRAGMA))
                ? Directives.of(List.of("no-cache"))
                : Directives.of(written);
    conditional =
        headers.has(Names.IF_NONE_MATCH)
            || headers.has(Names.IF_MODIFIED_SINCE)
            || headers.has(Names.IF_MATCH)
            || headers.has(Names.IF_UNMODIFIED_SINCE)
            || headers.has(Names.IF_RANGE);
    ranged = method.equals("GET") && headers.has(Names.RANGE);
    usable = meant && safe && !exchange.hasContent() && !misled(exchange);
    openKey = usable ? key(exchange, rules.parts()) : "";
    var consumer = exchange.consumer();
    // Callers of nobody known have a compartment, too: a known one may be answered otherwise.
    ownKey = openKey + '\n' + (consumer == null ? "" : consumer.id());
  }

  /// The same, for a call that asks in its place.
  private Asked(Asked of, Store.Fetch fetch, Stored stale) {
    address = of.address;
    openKey = of.openKey;
    ownKey = of.ownKey;
    control = of.control;
    safe = of.safe;
    ranged = of.ranged;
    usable = of.usable;
    authorized = of.authorized;
    cookies = of.cookies;
    conditional = false;
    says = of.says;
    askedNanos = of.askedNanos;
    this.fetch = fetch;
    this.stale = stale;
  }

  Asked renewal(Store.Fetch by, Stored of) {
    return new Asked(this, by, of);
  }

  /// @param meant whether it is one of the calls that the cache is for
  public static Asked of(Exchange exchange, Cached.Rules rules, boolean meant) {
    return new Asked(exchange, rules, meant);
  }

  static String address(String host, String path, @Nullable String query) {
    return host.toLowerCase(Locale.ROOT) + path + (query == null ? "" : "?" + query);
  }

  private static boolean misled(Exchange exchange) {
    var headers = exchange.requestHeaders();
    for (int i = 0; i < MISLEADING.size(); i++) {
      if (headers.has(MISLEADING.get(i))) {
        return true;
      }
    }
    return headers.has(PREFIXED);
  }

  private String key(Exchange exchange, Parts parts) {
    var key = new StringBuilder(address.length() + 64);
    key.append(address).append('\n').append(exchange.route().id());
    key.append('\n').append(exchange.upstreamPath()).append('\n');
    var query = parts.counting(exchange.upstreamQuery());
    key.append(query == null ? "" : query);
    var headers = exchange.requestHeaders();
    for (int i = 0; i < FORWARDED.size(); i++) {
      if (headers.has(FORWARDED.get(i))) {
        key.append('\n').append(i).append(headers.all(FORWARDED.get(i)));
      }
    }
    for (int i = 0; i < parts.headers().size(); i++) {
      key.append("\n=").append(value(exchange, parts.headers().get(i)));
    }
    return key.toString();
  }

  /// The values of a request's field as one, the way Vary compares them.
  static String value(Exchange exchange, HeaderName name) {
    var headers = exchange.requestHeaders();
    if (!headers.has(name)) {
      return "-";
    }
    var text = headers.repeated(name) ? String.join(",", headers.all(name)) : headers.first(name);
    return "+" + (text == null ? "" : text.replaceAll("\\s*,\\s*", ",").strip());
  }

  /// A copy of all of them, for later and for use beside the exchange's event loop.
  static Map<HeaderName, String> copy(Exchange exchange) {
    var copy = new HashMap<HeaderName, String>();
    exchange
        .requestHeaders()
        .forEach((name, _) -> {
          var header = HeaderName.of(name);
          copy.computeIfAbsent(header, missing -> value(exchange, missing));
        });
    return copy;
  }
}
