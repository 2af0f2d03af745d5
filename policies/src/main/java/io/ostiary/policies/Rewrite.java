package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Sends a call upstream with another host, path or query than the client asked for.
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
  /// @param when calls that are changed
  public record Settings(
      @About("What the upstream is told in place of the client's Host.") @Nullable String host,
      @About("Whether the upstream is told its own address as Host.") @Default("false")
          boolean targetHost,
      @About("The whole path, such as /v2/{id}.") @Nullable String path,
      @About("Another front for the path.") PathChange.@Nullable Prefix prefix,
      @About("Replaces parts of the path.") PathChange.@Nullable Substitution regex,
      @About("Changes to the query.") QueryChanges query,
      @About("Calls that are changed; not given: all.") When when) {
    public Settings {
      if (host != null && targetHost) {
        throw new IllegalArgumentException("rewrite.host: beside target-host (expected: one)");
      }
      boolean paths = path != null || prefix != null || regex != null;
      if (host == null && !targetHost && !paths && query.isEmpty()) {
        throw new IllegalArgumentException(
            "rewrite: nothing (expected: host, target-host, path, prefix, regex or query)");
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
  public Filter compile(Settings settings, Site site) {
    var path = PathChange.of("rewrite", settings.path, settings.prefix, settings.regex, site);
    return new Change(
        path,
        QueryEdit.of("rewrite.query", settings.query, site),
        settings.host,
        settings.targetHost,
        settings.when.compile());
  }

  private record Change(
      PathChange path,
      QueryEdit query,
      @Nullable String host,
      boolean targetHost,
      Predicate<Exchange> when)
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
      return Verdict.CONTINUE;
    }
  }
}
