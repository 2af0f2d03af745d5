package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Site;
import io.ostiary.model.CallId;
import io.ostiary.model.Peers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A text with places that each call fills: `/v2/{id}`, `Bearer {header:X-Token}`. Immutable.
///
/// A brace that begins no place, as in JSON, stands for itself.
final class Template {
  /// Where the text goes, and so how values are spelled in it.
  enum Kind {
    /// A path: what clients say freely is percent-encoded, slashes included.
    PATH,
    /// The value of a parameter: all of it is percent-encoded.
    QUERY,
    /// The value of a request's header field: as it came, where it fits in one.
    FIELD,
    /// The same of a response, so that what it says is known as well.
    ANSWER,
    /// What is kept of a call: as it came.
    RECORD;

    private boolean knowsAnswer() {
      return this == ANSWER || this == RECORD;
    }

    private boolean encodes(String value) {
      return switch (this) {
        case PATH, QUERY -> true;
        case FIELD, ANSWER -> !fits(value);
        case RECORD -> false;
      };
    }

    /// What would end a field's line, or is no character of one, would be refused on the way.
    private static boolean fits(String value) {
      return value.chars().allMatch(c -> (c >= ' ' || c == '\t') && c != 0x7f && c <= 0xff);
    }
  }

  static final Pattern PLACE = Pattern.compile("\\{(\\*|[A-Za-z][A-Za-z0-9_.-]*(?::[^{}:\\s]+)?)}");
  private static final String KNOWN =
      "{NAME} of the route's path, {*}, {method}, {host}, {path}, {client}, {consumer}, {call},"
          + " {api}, {route}, {subject}, {claim:NAME}, {header:NAME}, {query:NAME} or"
          + " {cookie:NAME}";

  /// A text, or a place.
  ///
  /// @param encoded whether the value is percent-encoded already
  private record Part(
      String text, @Nullable Function<Exchange, @Nullable String> value, boolean encoded) {
    Part(Function<Exchange, @Nullable String> value) {
      this("", value, false);
    }
  }

  private final List<Part> parts;
  private final Kind kind;

  /// What every call gets; null: it has places.
  private final @Nullable String constant;

  private Template(List<Part> parts, Kind kind, @Nullable String constant) {
    this.parts = parts;
    this.kind = kind;
    this.constant = constant;
  }

  /// @param setting for the message where a place is unknown
  static Template of(String setting, String text, Kind kind, Site site) {
    if (text.indexOf('{') < 0) {
      return new Template(List.of(), kind, literal(text, kind).text);
    }
    var parts = new ArrayList<Part>();
    var matcher = PLACE.matcher(text);
    int from = 0;
    while (matcher.find()) {
      parts.add(literal(text.substring(from, matcher.start()), kind));
      parts.add(place(setting, matcher.group(1), kind, site));
      from = matcher.end();
    }
    parts.add(literal(text.substring(from), kind));
    return new Template(List.copyOf(parts), kind, parts.size() == 1 ? parts.getFirst().text : null);
  }

  private static Part literal(String text, Kind kind) {
    return new Part(kind == Kind.QUERY ? encoded(text) : text, null, true);
  }

  private static Part place(String setting, String name, Kind kind, Site site) {
    int colon = name.indexOf(':');
    if (colon < 0) {
      return plain(setting, name, kind, site);
    }
    var of = name.substring(colon + 1);
    return switch (name.substring(0, colon)) {
      case "header" -> {
        var field = HeaderName.of(of);
        yield new Part(exchange -> exchange.requestHeaders().first(field));
      }
      case "response" -> {
        if (!kind.knowsAnswer()) {
          throw unknown(setting, name, kind);
        }
        var field = HeaderName.of(of);
        yield new Part(exchange -> answer(exchange, field));
      }
      case "query" -> new Part(exchange -> Query.first(exchange.query(), of));
      case "cookie" -> new Part(exchange -> When.cookie(exchange, of));
      case "claim" -> new Part(exchange -> claim(exchange, of));
      default -> throw unknown(setting, name, kind);
    };
  }

  private static IllegalArgumentException unknown(String setting, String name, Kind kind) {
    var known = kind.knowsAnswer() ? "{status}, {response:NAME}, " + KNOWN : KNOWN;
    return new IllegalArgumentException("%s: {%s} (expected: %s)".formatted(setting, name, known));
  }

  /// A call that ended before it was answered has no fields of an answer.
  private static @Nullable String answer(Exchange exchange, HeaderName field) {
    return exchange.status() == 0 ? null : exchange.responseHeaders().first(field);
  }

  private static @Nullable String claim(Exchange exchange, String name) {
    var identity = exchange.identity();
    var claim = identity == null ? null : Claims.find(identity.claims(), name);
    return claim == null ? null : Claims.text(claim);
  }

  private static @Nullable String subject(Exchange exchange) {
    var identity = exchange.identity();
    return identity == null || identity.subject().isEmpty() ? null : identity.subject();
  }

  private static Part plain(String setting, String name, Kind kind, Site site) {
    var pattern = site.route().path();
    if (pattern.segments().contains("{" + name + "}")
        || site.api().path().contains("{" + name + "}")) {
      return new Part("", exchange -> exchange.pathParameter(name), true);
    }
    return switch (name) {
      case "*" -> {
        if (!pattern.openEnded()) {
          throw new IllegalArgumentException(
              "%s: {*} (expected: a route whose path ends in '/*', not '%s')"
                  .formatted(setting, pattern));
        }
        int depth = pattern.under(site.api().path()).segments().size();
        yield new Part("", exchange -> rest(exchange.path(), depth), true);
      }
      case "method" -> new Part(Exchange::method);
      case "host" -> new Part(exchange -> hostName(exchange.host()));
      case "path" -> new Part("", Exchange::path, true);
      case "client" -> new Part(exchange -> Peers.text(exchange.client()));
      case "consumer" -> new Part(Template::consumer);
      case "call" -> new Part(exchange -> CallId.text(exchange.callId()));
      case "api" -> new Part(exchange -> exchange.api().name());
      case "route" -> new Part(exchange -> exchange.route().id());
      case "subject" -> new Part(Template::subject);
      case "status" -> {
        if (!kind.knowsAnswer()) {
          throw unknown(setting, name, kind);
        }
        yield new Part(exchange -> exchange.status() == 0 ? null : "" + exchange.status());
      }
      default -> throw unknown(setting, name, kind);
    };
  }

  private static @Nullable String consumer(Exchange exchange) {
    var consumer = exchange.consumer();
    return consumer == null ? null : consumer.id();
  }

  /// The host of an authority, without its port.
  static String hostName(String authority) {
    int colon = authority.lastIndexOf(':');
    return colon >= 0 && authority.indexOf(']', colon) < 0
        ? authority.substring(0, colon)
        : authority;
  }

  /// What follows so many segments, without the slash before it.
  private static String rest(String path, int segments) {
    int at = 0;
    for (int i = 0; i < segments && at >= 0; i++) {
      at = path.indexOf('/', at + 1);
    }
    return at < 0 ? "" : path.substring(at + 1);
  }

  /// Whether every call gets the same text.
  boolean constant() {
    return constant != null;
  }

  /// The text for this call; null: it has not said what a place needs.
  @Nullable String fill(Exchange exchange) {
    if (constant != null) {
      return constant;
    }
    var out = new StringBuilder();
    for (int i = 0; i < parts.size(); i++) {
      var part = parts.get(i);
      if (part.value == null) {
        out.append(part.text);
        continue;
      }
      var value = part.value.apply(exchange);
      if (value == null) {
        return null;
      }
      out.append(!part.encoded && kind.encodes(value) ? encoded(value) : value);
    }
    return out.toString();
  }

  /// Percent-encoded but for unreserved characters (RFC 3986 section 2.3), so that a value cannot
  /// be taken for more than one segment or parameter.
  static String encoded(String value) {
    var out = new StringBuilder(value.length() + 8);
    for (var b : value.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || "-._~".indexOf(c) >= 0);
      if (plain) {
        out.append(c);
      } else {
        out.append("%%%02X".formatted((int) c));
      }
    }
    return out.toString();
  }
}
