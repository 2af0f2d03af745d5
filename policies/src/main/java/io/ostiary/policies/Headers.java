package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.setting.About;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Sets, adds and removes header fields of requests and responses.
public final class Headers implements Policy<Headers.Settings> {
  /// @param request on the way to the upstream
  /// @param response on the way to the client
  public record Settings(
      @About("Changes to requests, before the upstream sees them.") Changes request,
      @About("Changes to responses, before the client sees them; written as those of requests.")
          Changes response) {
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
    return new Rewrite(
        Edit.of("headers.request", settings.request),
        Edit.of("headers.response", settings.response));
  }

  private record Edit(List<HeaderName> remove, List<Field> set, List<Field> add) {
    static Edit of(String setting, Changes changes) {
      var remove = new ArrayList<HeaderName>();
      for (var name : changes.remove) {
        remove.add(HeaderRules.changeable(setting + ".remove", name));
      }
      return new Edit(
          List.copyOf(remove),
          fields(setting + ".set", changes.set),
          fields(setting + ".add", changes.add));
    }

    private static List<Field> fields(String setting, Map<String, String> values) {
      var fields = new ArrayList<Field>();
      values.forEach((name, value) -> {
        var header = HeaderRules.changeable(setting, name);
        try {
          fields.add(new Field(header, value.strip()));
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(setting + "." + e.getMessage(), e);
        }
      });
      return List.copyOf(fields);
    }

    boolean isEmpty() {
      return remove.isEmpty() && set.isEmpty() && add.isEmpty();
    }

    void apply(io.ostiary.gateway.spi.Headers headers) {
      for (int i = 0; i < remove.size(); i++) {
        headers.remove(remove.get(i));
      }
      for (int i = 0; i < set.size(); i++) {
        headers.set(set.get(i).name(), set.get(i).value());
      }
      for (int i = 0; i < add.size(); i++) {
        headers.add(add.get(i).name(), add.get(i).value());
      }
    }
  }

  private record Rewrite(Edit request, Edit response) implements Filter {
    @Override
    public Set<Moment> moments() {
      var moments = EnumSet.noneOf(Moment.class);
      if (!request.isEmpty()) {
        moments.add(Moment.REQUEST);
      }
      if (!response.isEmpty()) {
        moments.add(Moment.RESPONSE);
      }
      return moments;
    }

    @Override
    public Verdict request(Exchange exchange) {
      request.apply(exchange.requestHeaders());
      return Verdict.CONTINUE;
    }

    @Override
    public Verdict response(Exchange exchange) {
      response.apply(exchange.responseHeaders());
      return Verdict.CONTINUE;
    }
  }
}
