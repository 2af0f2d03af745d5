package io.ostiary.policies;

import io.ostiary.gateway.spi.BodyChange;
import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.BodyOut;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Headers;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Bytes;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import io.ostiary.policies.coding.Coding;
import io.ostiary.policies.coding.Encoder;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Compresses responses for clients that can read it.
public final class Compress implements Policy<Compress.Settings> {
  private static final HeaderName ACCEPT_ENCODING = HeaderName.of("Accept-Encoding");
  private static final HeaderName CONTENT_ENCODING = HeaderName.of("Content-Encoding");
  private static final HeaderName CONTENT_TYPE = HeaderName.of("Content-Type");
  private static final HeaderName CONTENT_LENGTH = HeaderName.of("Content-Length");
  private static final HeaderName CONTENT_RANGE = HeaderName.of("Content-Range");
  private static final HeaderName CACHE_CONTROL = HeaderName.of("Cache-Control");
  private static final HeaderName ETAG = HeaderName.of("ETag");

  /// @param codings the first of those that a client likes best is taken
  /// @param minSize shorter responses pass as they are
  /// @param types what is worth it
  /// @param level 1 (fast) to 9 (small)
  public record Settings(
      @About("Codings, the preferred first: zstd, br, gzip.") @Default("[br, zstd, gzip]") @OrOne
          List<Coding> codings,
      @About("Shorter responses pass as they are.") @Default("1KiB") @Bytes int minSize,
      @About("Media types that are compressed; '*' stands for any subtype.")
          @Default(
              "[text/*, application/json, application/*+json, application/javascript,"
                  + " application/xml, application/*+xml, application/yaml, application/wasm,"
                  + " image/svg+xml]")
          List<String> types,
      @About("From 1 (fast) to 9 (small).") @Default("4") int level) {
    public Settings {
      codings = List.copyOf(codings);
      types = List.copyOf(types);
      if (codings.isEmpty() || codings.contains(Coding.DEFLATE)) {
        throw new IllegalArgumentException(
            "compress.codings: "
                + (codings.isEmpty() ? "nothing" : "deflate")
                + " (expected: some of zstd, br and gzip)");
      }
      if (level < 1 || level > 9) {
        throw new IllegalArgumentException("compress.level: " + level + " (expected: 1-9)");
      }
      if (minSize < 0) {
        throw new IllegalArgumentException(
            "compress.min-size: " + minSize + " (expected: 0B-2GiB)");
      }
      MediaTypes.of("compress.types", types);
    }
  }

  @Override
  public String name() {
    return "compress";
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
    for (var coding : settings.codings) {
      try {
        coding.load();
      } catch (IllegalStateException e) {
        throw new IllegalArgumentException(
            "compress.codings: "
                + coding.token()
                + " (expected: one that this host has): "
                + e.getMessage(),
            e);
      }
    }
    return new Gate(settings, site.state(Coding.class), site.state(Coding.class));
  }

  private static final class Gate implements Filter {
    private final AcceptEncoding codings;
    private final MediaTypes types;
    private final int minSize;
    private final int level;
    private final StateKey<Coding> wanted;
    private final StateKey<Coding> state;

    Gate(Settings settings, StateKey<Coding> wanted, StateKey<Coding> state) {
      codings = new AcceptEncoding(settings.codings);
      types = MediaTypes.of("compress.types", settings.types);
      minSize = settings.minSize;
      level = settings.level;
      this.wanted = wanted;
      this.state = state;
    }

    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST, Moment.RESPONSE, Moment.RESPONSE_BODY);
    }

    /// What the client likes is asked here, for policies behind this one may keep it from the
    /// upstream.
    @Override
    public Verdict request(Exchange exchange) {
      var liked = chosen(exchange);
      if (liked != null) {
        exchange.state(wanted, liked);
      }
      return Verdict.CONTINUE;
    }

    @Override
    public BodyNeed responseBodyNeed() {
      return BodyNeed.CHANGE;
    }

    @Override
    public Verdict response(Exchange exchange) {
      var headers = exchange.responseHeaders();
      if (exchange.status() == 304) {
        notModified(exchange, headers);
        return Verdict.CONTINUE;
      }
      if (!exchange.fromUpstream() || !worthIt(exchange.status(), headers)) {
        return Verdict.CONTINUE;
      }
      // Whether or not this client wants it: a cache must know that another one may get another.
      Vary.add(headers, "Accept-Encoding");
      var coding = exchange.state(wanted);
      if (coding != null) {
        headers.set(CONTENT_ENCODING, coding.token());
        exchange.state(state, coding);
      }
      return Verdict.CONTINUE;
    }

    private @Nullable Coding chosen(Exchange exchange) {
      var asked = exchange.requestHeaders();
      return codings.choose(
          asked.repeated(ACCEPT_ENCODING)
              ? String.join(",", asked.all(ACCEPT_ENCODING))
              : asked.first(ACCEPT_ENCODING));
    }

    /// The tag that the client asked about was a weak one, for what it got was compressed.
    private void notModified(Exchange exchange, Headers headers) {
      var tag = headers.first(ETAG);
      if (tag != null && !tag.startsWith("W/") && exchange.state(wanted) != null) {
        headers.set(ETAG, "W/" + tag);
        Vary.add(headers, "Accept-Encoding");
      }
    }

    private boolean worthIt(int status, Headers headers) {
      if (status == 204 || status == 206 || headers.has(CONTENT_RANGE)) {
        return false;
      }
      if (!types.hold(headers.first(CONTENT_TYPE)) || coded(headers)) {
        return false;
      }
      var length = headers.first(CONTENT_LENGTH);
      boolean tooShort =
          length != null && length.length() < 10 && Integer.parseInt(length) < minSize;
      return !tooShort && !fixed(headers);
    }

    private static boolean coded(Headers headers) {
      var encoding = headers.first(CONTENT_ENCODING);
      return encoding != null && !encoding.equalsIgnoreCase("identity");
    }

    /// `no-transform` (RFC 9111 section 5.2.2.6)
    private static boolean fixed(Headers headers) {
      if (!headers.has(CACHE_CONTROL)) {
        return false;
      }
      for (var value : headers.all(CACHE_CONTROL)) {
        if (value.toLowerCase(Locale.ROOT).contains("no-transform")) {
          return true;
        }
      }
      return false;
    }

    @Override
    public @Nullable BodyChange responseChange(Exchange exchange) {
      var coding = exchange.state(state);
      if (coding == null) {
        return null;
      }
      if (exchange.method().equals("HEAD")) {
        return (_, _, _, _) -> Verdict.CONTINUE;
      }
      // What comes without a length may be events: each piece goes on at once.
      boolean flush = !exchange.responseHeaders().has(CONTENT_LENGTH);
      return new Change(coding.encoder(level), flush);
    }
  }

  private record Change(Encoder encoder, boolean flush) implements BodyChange {
    @Override
    public Verdict change(Exchange exchange, ByteBuffer in, boolean last, BodyOut out) {
      encoder.encode(in, flush, last, out);
      return Verdict.CONTINUE;
    }

    @Override
    public void close() {
      encoder.close();
    }
  }
}
