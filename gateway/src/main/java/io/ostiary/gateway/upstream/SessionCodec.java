package io.ostiary.gateway.upstream;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.AsciiString;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Netty's codec of the frames of one [UpstreamSession], which tells it what goes wrong. Confined
/// to its event loop.
final class SessionCodec extends Http2ConnectionHandler {
  private static final int HEAD_BYTES_MAX = 64 * 1024;

  /// What the two ends never keep in their tables, where others' requests could test for it.
  private static final Set<AsciiString> SECRET =
      Set.of(AsciiString.cached("authorization"), AsciiString.cached("cookie"));

  private final UpstreamSession session;
  private @Nullable ChannelHandlerContext context;

  private SessionCodec(
      Http2ConnectionDecoder decoder,
      Http2ConnectionEncoder encoder,
      Http2Settings settings,
      UpstreamSession session) {
    super(decoder, encoder, settings);
    this.session = session;
  }

  static SessionCodec of(Http2Connection connection, UpstreamSession session) {
    return new Builder(connection, session).build();
  }

  ChannelHandlerContext context() {
    return Objects.requireNonNull(context);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext of) throws Exception {
    context = of;
    super.handlerAdded(of);
  }

  @Override
  public void channelRead(ChannelHandlerContext of, Object message) throws Exception {
    session.reads();
    super.channelRead(of, message);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext of) throws Exception {
    super.channelReadComplete(of);
    session.readComplete();
  }

  @Override
  public void channelInactive(ChannelHandlerContext of) throws Exception {
    session.reads();
    session.lose(session.ready() ? "closed-before-response" : "http2-not-spoken");
    super.channelInactive(of);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext of, Throwable cause) throws Exception {
    session.reads();
    if (TlsFailure.is(cause) || cause instanceof java.io.IOException) {
      session.lose(Connector.reason(cause));
      return;
    }
    super.exceptionCaught(of, cause);
  }

  @Override
  protected void onConnectionError(
      ChannelHandlerContext of, boolean outbound, Throwable cause, @Nullable Http2Exception e) {
    var reason = e == null ? Connector.reason(cause) : "malformed-response";
    super.onConnectionError(of, outbound, cause, e);
    session.lose(session.ready() ? reason : "http2-not-spoken");
  }

  @Override
  protected void onStreamError(
      ChannelHandlerContext of,
      boolean outbound,
      Throwable cause,
      Http2Exception.StreamException e) {
    var stream = session.of(e.streamId());
    if (stream != null) {
      stream.spoilt();
    }
    super.onStreamError(of, outbound, cause, e);
    if (stream != null) {
      stream.lost("malformed-response");
    }
  }

  private static final class Builder
      extends AbstractHttp2ConnectionHandlerBuilder<SessionCodec, Builder> {
    private final UpstreamSession session;

    private Builder(Http2Connection connection, UpstreamSession session) {
      this.session = session;
      connection(connection);
      frameListener(session);
      gracefulShutdownTimeoutMillis(0);
      headerSensitivityDetector((name, value) -> SECRET.contains(AsciiString.of(name)));
      initialSettings(
          new Http2Settings()
              .pushEnabled(false)
              .initialWindowSize(UpstreamSession.WINDOW_BYTES)
              .maxHeaderListSize(HEAD_BYTES_MAX));
    }

    @Override
    protected SessionCodec build() {
      return super.build();
    }

    @Override
    protected SessionCodec build(
        Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
      return new SessionCodec(decoder, encoder, settings, session);
    }
  }
}
