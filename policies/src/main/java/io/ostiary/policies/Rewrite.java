package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Sends a call upstream with another host, path or query than the client asked for, and lets what
/// the upstream says of itself lead back.
public final class Rewrite implements Policy<Rewrite.Settings> {
  private static final Verdict NO_PATH =
      new Verdict.Reply(
          Problem.of(
              400,
              "rewrite",
              "No such path upstream",
              "What this call says makes no path that could be asked of the upstream."));

  /// @param host what the upstream is told in place of the client's Host
  /// @param targetHost whether it is told its own address
  /// @param path the whole path, with places
  /// @param prefix the path's front
  /// @param regex parts of the path
  /// @param query done after the path
  /// @param redirects whether answers that lead elsewhere lead back through the gateway
  /// @param cookies whether cookies that answers set come back through the gateway
  /// @param when calls that are changed
  public record Settings(
      @About("What the upstream is told in place of the client's Host.") @Nullable String host,
      @About("Whether the upstream is told its own address as Host.") @Default("false")
          boolean targetHost,
      @About("The whole path, such as /v2/{id}.") @Nullable String path,
      @About("Another front for the path.") PathChange.@Nullable Prefix prefix,
      @About("Replaces parts of the path.") PathChange.@Nullable Substitution regex,
      @About("Changes to the query.") QueryChanges query,
      @About(
              "Whether Location and Content-Location of the upstream's answers lead to where clients"
                  + " find it.")
          @Default("false")
          boolean redirects,
      @About(
              "Whether Path and Domain of the upstream's cookies are those by which clients find it.")
          @Default("false")
          boolean cookies,
      @About("Calls that are changed; not given: all.") When when) {
    public Settings {
      if (host != null && targetHost) {
        throw new IllegalArgumentException("rewrite.host: beside target-host (expected: one)");
      }
      boolean paths = path != null || prefix != null || regex != null;
      boolean answers = redirects || cookies;
      if (host == null && !targetHost && !paths && query.isEmpty() && !answers) {
        throw new IllegalArgumentException(
            "rewrite: nothing (expected: host, target-host, path, prefix, regex, query, redirects or"
                + " cookies)");
      }
      if (host != null && !HostText.valid(host)) {
        throw new IllegalArgumentException(
            "rewrite.host: '"
                + host
                + "' (expected: a name or an address, with or without a port)");
      }
    }
  }

  @Override
  public String name() {
    return "rewrite";
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
  public Filter compile(Settings settings, Site site) {
    var path = PathChange.of("rewrite", settings.path, settings.prefix, settings.regex, site);
    boolean answers = settings.redirects || settings.cookies;
    return new Change(
        path,
        QueryEdit.of("rewrite.query", settings.query, site),
        settings.host,
        settings.targetHost,
        answers ? WayBack.of(path, settings, site) : null,
        answers ? site.state(Boolean.class) : null,
        settings.when.compile());
  }

  /// @param back null: answers stay as they are
  /// @param changed of each exchange whose answer is changed; null likewise
  private record Change(
      PathChange path,
      QueryEdit query,
      @Nullable String host,
      boolean targetHost,
      @Nullable WayBack back,
      @Nullable StateKey<Boolean> changed,
      Predicate<Exchange> when)
      implements Filter {
    @Override
    public Set<Moment> moments() {
      return back == null ? Set.of(Moment.REQUEST) : Set.of(Moment.REQUEST, Moment.RESPONSE);
    }

    @Override
    public Verdict request(Exchange exchange) {
      if (!when.test(exchange)) {
        return Verdict.CONTINUE;
      }
      if (!(path instanceof PathChange.Same)) {
        var changed = path.apply(exchange, exchange.upstreamPath());
        if (changed == null || !exchange.upstreamPath(changed)) {
          return NO_PATH;
        }
      }
      if (!query.isEmpty()) {
        exchange.upstreamQuery(query.apply(exchange, exchange.upstreamQuery()));
      }
      if ((host != null || targetHost) && !exchange.upstreamHost(host)) {
        throw new IllegalStateException("rewrite.host: " + host + " (expected: what was checked)");
      }
      if (changed != null) {
        exchange.state(changed, true);
      }
      return Verdict.CONTINUE;
    }

    @Override
    public Verdict response(Exchange exchange) {
      if (back != null
          && changed != null
          && exchange.fromUpstream()
          && exchange.state(changed) != null) {
        back.apply(exchange);
      }
      return Verdict.CONTINUE;
    }
  }
}
