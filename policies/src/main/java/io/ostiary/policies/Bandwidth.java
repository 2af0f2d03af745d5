package io.ostiary.policies;

import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Bytes;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Lets bodies pass only so fast: each piece takes its time out of a bucket, and waits where there
/// is none left. While it waits nothing more is read, so the sender is held back by TCP or by the
/// window of its stream, and no memory fills.
public final class Bandwidth implements Policy<Bandwidth.Settings> {
  private static final long SECOND = 1_000_000_000L;

  /// Shorter waits are left to the next piece: a timer costs more than they are worth.
  private static final long WAIT_MIN = 2_000_000;

  /// @param request bytes in a second; null: as fast as it comes
  /// @param response the same
  /// @param burst bytes that pass at once
  /// @param by who shares it; none: nobody
  /// @param when calls that are held back
  public record Settings(
      @About("How many bytes of request bodies pass in a second; not given: all.") @Bytes
          @Nullable Long request,
      @About("How many bytes of response bodies pass in a second; not given: all.") @Bytes
          @Nullable Long response,
      @About("How many bytes pass at once, before the rate counts.") @Default("64KiB") @Bytes
          long burst,
      @About(
              "Who shares a rate: consumer, address, route, api, header:NAME or a list of these; not"
                  + " given: each call has it alone.")
          @OrOne
          List<CountBy> by,
      @About("Calls that are held back; not given: all.") When when) {
    public Settings {
      by = List.copyOf(by);
      if (request == null && response == null) {
        throw new IllegalArgumentException(
            "bandwidth: nothing (expected: 'request', 'response' or both)");
      }
      rate("request", request);
      rate("response", response);
      Require.between("bandwidth.burst (bytes)", burst, 0, 1L << 30);
    }

    /// The least: a piece of 64 KiB waits less long than a call may.
    private static void rate(String name, @Nullable Long rate) {
      if (rate != null) {
        Require.between("bandwidth." + name + " (bytes)", rate, 4096, SECOND);
      }
    }
  }

  @Override
  public String name() {
    return "bandwidth";
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
    return new Gate(
        settings.when.compile(),
        pace("request", settings.request, settings, site),
        pace("response", settings.response, settings, site),
        site.state(Boolean.class));
  }

  private static @Nullable Pace pace(
      String way, @Nullable Long rate, Settings settings, Site site) {
    if (rate == null) {
      return null;
    }
    long waitMax = site.patience(site.waitMax()).toNanos();
    if (settings.by.isEmpty()) {
      return new Alone(rate, settings.burst, waitMax, site.state(Bucket.class));
    }
    var where = CountBy.Where.of(site, settings, settings.by);
    var key = "bandwidth/" + way + "/" + where.scope() + "/" + where.place() + "/" + settings.by;
    var cells = site.shared(key, Cells.class, Cells::new);
    return new Together(rate, settings.burst, waitMax, settings.by.toArray(CountBy[]::new), cells);
  }

  /// How fast the bodies of one direction pass.
  private abstract static sealed class Pace {
    private final double nanosEach;
    private final long waitMax;
    final long tolerance;
    final long owed;

    Pace(long rate, long burst, long waitMax) {
      nanosEach = (double) SECOND / rate;
      tolerance = (long) (burst * nanosEach);
      // Of many calls that share a rate each waits behind those before it.
      owed = tolerance + 60 * SECOND;
      this.waitMax = waitMax;
    }

    /// @return what is left of the burst, ns; below 0: how long to wait
    abstract long take(Exchange exchange, long nanos);

    final Verdict pass(Exchange exchange, ByteBuffer piece) {
      if (!piece.hasRemaining()) {
        return Verdict.CONTINUE;
      }
      long wait = -take(exchange, (long) (piece.remaining() * nanosEach));
      return wait < WAIT_MIN
          ? Verdict.CONTINUE
          : Verdict.after(Math.min(wait, waitMax), Verdict.CONTINUE);
    }
  }

  /// Of one call: when all that has passed would have come at the rate. Confined to its loop.
  private static final class Bucket {
    private long time;
  }

  private static final class Alone extends Pace {
    private final StateKey<Bucket> state;

    Alone(long rate, long burst, long waitMax, StateKey<Bucket> state) {
      super(rate, burst, waitMax);
      this.state = state;
    }

    @Override
    long take(Exchange exchange, long nanos) {
      long now = exchange.nanos();
      var bucket = exchange.state(state);
      if (bucket == null) {
        bucket = new Bucket();
        bucket.time = now;
        exchange.state(state, bucket);
      }
      bucket.time = Math.max(bucket.time, now) + nanos;
      return now + tolerance - bucket.time;
    }
  }

  private static final class Together extends Pace {
    private final CountBy[] by;
    private final Cells cells;

    Together(long rate, long burst, long waitMax, CountBy[] by, Cells cells) {
      super(rate, burst, waitMax);
      this.by = by;
      this.cells = cells;
    }

    @Override
    long take(Exchange exchange, long nanos) {
      long key = CountBy.key(by, exchange, cells.hash());
      return cells.add(key, exchange.nanos(), nanos, tolerance, owed);
    }
  }

  private record Gate(
      Predicate<Exchange> when,
      @Nullable Pace request,
      @Nullable Pace response,
      StateKey<Boolean> meant)
      implements Filter {
    @Override
    public Set<Moment> moments() {
      var moments = EnumSet.of(Moment.REQUEST);
      if (request != null) {
        moments.add(Moment.REQUEST_BODY);
      }
      if (response != null) {
        moments.add(Moment.RESPONSE_BODY);
      }
      return moments;
    }

    /// The request is asked while it is as the client sent it.
    @Override
    public Verdict request(Exchange exchange) {
      exchange.state(meant, when.test(exchange));
      return Verdict.CONTINUE;
    }

    @Override
    public BodyNeed requestBodyNeed() {
      return request == null ? BodyNeed.NONE : BodyNeed.STREAM;
    }

    @Override
    public BodyNeed responseBodyNeed() {
      return response == null ? BodyNeed.NONE : BodyNeed.STREAM;
    }

    @Override
    public Verdict requestBody(Exchange exchange, ByteBuffer body, boolean last) {
      return pass(request, exchange, body);
    }

    @Override
    public Verdict responseBody(Exchange exchange, ByteBuffer body, boolean last) {
      return pass(response, exchange, body);
    }

    private Verdict pass(@Nullable Pace pace, Exchange exchange, ByteBuffer body) {
      return pace == null || !Boolean.TRUE.equals(exchange.state(meant))
          ? Verdict.CONTINUE
          : pace.pass(exchange, body);
    }
  }
}
