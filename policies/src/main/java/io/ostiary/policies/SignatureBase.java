package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.policies.Refusals.Refused;
import io.ostiary.policies.StructuredFields.Item;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// What a signature is made over (RFC 9421 section 2.5).
final class SignatureBase {
  private static final HeaderName HOST = HeaderName.of("Host");

  private SignatureBase() {}

  /// @param input a member of Signature-Input
  /// @throws Refused where a component cannot be had
  static String of(Exchange exchange, Item input) {
    var base = new StringBuilder(512);
    var seen = new HashSet<String>();
    for (var component : components(input)) {
      var written = component.written();
      if (!seen.add(written)) {
        throw new Refused("The signature covers " + written + " twice.");
      }
      base.append(written).append(": ").append(value(exchange, component)).append('\n');
    }
    return base.append("\"@signature-params\": ").append(input.written()).toString();
  }

  static List<Item> components(Item input) {
    var components = new ArrayList<Item>();
    if (!(input.value() instanceof List<?> items)) {
      throw new Refused("Signature-Input is malformed.");
    }
    for (var one : items) {
      if (!(one instanceof Item item) || !(item.value() instanceof String)) {
        throw new Refused("Signature-Input is malformed.");
      }
      components.add(item);
    }
    return components;
  }

  private static String value(Exchange exchange, Item component) {
    var name = (String) component.value();
    if (!name.startsWith("@")) {
      return field(exchange, name, component);
    }
    if (name.equals("@query-param")) {
      return parameter(exchange, component);
    }
    if (!component.parameters().isEmpty()) {
      throw unknown(component);
    }
    var query = exchange.query();
    return switch (name) {
      case "@method" -> exchange.method();
      case "@path" -> exchange.path();
      case "@query" -> query == null ? "?" : "?" + query;
      case "@authority" -> authority(exchange);
      case "@scheme" -> scheme(exchange);
      case "@request-target" -> exchange.path() + (query == null ? "" : "?" + query);
      case "@target-uri" ->
          scheme(exchange)
              + "://"
              + authority(exchange)
              + exchange.path()
              + (query == null ? "" : "?" + query);
      default -> throw unknown(component);
    };
  }

  private static Refused unknown(Item component) {
    return new Refused(
        "The signature covers " + component.written() + ", which is not understood here.");
  }

  private static String scheme(Exchange exchange) {
    return exchange.secure() ? "https" : "http";
  }

  private static String authority(Exchange exchange) {
    var host = exchange.requestHeaders().first(HOST);
    if (host == null) {
      throw new Refused("The signature covers \"@authority\", and the call has none.");
    }
    var lower = host.toLowerCase(Locale.ROOT);
    var usual = exchange.secure() ? ":443" : ":80";
    return lower.endsWith(usual) ? lower.substring(0, lower.length() - usual.length()) : lower;
  }

  private static String field(Exchange exchange, String name, Item component) {
    if (!name.equals(name.toLowerCase(Locale.ROOT))) {
      throw unknown(component);
    }
    List<String> values;
    try {
      values = exchange.requestHeaders().all(HeaderName.of(name));
    } catch (IllegalArgumentException e) {
      throw unknown(component);
    }
    if (values.isEmpty()) {
      throw new Refused("The signature covers \"" + name + "\", and the call has no such field.");
    }
    var parameters = component.parameters();
    if (parameters.isEmpty()) {
      return String.join(", ", values);
    }
    if (parameters.size() == 1 && Boolean.TRUE.equals(parameters.get("bs"))) {
      return values.stream()
          .map(value -> value.getBytes(StandardCharsets.ISO_8859_1))
          .map(bytes -> ":" + Base64.getEncoder().encodeToString(bytes) + ":")
          .collect(Collectors.joining(", "));
    }
    if (parameters.size() == 1 && parameters.get("key") instanceof String key) {
      return member(values, key, component);
    }
    throw unknown(component);
  }

  private static String member(List<String> values, String key, Item component) {
    try {
      var member = StructuredFields.dictionary(String.join(", ", values)).get(key);
      if (member != null) {
        return member.written();
      }
    } catch (IllegalArgumentException e) {
      throw new Refused("The field of " + component.written() + " is malformed.");
    }
    throw new Refused("The signature covers " + component.written() + ", which is not there.");
  }

  /// Decoded and encoded again (section 2.2.8), once in the query.
  private static String parameter(Exchange exchange, Item component) {
    var query = exchange.query();
    if (component.parameters().size() != 1
        || !(component.parameters().get("name") instanceof String name)) {
      throw unknown(component);
    }
    String found = null;
    for (var pair : (query == null ? "" : query).split("&", -1)) {
      int equals = pair.indexOf('=');
      if (encoded(equals < 0 ? pair : pair.substring(0, equals)).equals(name)) {
        if (found != null) {
          throw new Refused("The signature covers a query parameter that is there twice.");
        }
        found = encoded(equals < 0 ? "" : pair.substring(equals + 1));
      }
    }
    if (found == null) {
      throw new Refused("The signature covers " + component.written() + ", which is not there.");
    }
    return found;
  }

  private static String encoded(String text) {
    try {
      var decoded = URLDecoder.decode(text, StandardCharsets.UTF_8);
      return URLEncoder.encode(decoded, StandardCharsets.UTF_8).replace("+", "%20");
    } catch (IllegalArgumentException e) {
      throw new Refused("The query is malformed.");
    }
  }
}
