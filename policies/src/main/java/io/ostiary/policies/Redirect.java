package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Message;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Sends clients elsewhere: to another scheme, host, port or path.
///
/// Where to is the configuration's word. A client's request fills at most segments of the path, so
/// no link to this gateway can be made to lead to a host that was not written here.
public final class Redirect implements Policy<Redirect.Settings> {
  private static final HeaderName LOCATION = HeaderName.of("Location");
  private static final Set<Integer> STATUSES = Set.of(301, 302, 303, 307, 308);
  private static final Verdict NO_PATH =
      new Verdict.Reply(
          Problem.of(
              400,
              "redirect",
              "Nowhere to go",
              "What this call says makes no path that could be redirected to."));

  /// @param scheme not given: the one the client used
  /// @param host not given: the one the client asked for
  /// @param port not given: none where a scheme or host is given, else the client's
  /// @param path the whole path, with places
  /// @param prefix the path's front
  /// @param regex parts of the path
  /// @param status 301, 302, 303, 307 or 308
  /// @param keepQuery whether the client's query is kept
  /// @param when calls that are redirected
  public record Settings(
      @About("http or https; not given: as the client came.") @Nullable Scheme scheme,
      @About("A host without a port; not given: the client's.") @Nullable String host,
      @About("A port, 1-65535.") @Nullable Integer port,
      @About("The whole path, such as /v2/{id}; not given: the client's.") @Nullable String path,
      @About("Another front for the client's path.") PathChange.@Nullable Prefix prefix,
      @About("Replaces parts of the client's path.") PathChange.@Nullable Substitution regex,
      @About("301, 302, 303, 307 or 308.") @Default("302") int status,
      @About("Whether the client's query is kept.") @Default("true") boolean keepQuery,
      @About("Calls that are redirected; not given: all.") When when) {
    public Settings {
      if (!STATUSES.contains(status)) {
        throw new IllegalArgumentException(
            "redirect.status: " + status + " (expected: 301, 302, 303, 307 or 308)");
      }
      boolean paths = path != null || prefix != null || regex != null;
      if (scheme == null && host == null && port == null && !paths) {
        throw new IllegalArgumentException(
            "redirect: nothing (expected: scheme, host, port, path, prefix or regex). A redirect to"
                + " the same place never ends");
      }
      if (host != null && (!HostText.valid(host) || !host.equals(Template.hostName(host)))) {
        throw new IllegalArgumentException(
            "redirect.host: '" + host + "' (expected: a name or an address, without a port)");
      }
      if (port != null && (port < 1 || port > 65_535)) {
        throw new IllegalArgumentException("redirect.port: " + port + " (expected: 1-65535)");
      }
    }
  }

  /// How the client is to come.
  public enum Scheme {
    HTTP,
    HTTPS
  }

  @Override
  public String name() {
    return "redirect";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public boolean lasting() {
    return true;
  }

  @Override
  public boolean ofOneRoute(Settings settings) {
    return true;
  }

  @Override
  public boolean answers(Settings settings) {
    return true;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    var path = PathChange.of("redirect", settings.path, settings.prefix, settings.regex, site);
    return new Elsewhere(settings, path, settings.when.compile());
  }

  private record Elsewhere(Settings to, PathChange path, Predicate<Exchange> when)
      implements Filter {
    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST);
    }

    @Override
    public Verdict request(Exchange exchange) {
      if (!when.test(exchange)) {
        return Verdict.CONTINUE;
      }
      var changed = path.apply(exchange, exchange.path());
      if (changed == null) {
        return NO_PATH;
      }
      var query = to.keepQuery ? exchange.query() : null;
      if (isThere(exchange, changed, query)) {
        return Verdict.CONTINUE;
      }
      var location = authority(exchange) + changed + (query == null ? "" : "?" + query);
      return new Verdict.Answer(new Message(to.status, List.of(new Field(LOCATION, location)), ""));
    }

    /// Whether the client asks there already: sent there once more, it would come back for ever.
    private boolean isThere(Exchange exchange, String changed, @Nullable String query) {
      boolean https = exchange.https();
      boolean sameScheme = to.scheme == null || (to.scheme == Scheme.HTTPS) == https;
      if (!sameScheme
          || !changed.equals(exchange.path())
          || !Objects.equals(query, exchange.query())) {
        return false;
      }
      var asked = exchange.host();
      var name = Template.hostName(asked);
      // Where a scheme or host is given without a port, it is the usual one that is meant.
      boolean away = to.scheme != null || to.host != null;
      int usual = https ? 443 : 80;
      int wanted = to.port != null ? to.port : away ? usual : port(asked, name, usual);
      return (to.host == null || to.host.equalsIgnoreCase(name))
          && wanted == port(asked, name, usual);
    }

    /// As the client wrote it.
    private static int port(String asked, String name, int usual) {
      return asked.length() > name.length() + 1
          ? Integer.parseInt(asked, name.length() + 1, asked.length(), 10)
          : usual;
    }

    /// What stands before the path: nothing where the client stays on its host, so that it also
    /// stays on its scheme, which a proxy before us may have ended (RFC 3986 section 4.2).
    private String authority(Exchange exchange) {
      if (to.scheme == null && to.host == null && to.port == null) {
        return "";
      }
      var host = to.host == null ? Template.hostName(exchange.host()) : to.host;
      if (host.isEmpty()) {
        return "";
      }
      var scheme = to.scheme == null ? "" : to.scheme.name().toLowerCase(Locale.ROOT) + ":";
      return scheme + "//" + host + (to.port == null ? "" : ":" + to.port);
    }
  }
}
