package io.ostiary.policies;

import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.Ending;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Bytes;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import io.ostiary.policies.cache.Asked;
import io.ostiary.policies.cache.Cached;
import io.ostiary.policies.cache.Lifetimes;
import io.ostiary.policies.cache.Parts;
import io.ostiary.policies.cache.Store;
import io.ostiary.policies.cache.Targeted;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Keeps responses and gives them again (RFC 9111, a shared cache), in memory.
public final class Cache implements Policy<Cache.Settings> {
  private static final long BYTES_MAX = 1L << 36;

  /// @param bytes kept in all
  /// @param entryMax the longest body that is kept
  /// @param defaultTtl for how long a response is fresh that does not say it
  /// @param staleIfError for how long after that it answers where the upstream fails
  /// @param staleWhileRevalidate for how long after that it answers while it is asked for anew
  /// @param collapse how long a call waits for another that fetches the same
  /// @param hideTags whether the names that upstreams give their answers stay between us
  /// @param targeted the most important first (RFC 9213)
  /// @param statusTtl the same as `default-ttl` by status or class of statuses
  /// @param override whether both count whatever a response says
  /// @param key what tells responses apart
  /// @param obeyClients whether requests may ask for more than what is kept
  /// @param when calls that have a part in it
  /// @param unless calls of those that have none; null: all have
  public record Settings(
      @About("How much is kept in all.") @Default("32MiB") @Bytes long bytes,
      @About("The longest body that is kept.") @Default("1MiB") @Bytes int entryMax,
      @About("How long a response is fresh that does not say so itself; 0s: it is not kept.")
          @Default("0s")
          Duration defaultTtl,
      @About("How long a stale response may stand in for an upstream that fails, at least.")
          @Default("0s")
          Duration staleIfError,
      @About("How long a stale response is given while the upstream is asked anew, at least.")
          @Default("0s")
          Duration staleWhileRevalidate,
      @About("How long a call waits for another one that fetches the same; 0s: it does not.")
          @Default("5s")
          Duration collapse,
      @About("Whether clients are not told Surrogate-Key and Cache-Tag of the upstream's answers.")
          @Default("false")
          boolean hideTags,
      @About("Fields that count before Cache-Control and Expires, such as CDN-Cache-Control.")
          @OrOne
          List<String> targeted,
      @About(
              "The same as default-ttl for some statuses, such as 404: 1m, or classes of them, such"
                  + " as 5XX: 5s.")
          Map<String, Duration> statusTtl,
      @About(
              "Whether default-ttl and status-ttl count whatever Cache-Control and Expires of the"
                  + " response say, no-store and private included.")
          @Default("false")
          boolean override,
      @About("What tells responses apart.") Key key,
      @About("Whether Cache-Control of requests counts, by which clients get past what is kept.")
          @Default("true")
          boolean obeyClients,
      @About("Calls that are answered from it and whose answers are kept; not given: all.")
          When when,
      @About("Calls of those that pass it by; not given: none.") @Nullable When unless) {
    public Settings {
      targeted = List.copyOf(targeted);
      for (var name : targeted) {
        if (!name.toLowerCase(Locale.ROOT).endsWith("-cache-control")) {
          throw Require.invalid("cache.targeted", name, "such as CDN-Cache-Control");
        }
        HeaderName.of(name);
      }
      Require.between("cache.bytes (bytes)", bytes, 64 * 1024, BYTES_MAX);
      Require.between("cache.entry-max (bytes)", entryMax, 1, Math.min(bytes, 64 * 1024 * 1024));
      Require.between("cache.default-ttl (s)", defaultTtl.toSeconds(), 0, 31_536_000);
      Require.between("cache.stale-if-error (s)", staleIfError.toSeconds(), 0, 31_536_000);
      Require.between(
          "cache.stale-while-revalidate (s)", staleWhileRevalidate.toSeconds(), 0, 31_536_000);
      Require.between("cache.collapse (ms)", collapse.toMillis(), 0, 30_000);
      statusTtl = Collections.unmodifiableMap(new LinkedHashMap<>(statusTtl));
      statusTtl.forEach((status, ttl) -> {
        try {
          Lifetimes.status(status);
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException("cache.status-ttl: " + e.getMessage(), e);
        }
        Require.between("cache.status-ttl." + status + " (s)", ttl.toSeconds(), 0, 31_536_000);
      });
      if (override
          && defaultTtl.isZero()
          && statusTtl.values().stream().allMatch(Duration::isZero)) {
        throw Require.invalid(
            "cache.override", "true without a time", "default-ttl or status-ttl, too");
      }
    }

    private Predicate<Exchange> meant() {
      return unless == null ? when.compile() : when.compile().and(unless.compile().negate());
    }

    private Lifetimes lifetimes() {
      var byStatus = new HashMap<String, Long>();
      statusTtl.forEach((status, ttl) -> byStatus.put(Lifetimes.status(status), ttl.toNanos()));
      return new Lifetimes(defaultTtl.toNanos(), byStatus, override);
    }
  }

  /// What tells responses apart.
  ///
  /// @param query parameters that do
  /// @param ignore parameters that do not
  /// @param headers fields that do
  public record Key(
      @About("Query parameters that count, such as id or filter*; not given: all.") @OrOne
          Set<String> query,
      @About("Query parameters that do not, such as utm_*.") @OrOne Set<String> ignore,
      @About("Request fields that count, beside those that Vary names.") @OrOne
          List<String> headers) {
    public Key {
      query = Set.copyOf(query);
      ignore = Set.copyOf(ignore);
      headers = List.copyOf(headers);
      headers.forEach(HeaderName::of);
    }

    private Parts parts() {
      return new Parts(query, ignore, headers.stream().map(HeaderName::of).toList());
    }
  }

  @Override
  public String name() {
    return "cache";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    notBehindCompress(settings, site);
    if (site.api().split().to().stream().anyMatch(share -> !share.when().isEmpty())) {
      throw new IllegalArgumentException(
          "cache: an API whose split has conditions (expected: none, for what one caller's upstream"
              + " answers would be given to callers of another)");
    }
    var store =
        site.shared("cache/" + site.api().name(), Store.class, () -> new Store(site.api().name()));
    var rules =
        new Cached.Rules(
            settings.bytes,
            settings.entryMax,
            settings.lifetimes(),
            settings.staleIfError.toNanos(),
            settings.staleWhileRevalidate.toNanos(),
            site.patience(settings.collapse).toMillis(),
            settings.hideTags,
            new Targeted(settings.targeted.stream().map(HeaderName::of).toList()),
            settings.key.parts(),
            settings.obeyClients);
    return new Gate(new Cached(store, rules), site.state(Asked.class), settings.meant());
  }

  /// What stands behind it does not run for answers from the store, and what stands in front does:
  /// but compress leaves alone what is no upstream's, so what is kept would go out as it is.
  @SuppressWarnings("ReferenceEquality") // a use is known by its very settings object
  private static void notBehindCompress(Settings settings, Site site) {
    var uses = new ArrayList<>(site.api().policies());
    if (uses.stream().noneMatch(use -> use.settings() == settings)) {
      uses.addAll(site.route().policies());
    }
    for (var use : uses) {
      if (use.settings() == settings) {
        return;
      }
      if (use.name().equals("compress")) {
        throw new IllegalArgumentException(
            "cache: behind 'compress' (expected: before it, so that compressed responses are what"
                + " is kept. Behind it, answers from the store would not be compressed)");
      }
    }
  }

  private record Gate(Cached cached, StateKey<Asked> state, Predicate<Exchange> when)
      implements Filter {
    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST, Moment.RESPONSE, Moment.RESPONSE_BODY, Moment.END);
    }

    @Override
    public BodyNeed responseBodyNeed() {
      return BodyNeed.STREAM;
    }

    @Override
    public Verdict request(Exchange exchange) {
      var renewal = exchange.state(state);
      if (renewal != null) {
        return cached.renew(exchange, renewal);
      }
      var asked = cached.asked(exchange, when.test(exchange));
      exchange.state(state, asked);
      return cached.request(exchange, asked, state);
    }

    @Override
    public Verdict response(Exchange exchange) {
      var asked = exchange.state(state);
      return asked == null ? Verdict.CONTINUE : cached.response(exchange, asked);
    }

    @Override
    public Verdict responseBody(Exchange exchange, ByteBuffer body, boolean last) {
      var asked = exchange.state(state);
      if (asked != null) {
        cached.body(asked, body, last);
      }
      return Verdict.CONTINUE;
    }

    @Override
    public void end(Exchange exchange, Ending ending) {
      var asked = exchange.state(state);
      if (asked != null) {
        cached.end(asked);
      }
    }
  }
}
