package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.setting.About;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
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
            "headers: nothing (expected: 'set', 'add' or 'remove' under 'request' or 'response')");
      }
    }
  }

  /// Done in the order remove, set, add.
  ///
  /// @param set replaces every value of a field by this one
  /// @param add adds a value to those that are there
  /// @param remove names of fields
  public record Changes(
      @About("Fields that get this value in place of any they had, done second.")
          Map<String, String> set,
      @About("Fields that get this value besides those they have, done last.")
          Map<String, String> add,
      @About("Fields to remove, done first.") List<String> remove) {
    public Changes {
      set = Collections.unmodifiableMap(new LinkedHashMap<>(set));
      add = Collections.unmodifiableMap(new LinkedHashMap<>(add));
      remove = List.copyOf(remove);
    }

    boolean isEmpty() {
      return set.isEmpty() && add.isEmpty() && remove.isEmpty();
    }
  }

  @Override
  public String name() {
    return "headers";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    var when = settings.when.equals(When.ALWAYS) ? null : settings.when.compile();
    return new Rewrite(
        Edit.of("headers.request", settings.request, site),
        Edit.of("headers.response", settings.response, site),
        when,
        when == null ? null : site.state(Boolean.class));
  }

  /// A field whose value is filled by each call; where a call lacks what it needs, nothing is done.
  private record Filled(HeaderName name, Template value) {}

  private record Edit(List<HeaderName> remove, List<Filled> set, List<Filled> add) {
    static Edit of(String setting, Changes changes, Site site) {
      var remove = new ArrayList<HeaderName>();
      for (var name : changes.remove) {
        remove.add(HeaderRules.changeable(setting + ".remove", name));
      }
      return new Edit(
          List.copyOf(remove),
          fields(setting + ".set", changes.set, site),
          fields(setting + ".add", changes.add, site));
    }

    private static List<Filled> fields(String setting, Map<String, String> values, Site site) {
      var fields = new ArrayList<Filled>();
      values.forEach((name, value) -> {
        var header = HeaderRules.changeable(setting, name);
        try {
          var text = new Field(header, value.strip()).value();
          var place = setting + "." + name;
          fields.add(new Filled(header, Template.of(place, text, Template.Kind.FIELD, site)));
        } catch (IllegalArgumentException e) {
          var message = String.valueOf(e.getMessage());
          throw new IllegalArgumentException(
              message.startsWith(setting) ? message : setting + "." + message, e);
        }
      });
      return List.copyOf(fields);
    }

    boolean isEmpty() {
      return remove.isEmpty() && set.isEmpty() && add.isEmpty();
    }

    void apply(io.ostiary.gateway.spi.Headers headers, Exchange exchange) {
      // Filled before anything is taken out, for what is taken out may be what fills.
      var values = new @Nullable String[set.size() + add.size()];
      for (int i = 0; i < values.length; i++) {
        var one = i < set.size() ? set.get(i) : add.get(i - set.size());
        values[i] = one.value.fill(exchange);
      }
      for (int i = 0; i < remove.size(); i++) {
        headers.remove(remove.get(i));
      }
      for (int i = 0; i < values.length; i++) {
        var value = values[i];
        if (value == null) {
          continue;
        }
        if (i < set.size()) {
          headers.set(set.get(i).name, value);
        } else {
          headers.add(add.get(i - set.size()).name, value);
        }
      }
    }
  }

  /// @param when null: every call
  private record Rewrite(
      Edit request,
      Edit response,
      @Nullable Predicate<Exchange> when,
      @Nullable StateKey<Boolean> meant)
      implements Filter {
    @Override
    public Set<Moment> moments() {
      var moments = EnumSet.noneOf(Moment.class);
      if (!request.isEmpty() || when != null) {
        moments.add(Moment.REQUEST);
      }
      if (!response.isEmpty()) {
        moments.add(Moment.RESPONSE);
      }
      return moments;
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
