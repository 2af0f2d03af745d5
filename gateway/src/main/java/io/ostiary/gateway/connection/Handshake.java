package io.ostiary.gateway.connection;

import io.netty.channel.Channel;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslHandler;
import io.ostiary.gateway.spi.ClientCertificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/// What a handshake of TLS agreed upon.
///
/// @param http2 whether HTTP/2 follows (ALPN)
/// @param clientCertificate null: the client proved nothing
record Handshake(boolean http2, @Nullable ClientCertificate clientCertificate) {
  /// Of a channel whose handshake is complete.
  ///
  /// @return null: the certificate that the client showed once has ended, and it resumed a session
  ///   from before, in which nobody looks at it again
  static @Nullable Handshake of(Channel channel) {
    var tls = channel.pipeline().get(SslHandler.class);
    boolean http2 = ApplicationProtocolNames.HTTP_2.equals(tls.applicationProtocol());
    var proven = proven(tls);
    return proven != null && proven.notAfter().isBefore(Instant.now())
        ? null
        : new Handshake(http2, proven);
  }

  private static @Nullable ClientCertificate proven(SslHandler tls) {
    try {
      var chain = tls.engine().getSession().getPeerCertificates();
      return chain.length > 0 && chain[0] instanceof X509Certificate first
          ? ClientCertificate.of(first)
          : null;
    } catch (SSLPeerUnverifiedException e) {
      return null;
    }
  }

  /// Says that nothing more is sent: in TLS, where it is spoken, then in TCP.
  static void endOutput(Channel channel) {
    if (!(channel instanceof DuplexChannel socket)) {
      return;
    }
    var tls = channel.pipeline().get(SslHandler.class);
    if (tls == null) {
      socket.shutdownOutput();
    } else {
      tls.closeOutbound().addListener(said -> socket.shutdownOutput());
    }
  }
}
