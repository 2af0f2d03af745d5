package io.ostiary.policies;

import io.ostiary.gateway.spi.BodyChange;
import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.BodyOut;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.UpstreamLink.Protocol;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Lets browsers call gRPC services: gRPC-Web (grpc/grpc's `PROTOCOL-WEB.md`) towards clients, gRPC
/// towards upstreams. Browsers cannot read trailers, so those go as the last frame of the content;
/// and where a browser cannot read bytes as they come, everything goes as Base64.
///
/// Messages are not looked at and not gathered: a stream of the upstream's goes on piece by piece.
public final class GrpcWeb implements Policy<GrpcWeb.Settings> {
  private static final String WEB = "application/grpc-web";
  private static final String TEXT = "application/grpc-web-text";
  private static final String GRPC = "application/grpc";
  private static final HeaderName CONTENT_TYPE = HeaderName.of("Content-Type");
  private static final HeaderName ACCEPT = HeaderName.of("Accept");
  private static final HeaderName STATUS = HeaderName.of("grpc-status");

  /// Nothing is to be chosen.
  public record Settings() {}

  /// What one call's client speaks.
  ///
  /// @param text whether its request is in Base64
  /// @param format what messages are coded in, such as `+proto`; may be empty
  /// @param answer the media type of its answer
  private record Spoken(boolean text, String format, String answer) {
    /// Null: it is no gRPC-Web.
    static @Nullable Spoken of(@Nullable String type, @Nullable String accepted) {
      if (type == null || !type.regionMatches(true, 0, WEB, 0, WEB.length())) {
        return null;
      }
      int end = type.indexOf(';');
      var base = (end < 0 ? type : type.substring(0, end)).strip().toLowerCase(Locale.ROOT);
      boolean text = base.startsWith(TEXT);
      var format = base.substring(text ? TEXT.length() : WEB.length());
      if (!format.isEmpty() && format.charAt(0) != '+') {
        return null;
      }
      boolean textBack =
          accepted == null ? text : accepted.contains(TEXT) || (text && any(accepted));
      return new Spoken(
          text, format, (textBack ? TEXT : WEB) + (format.isEmpty() ? "+proto" : format));
    }

    private static boolean any(String accepted) {
      return !accepted.contains(WEB);
    }

    boolean textBack() {
      return answer.startsWith(TEXT);
    }
  }

  @Override
  public String name() {
    return "grpc-web";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    for (var name : upstreams(site)) {
      for (var upstream : site.snapshot().upstreams()) {
        if (upstream.name().equals(name) && upstream.link().protocol() == Protocol.HTTP1) {
          throw new IllegalArgumentException(
              "grpc-web: upstream '%s' with protocol http1 (expected: http2 or auto, as gRPC needs)"
                  .formatted(name));
        }
      }
    }
    return new Translation(site.state(Spoken.class));
  }

  private static List<String> upstreams(Site site) {
    var names = new ArrayList<String>();
    var own = site.route().upstream();
    var named = site.api().upstream(site.route());
    if (named != null) {
      names.add(named);
    }
    var split = site.route().split().to().isEmpty() ? site.api().split() : site.route().split();
    if (own == null) {
      split.to().forEach(share -> names.add(share.upstream()));
    }
    return names;
  }

  private record Translation(StateKey<Spoken> state) implements Filter {
    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST, Moment.REQUEST_BODY, Moment.RESPONSE, Moment.RESPONSE_BODY);
    }

    @Override
    public BodyNeed requestBodyNeed() {
      return BodyNeed.CHANGE;
    }

    @Override
    public BodyNeed responseBodyNeed() {
      return BodyNeed.CHANGE;
    }

    @Override
    public Verdict request(Exchange exchange) {
      var fields = exchange.requestHeaders();
      var spoken = Spoken.of(fields.first(CONTENT_TYPE), fields.first(ACCEPT));
      if (spoken != null) {
        exchange.state(state, spoken);
        fields.set(CONTENT_TYPE, GRPC + spoken.format);
        fields.remove(ACCEPT);
      }
      return Verdict.CONTINUE;
    }

    @Override
    public @Nullable BodyChange requestChange(Exchange exchange) {
      var spoken = exchange.state(state);
      return spoken != null && spoken.text ? new Decoding(spoken.answer) : null;
    }

    @Override
    public Verdict response(Exchange exchange) {
      var spoken = exchange.state(state);
      if (spoken != null && (!exchange.fromUpstream() || grpc(exchange))) {
        var type = exchange.responseHeaders().first(CONTENT_TYPE);
        boolean problem = type != null && type.equals("application/problem+json");
        if (exchange.fromUpstream() || problem) {
          exchange.responseHeaders().set(CONTENT_TYPE, spoken.answer);
        }
      }
      return Verdict.CONTINUE;
    }

    /// Something else, such as a page of a proxy in between, passes as it is: its status says
    /// enough.
    private static boolean grpc(Exchange exchange) {
      var type = exchange.responseHeaders().first(CONTENT_TYPE);
      return type != null && type.startsWith(GRPC);
    }

    /// An answer of trailers only has them in its head, where browsers see them.
    @Override
    public @Nullable BodyChange responseChange(Exchange exchange) {
      var spoken = exchange.state(state);
      if (spoken == null || !exchange.fromUpstream() || !grpc(exchange)) {
        return null;
      }
      return exchange.responseHeaders().has(STATUS) ? null : new Framing(spoken.textBack());
    }
  }

  /// Base64 that may be padded wherever a message ends, back to bytes.
  private static final class Decoding implements BodyChange {
    private static final int QUAD = 4;

    private final String answer;
    private final byte[] quad = new byte[QUAD];
    private int held;

    /// @param answer in which type the client is told what is wrong
    private Decoding(String answer) {
      this.answer = answer;
    }

    @Override
    public Verdict change(Exchange exchange, ByteBuffer in, boolean last, BodyOut out) {
      var whole = new byte[in.remaining() / QUAD * (QUAD - 1) + QUAD];
      int made = 0;
      while (in.hasRemaining()) {
        quad[held++] = in.get();
        if (held == QUAD) {
          held = 0;
          int some = decode(whole, made);
          if (some < 0) {
            return refused();
          }
          made += some;
        }
      }
      out.write(whole, 0, made);
      return last && held > 0 ? refused() : Verdict.CONTINUE;
    }

    /// How many bytes; below 0: it is no Base64.
    private int decode(byte[] into, int at) {
      int bits = 0;
      int pads = 0;
      for (byte c : quad) {
        int value = value(c);
        if (c == '=') {
          pads++;
        } else if (value < 0 || pads > 0) {
          return -1;
        }
        bits = bits << 6 | Math.max(value, 0);
      }
      if (pads > 2) {
        return -1;
      }
      for (int i = 0; i < 3 - pads; i++) {
        into[at + i] = (byte) (bits >> (16 - 8 * i));
      }
      return 3 - pads;
    }

    private static int value(byte c) {
      if (c >= 'A' && c <= 'Z') {
        return c - 'A';
      }
      if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
      }
      if (c >= '0' && c <= '9') {
        return c - '0' + 52;
      }
      return c == '+' ? 62 : c == '/' ? 63 : -1;
    }

    private Verdict refused() {
      return new Verdict.Reply(
          Problem.of(
                  400,
                  "grpc-web",
                  "No gRPC-Web",
                  "The content is not the Base64 that its type says.")
              .withFields(Field.of("Content-Type", answer)));
    }
  }

  /// Bytes as they come, and the trailers as a frame behind them.
  private record Framing(boolean text) implements BodyChange {
    private static final byte TRAILERS = (byte) 0x80;
    private static final int HEAD = 5;

    @Override
    public Verdict change(Exchange exchange, ByteBuffer in, boolean last, BodyOut out) {
      if (in.hasRemaining()) {
        write(in, out);
      }
      if (last) {
        write(trailers(exchange), out);
      }
      return Verdict.CONTINUE;
    }

    /// Each piece is whole by itself, so that a client can read it when it comes.
    private void write(ByteBuffer bytes, BodyOut out) {
      out.write(text ? Base64.getEncoder().encode(bytes) : bytes);
    }

    private static ByteBuffer trailers(Exchange exchange) {
      var lines = new StringBuilder();
      var trailers = exchange.responseTrailers();
      if (trailers != null) {
        trailers.forEach((name, value) -> line(lines, name, value));
        trailers.clear();
      }
      if (lines.indexOf("grpc-status: ") < 0) {
        line(lines, "grpc-status", "2");
        line(lines, "grpc-message", "the upstream ended without a status");
      }
      var block = lines.toString().getBytes(StandardCharsets.ISO_8859_1);
      return ByteBuffer.allocate(HEAD + block.length)
          .put(TRAILERS)
          .putInt(block.length)
          .put(block)
          .flip();
    }

    private static void line(StringBuilder to, String name, String value) {
      to.append(name.toLowerCase(Locale.ROOT)).append(": ").append(value).append("\r\n");
    }
  }
}
