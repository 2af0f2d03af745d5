package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.setting.About;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Sets, adds and removes header fields of requests and responses.
public final class Headers implements Policy<Headers.Settings> {
  /// @param request on the way to the upstream
  /// @param response on the way to the client
  /// @param when asked when the request comes, of its responses as well
  public record Settings(
      @About("Changes to requests, before the upstream sees them.") Changes request,
      @About("Changes to responses, before the client sees them; written as those of requests.")
          Changes response,
      @About("Calls that are changed; not given: all.") When when) {
    public Settings {
      if (request.isEmpty() && response.isEmpty()) {
        throw new IllegalArgumentException(
            "headers: nothing (expected: 'rename', 'remove', 'set', 'set-if-absent' or 'add' under"
                + " 'request' or 'response')");
      }
    }
  }

  /// Done in this order.
  ///
  /// @param rename the new names of fields, by the old ones; all values go along
  /// @param remove names of fields, or their beginnings with an asterisk behind
  /// @param set replaces every value of a field by this one
  /// @param setIfAbsent gives a field a value where it has none
  /// @param add adds a value to those that are there
  public record Changes(
      @About(
              "New names of fields by their old ones, done first; what had the new name is replaced.")
          Map<String, String> rename,
      @About("Fields to remove, such as X-Debug or X-Internal-*, done second.") List<String> remove,
      @About("Fields that get this value in place of any they had, done third.")
          Map<String, String> set,
      @About("Fields that get this value where they have none, done fourth.")
          Map<String, String> setIfAbsent,
      @About("Fields that get this value besides those they have, done last.")
          Map<String, String> add) {
    public static final Changes NONE =
        new Changes(Map.of(), List.of(), Map.of(), Map.of(), Map.of());

    public Changes {
      rename = ordered(rename);
      remove = List.copyOf(remove);
      set = ordered(set);
      setIfAbsent = ordered(setIfAbsent);
      add = ordered(add);
    }

    private static Map<String, String> ordered(Map<String, String> map) {
      return map.size() < 2
          ? Map.copyOf(map)
          : Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }

    boolean isEmpty() {
      return equals(NONE);
    }
  }

  private final HeaderNames names = new HeaderNames();

  @Override
  public String name() {
    return "headers";
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
    var when = settings.when.equals(When.ALWAYS) ? null : settings.when.compile();
    return new Rewrite(
        HeaderEdit.of("headers.request", settings.request, Template.Kind.FIELD, site, names),
        HeaderEdit.of("headers.response", settings.response, Template.Kind.ANSWER, site, names),
        when,
        when == null ? null : site.state(Boolean.class));
  }

  /// @param when null: every call
  private record Rewrite(
      HeaderEdit request,
      HeaderEdit response,
      @Nullable Predicate<Exchange> when,
      @Nullable StateKey<Boolean> meant)
      implements Filter {
    private static final Set<Moment> NEVER = Set.of();
    private static final Set<Moment> THERE = Set.of(Moment.REQUEST);
    private static final Set<Moment> BACK = Set.of(Moment.RESPONSE);
    private static final Set<Moment> BOTH = Set.of(Moment.REQUEST, Moment.RESPONSE);

    @Override
    public Set<Moment> moments() {
      boolean there = !request.isEmpty() || when != null;
      return response.isEmpty() ? (there ? THERE : NEVER) : there ? BOTH : BACK;
    }

    @Override
    public Verdict request(Exchange exchange) {
      if (when != null && meant != null) {
        boolean holds = when.test(exchange);
        exchange.state(meant, holds);
        if (!holds) {
          return Verdict.CONTINUE;
        }
      }
      request.apply(exchange.requestHeaders(), exchange);
      return Verdict.CONTINUE;
    }

    @Override
    public Verdict response(Exchange exchange) {
      if (meant == null || Boolean.TRUE.equals(exchange.state(meant))) {
        response.apply(exchange.responseHeaders(), exchange);
      }
      return Verdict.CONTINUE;
    }
  }
}
