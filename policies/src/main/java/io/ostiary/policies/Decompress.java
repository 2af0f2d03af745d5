package io.ostiary.policies;

import io.ostiary.gateway.spi.BodyChange;
import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.BodyOut;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Headers;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Bytes;
import io.ostiary.model.setting.Default;
import io.ostiary.policies.coding.Coding;
import io.ostiary.policies.coding.Decoder;
import io.ostiary.policies.coding.Room;
import java.nio.ByteBuffer;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Undoes the content coding of bodies, so that policies and upstreams behind it can read them, and
/// refuses those that would grow without measure.
public final class Decompress implements Policy<Decompress.Settings> {
  private static final HeaderName CONTENT_ENCODING = HeaderName.of("Content-Encoding");

  /// @param requests whether those of requests are undone
  /// @param responses whether those of responses are
  /// @param max how long a body may become
  /// @param ratio how many times as long as it came
  public record Settings(
      @About("Whether bodies of requests are decompressed.") @Default("true") boolean requests,
      @About("Whether bodies of responses are, for policies that read them.") @Default("false")
          boolean responses,
      @About("How long a body may become.") @Default("10MiB") @Bytes int max,
      @About("How many times as long as it came, from 64KiB on.") @Default("100") int ratio) {
    public Settings {
      if (!requests && !responses) {
        throw new IllegalArgumentException(
            "decompress: nothing (expected: 'requests' or 'responses')");
      }
      if (max < 1) {
        throw new IllegalArgumentException("decompress.max: " + max + " (expected: 1B-2GiB)");
      }
      if (ratio < 1 || ratio > 1000) {
        throw new IllegalArgumentException("decompress.ratio: " + ratio + " (expected: 1-1000)");
      }
    }
  }

  @Override
  public String name() {
    return "decompress";
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
    Coding.ZSTD.load();
    return new Gate(settings, site.state(Coding.class), site.state(Coding.class));
  }

  private static final class Gate implements Filter {
    private static final Verdict UNKNOWN =
        new Verdict.Reply(
            Problem.of(
                    415,
                    "content-coding",
                    "Content coding not supported",
                    "Send the body plain or with one of the codings of Accept-Encoding.")
                .withFields(Field.of("Accept-Encoding", "gzip, deflate, br, zstd")));

    private final Settings settings;
    private final Directions directions;
    private final StateKey<Coding> request;
    private final StateKey<Coding> response;

    Gate(Settings settings, StateKey<Coding> request, StateKey<Coding> response) {
      this.settings = settings;
      directions = new Directions(settings.requests, settings.responses);
      this.request = request;
      this.response = response;
    }

    @Override
    public Set<Moment> moments() {
      return directions.moments();
    }

    @Override
    public BodyNeed requestBodyNeed() {
      return directions.requestNeed();
    }

    @Override
    public BodyNeed responseBodyNeed() {
      return directions.responseNeed();
    }

    @Override
    public Verdict request(Exchange exchange) {
      var headers = exchange.requestHeaders();
      if (plain(headers)) {
        return Verdict.CONTINUE;
      }
      var coding = single(headers);
      if (coding == null) {
        return UNKNOWN;
      }
      headers.remove(CONTENT_ENCODING);
      exchange.state(request, coding);
      return Verdict.CONTINUE;
    }

    @Override
    public Verdict response(Exchange exchange) {
      var headers = exchange.responseHeaders();
      var coding = !exchange.fromUpstream() || plain(headers) ? null : single(headers);
      if (coding != null && exchange.status() != 206 && exchange.status() != 304) {
        headers.remove(CONTENT_ENCODING);
        exchange.state(response, coding);
      }
      return Verdict.CONTINUE;
    }

    private static boolean plain(Headers headers) {
      var encoding = headers.first(CONTENT_ENCODING);
      return encoding == null || encoding.equalsIgnoreCase("identity");
    }

    /// Null: none of ours, or several.
    private static @Nullable Coding single(Headers headers) {
      var encoding = headers.first(CONTENT_ENCODING);
      return encoding == null || headers.repeated(CONTENT_ENCODING) ? null : Coding.of(encoding);
    }

    @Override
    public @Nullable BodyChange requestChange(Exchange exchange) {
      return change(exchange.state(request), 400, 413);
    }

    @Override
    public @Nullable BodyChange responseChange(Exchange exchange) {
      return change(exchange.state(response), 502, 502);
    }

    private @Nullable BodyChange change(@Nullable Coding coding, int broken, int tooLong) {
      return coding == null ? null : new Change(coding.decoder(), settings, broken, tooLong);
    }
  }

  private static final class Change implements BodyChange {
    private final Decoder decoder;
    private final Settings settings;
    private final int brokenStatus;
    private final int tooLongStatus;
    private @Nullable Room room;

    Change(Decoder decoder, Settings settings, int brokenStatus, int tooLongStatus) {
      this.decoder = decoder;
      this.settings = settings;
      this.brokenStatus = brokenStatus;
      this.tooLongStatus = tooLongStatus;
    }

    @Override
    public Verdict change(Exchange exchange, ByteBuffer in, boolean last, BodyOut out) {
      var to = room == null ? new Room(settings.max, settings.ratio, out) : room;
      room = to;
      return switch (decoder.decode(in, last, to.piece(in.remaining(), out))) {
        case DONE -> Verdict.CONTINUE;
        case BROKEN -> new Verdict.Reply(broken());
        case TOO_LONG -> new Verdict.Reply(tooLong());
      };
    }

    private Problem broken() {
      var problem =
          Problem.of(
              400,
              "decompress-broken",
              "Body cannot be decompressed",
              "It is not in the coding that Content-Encoding names, or it is cut off.");
      return with(problem, brokenStatus);
    }

    private Problem tooLong() {
      var problem =
          Problem.of(
              413,
              "decompress-too-long",
              "Body too long when decompressed",
              "At most %d bytes are taken, and at most %d times as many as were sent."
                  .formatted(settings.max, settings.ratio));
      return with(problem, tooLongStatus);
    }

    private static Problem with(Problem problem, int status) {
      return new Problem(
          status,
          problem.code(),
          problem.title(),
          problem.detail(),
          problem.faults(),
          problem.fields());
    }

    @Override
    public void close() {
      decoder.close();
    }
  }
}
