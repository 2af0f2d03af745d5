package io.ostiary.policies;

import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.Ending;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Bytes;
import io.ostiary.model.setting.Default;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;

/// Copies a share of the calls to another upstream and throws its answers away, so that a new
/// version can be tried with real calls and no risk for them.
public final class Mirror implements Policy<Mirror.Settings> {
  private static final int BODY_BYTES_MAX = 1024 * 1024;

  /// @param upstream the name of an upstream
  /// @param percent 0-100, in steps as fine as anybody wants
  /// @param body of a call that is copied, at most 1 MiB
  /// @param copies under way at once for this upstream
  /// @param when calls of which the share is drawn
  public record Settings(
      @About("Name of the upstream that gets the copies.") String upstream,
      @About("Share of the calls, 0-100.") @Default("100") double percent,
      @About("Calls with a longer body are not copied; at most 1MiB.") @Bytes @Default("64KiB")
          int body,
      @About("How many copies may be under way to this upstream; calls above are not copied.")
          @Default("100")
          int copies,
      @About("Calls of which this is a share; not given: all.") When when) {
    public Settings {
      if (!(percent >= 0 && percent <= 100)) {
        throw new IllegalArgumentException("mirror.percent: " + percent + " (expected: 0-100)");
      }
      if (body < 0 || body > BODY_BYTES_MAX) {
        throw new IllegalArgumentException("mirror.body: " + body + " (expected: 0-1MiB)");
      }
      if (copies < 1 || copies > 10_000) {
        throw new IllegalArgumentException("mirror.copies: " + copies + " (expected: 1-10000)");
      }
    }
  }

  @Override
  public String name() {
    return "mirror";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    io.ostiary.gateway.spi.Mirror to;
    try {
      to = site.mirror(settings.upstream, settings.body, settings.copies);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("mirror." + e.getMessage(), e);
    }
    var state = site.state(io.ostiary.gateway.spi.Mirror.Copy.class);
    return new Copying(to, settings.percent, settings.when.compile(), state);
  }

  private record Copying(
      io.ostiary.gateway.spi.Mirror to,
      double percent,
      Predicate<Exchange> when,
      StateKey<io.ostiary.gateway.spi.Mirror.Copy> copy)
      implements Filter {
    @Override
    public Set<Moment> moments() {
      return EnumSet.of(Moment.REQUEST, Moment.REQUEST_BODY, Moment.END);
    }

    @Override
    public BodyNeed requestBodyNeed() {
      return BodyNeed.STREAM;
    }

    @Override
    public Verdict request(Exchange exchange) {
      boolean drawn = percent >= 100 || ThreadLocalRandom.current().nextDouble(100) < percent;
      if (drawn && when.test(exchange)) {
        var begun = to.begin(exchange);
        if (begun != null) {
          exchange.state(copy, begun);
        }
      }
      return Verdict.CONTINUE;
    }

    @Override
    public Verdict requestBody(Exchange exchange, ByteBuffer body, boolean last) {
      var mine = exchange.state(copy);
      if (mine != null) {
        mine.body(body, last);
      }
      return Verdict.CONTINUE;
    }

    @Override
    public void end(Exchange exchange, Ending ending) {
      var mine = exchange.state(copy);
      if (mine != null) {
        mine.drop();
      }
    }
  }
}
