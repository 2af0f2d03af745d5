package io.ostiary.gateway.upstream;

import io.netty.channel.Channel;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.ostiary.gateway.tls.PeerVerdicts;
import io.ostiary.model.LateLogger;
import io.ostiary.model.Target;
import io.ostiary.model.UpstreamLink.Protocol;
import io.ostiary.model.UpstreamTls;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// Our side of TLS with the targets of an upstream, and the sessions that can be resumed. It is
/// made of files, and made anew when they change; what cannot be read leaves the old in place.
///
/// Shared: event loops read one volatile field, a thread of the control plane replaces it.
final class TlsClient {
  private static final System.Logger LOG = new LateLogger("io.ostiary.gateway");

  private final UpstreamTls settings;
  private final Protocol protocol;
  private volatile Contexts contexts;
  private String stamp;

  /// @param text offers HTTP/1.1 only
  /// @param offered offers what the upstream's settings say
  private record Contexts(SslContext text, SslContext offered) {}

  /// @throws IllegalArgumentException where the files cannot be used
  TlsClient(UpstreamTls settings, Protocol protocol) {
    this.settings = settings;
    this.protocol = protocol;
    stamp = stamp();
    contexts = make();
  }

  private Contexts make() {
    var text = context(List.of("http/1.1"));
    return switch (protocol) {
      case HTTP1 -> new Contexts(text, text);
      case HTTP2 -> new Contexts(text, context(List.of("h2")));
      case AUTO -> new Contexts(text, context(List.of("h2", "http/1.1")));
    };
  }

  private SslContext context(List<String> alpn) {
    var builder =
        SslContextBuilder.forClient()
            .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK)
            .protocols(
                settings.minVersion() == UpstreamTls.Version.V1_3
                    ? List.of("TLSv1.3")
                    : List.of("TLSv1.3", "TLSv1.2"))
            .applicationProtocolConfig(
                new ApplicationProtocolConfig(
                    ApplicationProtocolConfig.Protocol.ALPN,
                    ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                    ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                    alpn));
    try {
      trust(builder);
      var certificate = settings.certificate();
      var key = settings.key();
      if (certificate != null && key != null) {
        builder.keyManager(readable("certificate", certificate), readable("key", key));
      }
      return builder.build();
    } catch (SSLException | IllegalArgumentException e) {
      throw new IllegalArgumentException(what(e), e);
    }
  }

  private static String what(Exception e) {
    var message = String.valueOf(e.getMessage());
    return message.startsWith("tls.")
        ? message
        : "tls: " + message + " (expected: PEM files that belong together)";
  }

  private void trust(SslContextBuilder builder) {
    var ca = settings.ca();
    if (!settings.verify()) {
      builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
      builder.endpointIdentificationAlgorithm(null);
      return;
    }
    builder.endpointIdentificationAlgorithm("HTTPS");
    var file = ca == null ? null : readable("ca", ca);
    if (OpenSsl.isAvailable()) {
      builder.trustManager(new PeerVerdicts(authorities(file)));
    } else if (file != null) {
      builder.trustManager(file);
    }
  }

  /// @param pem those who vouch for targets; null: whom the JDK trusts
  private static X509ExtendedTrustManager authorities(@Nullable File pem) {
    try {
      var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(pem == null ? null : store(pem));
      for (var manager : trust.getTrustManagers()) {
        if (manager instanceof X509ExtendedTrustManager extended) {
          return extended;
        }
      }
      throw new IllegalStateException("every JDK has a manager of X.509");
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private static KeyStore store(File pem) throws GeneralSecurityException, IOException {
    var store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (var in = new FileInputStream(pem)) {
      for (var one : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        store.setCertificateEntry(Integer.toString(store.size()), one);
      }
    }
    if (store.size() == 0) {
      throw new GeneralSecurityException("no certificates in " + pem);
    }
    return store;
  }

  private static File readable(String name, Path path) {
    var file = path.toFile();
    if (!file.canRead()) {
      throw new IllegalArgumentException(
          "tls.%s: %s (expected: a PEM file that can be read)".formatted(name, path));
    }
    return file;
  }

  /// For one connection.
  ///
  /// @param text whether only HTTP/1.1 will do
  SslHandler handler(Channel channel, Target target, boolean text) {
    var given = settings.serverName();
    var name = withoutEnd(given == null ? target.host() : given);
    var now = contexts;
    var handler = (text ? now.text : now.offered).newHandler(channel.alloc(), name, target.port());
    tellPlainName(handler, name);
    // The connection has a limit of its own.
    handler.setHandshakeTimeoutMillis(0);
    return handler;
  }

  /// The dot behind a name that is whole is no part of it where names are told or compared (RFC
  /// 6066 section 3).
  private static String withoutEnd(String name) {
    return name.length() > 1 && name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }

  /// TLS libraries tell the upstream no name that has no dot in it (SNI), as services of a cluster
  /// or of containers have.
  private static void tellPlainName(SslHandler handler, String name) {
    if (name.indexOf('.') >= 0 || name.indexOf(':') >= 0) {
      return;
    }
    var engine = handler.engine();
    var parameters = engine.getSSLParameters();
    parameters.setServerNames(List.of(new SNIHostName(name)));
    engine.setSSLParameters(parameters);
  }

  /// What connections were made with; another object after the files have changed.
  Object current() {
    return contexts;
  }

  /// Reads the files again where they have changed.
  void refresh() {
    var now = stamp();
    if (now.equals(stamp)) {
      return;
    }
    stamp = now;
    try {
      contexts = make();
      LOG.log(System.Logger.Level.INFO, "TLS files of an upstream were read anew: {0}", now);
    } catch (IllegalArgumentException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "TLS files of an upstream have changed and cannot be used; the old ones stay in force:"
              + " {0}",
          e.getMessage());
    }
  }

  private String stamp() {
    return Stream.of(settings.ca(), settings.certificate(), settings.key())
        .filter(Objects::nonNull)
        .map(TlsClient::stamp)
        .collect(Collectors.joining(", "));
  }

  private static String stamp(@Nullable Path path) {
    var file = Objects.requireNonNull(path).toFile();
    return path + " of " + file.lastModified() + ", " + file.length() + " bytes";
  }
}
