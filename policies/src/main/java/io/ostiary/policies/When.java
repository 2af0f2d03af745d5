package io.ostiary.policies;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.model.Cidr;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Alone;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// What a policy asks of a call before it acts, beside its route: all of it must hold, and what is
/// not given asks nothing. Unlike the `when` of a route it can ask for the consumer, who is known
/// once a policy before this one has recognised it.
///
/// @param methods such as GET
/// @param headers one value of a field that is sent more than once is enough
/// @param query compared after decoding; of a parameter that is sent twice the first counts
/// @param cookies compared as they are sent
/// @param from client addresses and blocks
/// @param consumers ids or names
/// @param path a regular expression (RE2) for the client's whole path
public record When(
    @About("Methods, such as GET.") @OrOne Set<String> methods,
    @About("Header fields, such as X-Canary: \"yes\".") Map<String, Expected> headers,
    @About("Query parameters.") Map<String, Expected> query,
    @About("Cookies.") Map<String, Expected> cookies,
    @About("Client addresses and blocks.") @OrOne List<Cidr> from,
    @About("Consumers, by id or name.") @OrOne Set<String> consumers,
    @About("A regular expression (RE2) that the client's whole path must match.")
        @Nullable String path) {
  static final When ALWAYS =
      new When(Set.of(), Map.of(), Map.of(), Map.of(), List.of(), Set.of(), null);

  private static final java.util.regex.Pattern METHOD =
      java.util.regex.Pattern.compile("[A-Z][A-Z0-9_-]{0,31}");

  private static final HeaderName COOKIE = HeaderName.of("Cookie");

  public When {
    methods = Set.copyOf(methods);
    headers = Collections.unmodifiableMap(new LinkedHashMap<>(headers));
    query = Collections.unmodifiableMap(new LinkedHashMap<>(query));
    cookies = Collections.unmodifiableMap(new LinkedHashMap<>(cookies));
    from = List.copyOf(from);
    consumers = Set.copyOf(consumers);
    headers.keySet().forEach(HeaderName::of);
    for (var method : methods) {
      if (!METHOD.matcher(method).matches()) {
        throw Require.invalid("when.methods", "'" + method + "'", "capital letters, such as GET");
      }
    }
    consumers.forEach(name -> Require.notBlank("when.consumers", name));
    if (path != null) {
      pattern("when.path", path);
    }
  }

  /// What a value must be: a text, or one of the members.
  ///
  /// @param is exactly this
  /// @param matches a regular expression (RE2) for the whole value
  /// @param present anything, as long as it is there
  public record Expected(
      @Alone @About("Exactly this.") @Nullable String is,
      @About("A regular expression (RE2) for the whole value.") @Nullable String matches,
      @About("Anything, as long as it is there.") @Default("false") boolean present) {
    public Expected {
      int ways = (is == null ? 0 : 1) + (matches == null ? 0 : 1) + (present ? 1 : 0);
      if (ways != 1) {
        throw new IllegalArgumentException(
            "when: " + ways + " expectations (expected: one of is, matches or present)");
      }
      if (matches != null) {
        pattern("matches", matches);
      }
    }

    private Predicate<String> predicate() {
      if (matches != null) {
        var compiled = pattern("matches", matches);
        return value -> compiled.matcher(value).matches();
      }
      var wanted = is;
      return wanted == null ? _ -> true : wanted::equals;
    }
  }

  static Pattern pattern(String setting, String text) {
    try {
      return Pattern.compile(text);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "%s: '%s' (expected: a regular expression (RE2): %s)"
              .formatted(setting, text, e.getDescription()),
          e);
    }
  }

  /// Whether a call is one of those meant. Made once, when the policy is compiled.
  Predicate<Exchange> compile() {
    Predicate<Exchange> all = _ -> true;
    if (!methods.isEmpty()) {
      all = exchange -> methods.contains(exchange.method());
    }
    for (var header : headers.entrySet()) {
      var name = HeaderName.of(header.getKey());
      var value = header.getValue().predicate();
      all = all.and(exchange -> exchange.requestHeaders().all(name).stream().anyMatch(value));
    }
    for (var parameter : query.entrySet()) {
      var value = parameter.getValue().predicate();
      var name = parameter.getKey();
      all = all.and(exchange -> holds(Query.first(exchange.query(), name), value));
    }
    for (var cookie : cookies.entrySet()) {
      var value = cookie.getValue().predicate();
      var name = cookie.getKey();
      all = all.and(exchange -> holds(cookie(exchange, name), value));
    }
    if (!from.isEmpty()) {
      var blocks = new AddressSet(from);
      all = all.and(exchange -> blocks.contains(exchange.client()));
    }
    if (!consumers.isEmpty()) {
      all = all.and(this::named);
    }
    var whole = path == null ? null : pattern("when.path", path);
    return whole == null ? all : all.and(exchange -> whole.matcher(exchange.path()).matches());
  }

  private boolean named(Exchange exchange) {
    var consumer = exchange.consumer();
    return consumer != null
        && (consumers.contains(consumer.id()) || consumers.contains(consumer.name()));
  }

  private static boolean holds(@Nullable String value, Predicate<String> expected) {
    return value != null && expected.test(value);
  }

  /// The value of the first cookie of this name (RFC 6265), or null.
  static @Nullable String cookie(Exchange exchange, String name) {
    for (var line : exchange.requestHeaders().all(COOKIE)) {
      for (var part : line.split(";", -1)) {
        int equals = part.indexOf('=');
        if (equals > 0 && part.substring(0, equals).strip().equals(name)) {
          return part.substring(equals + 1).strip();
        }
      }
    }
    return null;
  }
}
