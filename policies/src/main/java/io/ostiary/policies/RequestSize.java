package io.ostiary.policies;

import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Bytes;
import io.ostiary.model.setting.Default;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Refuses requests that are longer than an API needs.
public final class RequestSize implements Policy<RequestSize.Settings> {
  private static final HeaderName CONTENT_LENGTH = HeaderName.of("Content-Length");
  private static final long BUFFER_MAX = 64 * 1024 * 1024;

  /// @param headers bytes of the fields; null: any
  /// @param query bytes of the query; null: any
  /// @param body bytes of the body; null: any
  /// @param methods what differs for single methods
  /// @param buffer whether the upstream is asked only once the whole body is here
  public record Settings(
      @About("The most bytes of header fields.") @Bytes @Nullable Integer headers,
      @About("The most bytes of the query.") @Bytes @Nullable Integer query,
      @About("The most bytes of the body.") @Bytes @Nullable Long body,
      @About("What differs for single methods: { POST: { body: 10MiB } }.")
          Map<String, Sizes> methods,
      @About(
              "Whether the upstream is asked only once the whole body is here; 'body' must then be"
                  + " given, at most 64MiB.")
          @Default("false")
          boolean buffer) {
    public Settings {
      methods = Map.copyOf(methods);
      var all = new Sizes(headers, query, body);
      if (all.isEmpty() && methods.isEmpty()) {
        throw new IllegalArgumentException(
            "request-size: nothing (expected: 'headers', 'query', 'body' or 'methods')");
      }
      methods.keySet().forEach(Settings::method);
      if (buffer && longest(body, methods) > BUFFER_MAX) {
        throw new IllegalArgumentException(
            "request-size.buffer: true for bodies of any length (expected: 'body', at most 64MiB,"
                + " for all or for each of 'methods')");
      }
    }

    private static long longest(@Nullable Long body, Map<String, Sizes> methods) {
      long longest = Objects.requireNonNullElse(body, Long.MAX_VALUE);
      for (var sizes : methods.values()) {
        longest = Math.max(longest, Objects.requireNonNullElse(sizes.body, longest));
      }
      return longest;
    }

    private static void method(String name) {
      if (!name.matches("[A-Z][A-Z0-9_-]{0,31}")) {
        throw new IllegalArgumentException(
            "request-size.methods: " + name + " (expected: a method in upper case, such as POST)");
      }
    }
  }

  /// What a method may send.
  public record Sizes(
      @About("The most bytes of header fields.") @Bytes @Nullable Integer headers,
      @About("The most bytes of the query.") @Bytes @Nullable Integer query,
      @About("The most bytes of the body.") @Bytes @Nullable Long body) {
    private boolean isEmpty() {
      return headers == null && query == null && body == null;
    }

    private Limits over(Limits all) {
      return new Limits(
          Objects.requireNonNullElse(headers, all.headers),
          Objects.requireNonNullElse(query, all.query),
          Objects.requireNonNullElse(body, all.body));
    }
  }

  private record Limits(int headers, int query, long body) {
    static final Limits NONE = new Limits(Integer.MAX_VALUE, Integer.MAX_VALUE, Long.MAX_VALUE);
  }

  @Override
  public String name() {
    return "request-size";
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
    var all = new Sizes(settings.headers, settings.query, settings.body).over(Limits.NONE);
    var methods = new HashMap<String, Limits>();
    settings.methods.forEach((name, sizes) -> methods.put(name, sizes.over(all)));
    int gathered = settings.buffer ? (int) Settings.longest(settings.body, settings.methods) : 0;
    return new Gate(all, Map.copyOf(methods), gathered, site.state(Count.class));
  }

  /// How much of a body of unknown length has come.
  private static final class Count {
    private long bytes;
  }

  private static final class Gate implements Filter {
    private final Limits all;
    private final Map<String, Limits> methods;
    private final StateKey<Count> state;
    private final boolean bodies;
    private final int gathered;

    /// @param gathered bytes of a body that are waited for before it goes on; 0: none
    Gate(Limits all, Map<String, Limits> methods, int gathered, StateKey<Count> state) {
      this.gathered = gathered;
      this.all = all;
      this.methods = methods;
      this.state = state;
      bodies =
          all.body != Long.MAX_VALUE
              || methods.values().stream().anyMatch(limits -> limits.body != Long.MAX_VALUE);
    }

    @Override
    public Set<Moment> moments() {
      return bodies ? Set.of(Moment.REQUEST, Moment.REQUEST_BODY) : Set.of(Moment.REQUEST);
    }

    private Limits limits(Exchange exchange) {
      return methods.getOrDefault(exchange.method(), all);
    }

    @Override
    public Verdict request(Exchange exchange) {
      var limits = limits(exchange);
      if (limits.headers != Integer.MAX_VALUE
          && exchange.requestHeaders().size() > limits.headers) {
        return new Verdict.Reply(
            Problem.of(431, "request-fields-size", "Header fields too long", most(limits.headers)));
      }
      var query = limits.query == Integer.MAX_VALUE ? null : exchange.query();
      if (query != null && query.length() > limits.query) {
        return new Verdict.Reply(
            Problem.of(414, "request-query-size", "Query too long", most(limits.query)));
      }
      if (limits.body == Long.MAX_VALUE) {
        return Verdict.CONTINUE;
      }
      var announced = exchange.requestHeaders().first(CONTENT_LENGTH);
      return announced != null && length(announced) > limits.body
          ? tooLong(limits)
          : Verdict.CONTINUE;
    }

    /// The gateway has checked that it is a number.
    private static long length(String digits) {
      return digits.length() > 18 ? Long.MAX_VALUE : Long.parseLong(digits);
    }

    @Override
    public BodyNeed requestBodyNeed() {
      if (gathered > 0) {
        return new BodyNeed.Whole(gathered);
      }
      return bodies ? BodyNeed.STREAM : BodyNeed.NONE;
    }

    @Override
    public Verdict requestBody(Exchange exchange, ByteBuffer body, boolean last) {
      var count = exchange.state(state);
      if (count == null) {
        if (!body.hasRemaining() || exchange.requestHeaders().has(CONTENT_LENGTH)) {
          return Verdict.CONTINUE;
        }
        count = new Count();
        exchange.state(state, count);
      }
      count.bytes += body.remaining();
      var limits = limits(exchange);
      return count.bytes > limits.body ? tooLong(limits) : Verdict.CONTINUE;
    }

    private static Verdict tooLong(Limits limits) {
      return new Verdict.Reply(
          Problem.of(413, "request-body-size", "Body too long", most(limits.body)));
    }

    private static String most(long bytes) {
      return "At most " + bytes + " bytes are taken here.";
    }
  }
}
