package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Headers;
import io.ostiary.gateway.spi.Site;
import io.ostiary.model.Target;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// From where an upstream believes it stands to where clients find it, in what its answers say of
/// places: `Location` and `Content-Location` (RFC 9110 sections 10.2.2 and 8.7), `Path` and
/// `Domain` of cookies (RFC 6265 section 4.1.2). An upstream that has the front of the path from
/// `X-Forwarded-Prefix` knows where it stands, and needs none of it. Immutable.
///
/// @param path what was done to the path after the API's path was cut off
/// @param front what was cut off before; empty: nothing
/// @param hosts by which the upstream may name itself, in lower case
/// @param domains the same without ports
record WayBack(
    PathChange path,
    String front,
    Set<String> hosts,
    Set<String> domains,
    boolean places,
    boolean cookies) {
  private static final Pattern PORT = Pattern.compile(":[0-9]+$");
  private static final List<HeaderName> PLACES =
      List.of(HeaderName.of("Location"), HeaderName.of("Content-Location"));
  private static final HeaderName SET_COOKIE = HeaderName.of("Set-Cookie");

  /// A URI reference that begins with a scheme, or with an authority: those, and what follows.
  private static final Pattern ABSOLUTE =
      Pattern.compile("(?:(https?):)?//([^/?#]*)(.*)", Pattern.CASE_INSENSITIVE);

  static WayBack of(PathChange path, Rewrite.Settings settings, Site site) {
    var api = site.api();
    var names = api.upstreams();
    var hosts = new HashSet<String>();
    if (settings.host() != null) {
      hosts.add(settings.host().toLowerCase(Locale.ROOT));
    }
    for (var upstream : site.snapshot().upstreams()) {
      if (names.contains(upstream.name())) {
        upstream.targets().forEach(target -> add(hosts, target));
      }
    }
    boolean cut = api.stripPath() && !api.path().equals("/");
    var domains = new HashSet<String>();
    hosts.forEach(host -> domains.add(PORT.matcher(host).replaceFirst("")));
    return new WayBack(
        path,
        cut ? api.path() : "",
        Set.copyOf(hosts),
        Set.copyOf(domains),
        settings.redirects(),
        settings.cookies());
  }

  private static void add(Set<String> hosts, Target target) {
    var whole = target.toString().toLowerCase(Locale.ROOT);
    hosts.add(whole);
    if (target.port() == 80 || target.port() == 443) {
      hosts.add(whole.substring(0, whole.lastIndexOf(':')));
    }
  }

  /// Changes the fields of an upstream's answer.
  void apply(Exchange exchange) {
    var headers = exchange.responseHeaders();
    if (places) {
      for (var name : PLACES) {
        var value = headers.first(name);
        if (value != null && !headers.repeated(name)) {
          headers.set(name, place(value, exchange.host()));
        }
      }
    }
    if (cookies && headers.has(SET_COOKIE)) {
      cookies(headers);
    }
  }

  /// @param asked whom the client asked: an absolute place there keeps its scheme, for it may lead
  ///   from `http` to `https`
  private String place(String value, String asked) {
    var absolute = ABSOLUTE.matcher(value);
    if (absolute.matches()) {
      var authority = absolute.group(2);
      var rest = absolute.group(3).startsWith("/") ? absolute.group(3) : "/" + absolute.group(3);
      if (!asked.isEmpty() && authority.equalsIgnoreCase(asked)) {
        return value.substring(0, absolute.end(2)) + mapped(rest);
      }
      return hosts.contains(authority.toLowerCase(Locale.ROOT)) ? mapped(rest) : value;
    }
    return value.startsWith("/") ? mapped(value) : value;
  }

  /// @param rest a path, and what follows it
  private String mapped(String rest) {
    int end = 0;
    while (end < rest.length() && "?#".indexOf(rest.charAt(end)) < 0) {
      end++;
    }
    return outward(rest.substring(0, end)) + rest.substring(end);
  }

  private String outward(String inward) {
    return front + path.back(inward);
  }

  private void cookies(Headers headers) {
    var all = headers.all(SET_COOKIE);
    headers.remove(SET_COOKIE);
    for (var one : all) {
      headers.add(SET_COOKIE, cookie(one));
    }
  }

  private String cookie(String value) {
    var changed = new StringBuilder(value.length() + front.length());
    boolean fixed = value.startsWith("__Host-"); // Its path is / and must stay so.
    for (var part : value.split(";", -1)) {
      var written = attribute(part, fixed || changed.isEmpty());
      if (written != null) {
        changed.append(changed.isEmpty() ? "" : ";").append(written);
      }
    }
    return changed.toString();
  }

  /// @param fixed whether it stays as it is
  private @Nullable String attribute(String part, boolean fixed) {
    int equals = part.indexOf('=');
    if (fixed || equals < 0) {
      return part;
    }
    var name = part.substring(0, equals).strip().toLowerCase(Locale.ROOT);
    var value = part.substring(equals + 1).strip();
    return switch (name) {
      case "path" -> value.startsWith("/") ? " Path=" + folder(outward(value)) : part;
      case "domain" -> own(value) ? null : part;
      default -> part;
    };
  }

  /// Without a final slash, with which `/front` itself would be no part of it.
  private String folder(String path) {
    return path.equals(front + "/") && !front.isEmpty() ? front : path;
  }

  /// Whether it is a name of the upstream: without it the cookie belongs to whom the client asked.
  private boolean own(String domain) {
    var name = domain.startsWith(".") ? domain.substring(1) : domain;
    return domains.contains(name.toLowerCase(Locale.ROOT));
  }
}
