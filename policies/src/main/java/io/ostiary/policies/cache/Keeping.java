package io.ostiary.policies.cache;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Headers;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which responses may be kept (RFC 9111 section 3), for whom, and for how long they are fresh.
/// Immutable.
final class Keeping {
  private static final long SECOND = 1_000_000_000L;
  private static final int VARY_MAX = 8;

  /// Those beside the usual ones whose meaning for a cache is known.
  private static final Set<Integer> UNDERSTOOD =
      Set.of(
          201, 202, 302, 303, 307, 400, 401, 403, 406, 409, 411, 412, 413, 415, 416, 417, 421, 422,
          428, 429, 431, 451, 500, 502, 503, 504, 505);

  /// What a 304 says of the representation is not about the one that is kept (section 3.2).
  private static final Set<HeaderName> NOT_RENEWED =
      Set.of(
          HeaderName.of("Content-Encoding"),
          HeaderName.of("Content-Range"),
          HeaderName.of("Content-MD5"),
          HeaderName.of("Content-Digest"),
          Names.ETAG);

  /// Fields that belong to one hop, to one caller, or are said anew each time.
  private static final Set<HeaderName> NOT_KEPT =
      Set.of(
          HeaderName.of("Connection"),
          HeaderName.of("Keep-Alive"),
          HeaderName.of("Proxy-Authenticate"),
          HeaderName.of("Proxy-Authentication-Info"),
          HeaderName.of("Proxy-Authorization"),
          HeaderName.of("Proxy-Connection"),
          HeaderName.of("TE"),
          HeaderName.of("Trailer"),
          HeaderName.of("Upgrade"),
          HeaderName.of("Ostiary-Call"),
          HeaderName.of("RateLimit"),
          HeaderName.of("RateLimit-Policy"),
          Names.TRANSFER_ENCODING,
          Names.CONTENT_LENGTH,
          Names.SET_COOKIE,
          Names.AGE);

  private final Cached.Rules rules;

  Keeping(Cached.Rules rules) {
    this.rules = rules;
  }

  /// Whether a response to a request with `Authorization` may answer another (RFC 9111 section
  /// 3.5).
  static boolean forAuthorized(Directives said) {
    return said.isPublic || said.mustRevalidate || said.sharedMaxAge >= 0;
  }

  /// Notes in `asked` what is to be kept.
  boolean mayKeep(Exchange exchange, Asked asked) {
    var headers = exchange.responseHeaders();
    int status = exchange.status();
    var told = told(headers);
    var said = told.directives();
    boolean understood = Lifetimes.usual(status) || UNDERSTOOD.contains(status);
    // With `must-understand` it says no-store for those who do not (RFC 9111 section 5.2.2.3).
    boolean mayNot = said.mustUnderstand ? !understood : said.noStore;
    if (mayNot || said.isPrivate || status < 200 || status == 206 || status == 304) {
      return false;
    }
    if (asked.authorized && !forAuthorized(said)) {
      return false;
    }
    // A cookie is one caller's; what was asked with one may be, unless the upstream says otherwise.
    if (headers.has(Names.SET_COOKIE) || (asked.cookies && !said.isPublic)) {
      return false;
    }
    var vary = vary(exchange, asked);
    long lifetime = lifetime(told, headers, status);
    boolean worth =
        lifetime > 0
            || headers.has(Names.ETAG)
            || headers.has(Names.LAST_MODIFIED)
            || usefulWhenStale(said);
    boolean timed = explicit(told, headers) || lifetime > 0;
    if (vary == null || asked.manyTags || !worth || !timed) {
      return false;
    }
    asked.vary = vary;
    asked.said = said;
    asked.status = status;
    asked.lifetimeNanos = lifetime;
    asked.ageNanos = age(exchange, asked.askedNanos);
    asked.fields = fields(headers);
    asked.key = said.isPublic ? asked.openKey : asked.ownKey;
    return true;
  }

  /// What a response says that counts: where the operator's word goes first, only whether it is for
  /// everybody.
  private Targeted.Said told(Headers headers) {
    var told = rules.targeted().read(headers);
    return rules.lifetimes().override()
        ? new Targeted.Said(told.directives().onlyOpen(), true)
        : told;
  }

  private boolean usefulWhenStale(Directives said) {
    return said.mayBeStale()
        && Math.max(rules.whileRevalidatingNanos(said), rules.ifErrorNanos(said)) > 0;
  }

  private static boolean explicit(Targeted.Said told, Headers headers) {
    var said = told.directives();
    return said.maxAge >= 0
        || said.sharedMaxAge >= 0
        || said.noCache
        || (headers.has(Names.EXPIRES) && !told.targeted());
  }

  /// RFC 9111 section 4.2.1.
  private long lifetime(Targeted.Said told, Headers headers, int status) {
    var said = told.directives();
    if (said.sharedMaxAge >= 0) {
      return said.sharedMaxAge * SECOND;
    }
    if (said.maxAge >= 0) {
      return said.maxAge * SECOND;
    }
    if (headers.has(Names.EXPIRES) && !told.targeted()) {
      long expires = headers.repeated(Names.EXPIRES) ? -1 : millis(headers, Names.EXPIRES);
      long date = millis(headers, Names.DATE);
      long from = date < 0 ? System.currentTimeMillis() : date;
      long millis = Math.clamp(expires - from, 0, Integer.MAX_VALUE * 1000L);
      return expires < 0 ? 0 : millis * 1_000_000L;
    }
    return said.noCache ? 0 : rules.lifetimes().nanos(status);
  }

  private static long millis(Headers headers, HeaderName name) {
    return HttpDate.millis(headers.first(name));
  }

  /// RFC 9111 section 4.2.3.
  private static long age(Exchange exchange, long askedNanos) {
    var headers = exchange.responseHeaders();
    long told = toldAge(headers);
    long date = millis(headers, Names.DATE);
    long apparent = date < 0 ? 0 : Math.max(0, System.currentTimeMillis() - date) * 1_000_000L;
    long took = exchange.nanos() - askedNanos;
    // Dates have whole seconds: what is younger than one is no age.
    return Math.max(apparent < 2 * SECOND ? 0 : apparent - took, told);
  }

  /// What `Age` says: the first member where it is a list, nothing where that is no number (section
  /// 5.1).
  private static long toldAge(Headers headers) {
    var written = headers.first(Names.AGE);
    if (written == null) {
      return 0;
    }
    int comma = written.indexOf(',');
    return Directives.seconds((comma < 0 ? written : written.substring(0, comma)).strip()) * SECOND;
  }

  /// Null: it depends on more than can be known.
  private static @Nullable Map<HeaderName, String> vary(Exchange exchange, Asked asked) {
    var vary = new HashMap<HeaderName, String>();
    for (var value : exchange.responseHeaders().all(Names.VARY)) {
      for (var part : value.split(",")) {
        var name = part.strip();
        if (name.equals("*") || vary.size() == VARY_MAX) {
          return null;
        }
        if (!name.isEmpty()) {
          try {
            var header = HeaderName.of(name);
            vary.put(header, asked.says.getOrDefault(header, "-"));
          } catch (IllegalArgumentException e) {
            return null;
          }
        }
      }
    }
    return vary;
  }

  private static List<Field> fields(Headers headers) {
    var connection = String.join(",", headers.all(HeaderName.of("Connection")));
    var named = Set.of(connection.toLowerCase(Locale.ROOT).split("\\s*,\\s*"));
    var fields = new ArrayList<Field>();
    headers.forEach((name, value) -> {
      var header = HeaderName.of(name);
      if (!NOT_KEPT.contains(header) && !named.contains(name.toLowerCase(Locale.ROOT))) {
        fields.add(new Field(header, value));
      }
    });
    return fields;
  }

  /// What is kept with the fields of a 304.
  Stored renewed(Exchange exchange, Asked asked, Stored stale) {
    var headers = exchange.responseHeaders();
    var newer =
        fields(headers).stream().filter(field -> !NOT_RENEWED.contains(field.name())).toList();
    var fields = new ArrayList<Field>();
    for (var field : stale.fields) {
      if (newer.stream().noneMatch(other -> other.name().equals(field.name()))) {
        fields.add(field);
      }
    }
    fields.addAll(newer);
    var told = told(headers);
    var said =
        told.targeted() || headers.has(Names.CACHE_CONTROL) ? told.directives() : stale.control;
    told = new Targeted.Said(said, told.targeted());
    boolean timed = explicit(told, headers);
    return new Stored(
        stale.address,
        asked.tags.isEmpty() ? stale.tags : asked.tags,
        stale.status,
        fields,
        stale.body,
        said,
        stale.vary,
        asked.askedNanos,
        age(exchange, asked.askedNanos),
        timed ? lifetime(told, headers, stale.status) : stale.lifetimeNanos);
  }
}
