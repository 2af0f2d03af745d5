package io.ostiary.gateway.connection;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.AbstractSniHandler;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslServerSessionContext;
import io.netty.handler.ssl.OpenSslSessionTicketKey;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.ostiary.model.Listener;
import io.ostiary.model.Tls;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// By what one listener proves who it is, ready for handshakes: a BoringSSL context for each
/// certificate, chosen by the name that the client asks for and the signatures that it takes.
///
/// Sessions are resumed by tickets, which cost no memory here; their keys live no longer than this
/// object, so nobody resumes a session behind a change of certificates or authorities. Shared by
/// all event loops; immutable but for the stapled answers and those keys.
final class Credentials implements AutoCloseable {
  /// What a client may send before it has said whom it wants.
  private static final int HELLO_BYTES_MAX = 16 * 1024;

  private static final long SESSION_SECONDS = 12 * 3600;

  /// Forward secrecy and authenticated encryption, and nothing else.
  private static final List<String> CIPHERS =
      List.of(
          "TLS_AES_128_GCM_SHA256",
          "TLS_AES_256_GCM_SHA384",
          "TLS_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

  private final Tls tls;
  private final List<Credential> all = new ArrayList<>();
  private final List<Stapler> staplers = new ArrayList<>();
  private final TicketKeys ticketKeys = new TicketKeys(System.nanoTime());

  /// One certificate.
  static final class Credential {
    final Tls.Certificate certificate;
    final SslContext context;

    /// What goes with the certificate; null: nothing.
    volatile byte @Nullable [] staple;

    private Credential(Tls.Certificate certificate, SslContext context) {
      this.certificate = certificate;
      this.context = context;
    }
  }

  private final AtomicBoolean closed = new AtomicBoolean();

  private Credentials(Tls tls) {
    this.tls = tls;
  }

  /// @throws IllegalStateException when a file cannot be used; the message names it
  static Credentials load(Listener listener, Tls tls) {
    if (!OpenSsl.isAvailable()) {
      throw new IllegalStateException(
          "listener %s: tls: BoringSSL does not run here: %s (expected: Linux on x86-64 or ARM64)"
              .formatted(listener, OpenSsl.unavailabilityCause().getMessage()));
    }
    var made = new Credentials(tls);
    for (var certificate : tls.certificates()) {
      try {
        var one = new Credential(certificate, context(tls, certificate));
        made.all.add(one);
        made.staple(one);
      } catch (IOException | IllegalArgumentException e) {
        made.close();
        throw new IllegalStateException(
            "listener %s: tls: %s with %s: %s"
                .formatted(listener, certificate.chain(), certificate.key(), e.getMessage()),
            e);
      }
    }
    made.seal(made.ticketKeys.now());
    return made;
  }

  /// Tickets of all certificates under the same keys, for a client may come back by another name.
  private void seal(OpenSslSessionTicketKey[] keys) {
    for (var one : all) {
      if (one.context.sessionContext() instanceof OpenSslServerSessionContext sessions) {
        sessions.setTicketKeys(keys);
      }
    }
  }

  private void staple(Credential one) throws IOException {
    if (!tls.stapling()) {
      return;
    }
    var file = one.certificate.ocsp();
    if (file != null) {
      one.staple = Files.readAllBytes(file);
      return;
    }
    var stapler = Stapler.start(one);
    if (stapler != null) {
      staplers.add(stapler);
    }
  }

  private static SslContext context(Tls tls, Tls.Certificate certificate) throws IOException {
    var builder =
        SslContextBuilder.forServer(certificate.chain().toFile(), certificate.key().toFile())
            .sslProvider(SslProvider.OPENSSL_REFCNT)
            .protocols(
                tls.minimum() == Tls.Version.TLS_1_3
                    ? List.of("TLSv1.3")
                    : List.of("TLSv1.3", "TLSv1.2"))
            .ciphers(CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
            .sessionTimeout(SESSION_SECONDS)
            .enableOcsp(true)
            .applicationProtocolConfig(
                new ApplicationProtocolConfig(
                    Protocol.ALPN,
                    SelectorFailureBehavior.NO_ADVERTISE,
                    SelectedListenerFailureBehavior.ACCEPT,
                    ApplicationProtocolNames.HTTP_2,
                    ApplicationProtocolNames.HTTP_1_1));
    if (tls.clients() != Tls.Clients.OFF) {
      builder
          .clientAuth(
              tls.clients() == Tls.Clients.REQUIRED ? ClientAuth.REQUIRE : ClientAuth.OPTIONAL)
          .trustManager(
              ClientTrust.of(
                  Objects.requireNonNull(tls.clientAuthorities()), tls.clientRevocations()));
    }
    return builder.build();
  }

  Tls tls() {
    return tls;
  }

  List<Credential> all() {
    return all;
  }

  /// What goes before everything else on a new connection.
  ChannelHandler handler(ByteBufAllocator alloc) {
    var turned = ticketKeys.turned(System.nanoTime());
    if (turned != null) {
      seal(turned);
    }
    return all.size() == 1 ? handler(all.getFirst(), alloc) : new Chooser(this);
  }

  private static SslHandler handler(Credential of, ByteBufAllocator alloc) {
    var handler = of.context.newHandler(alloc);
    // The connection limits all its waits itself.
    handler.setHandshakeTimeoutMillis(0);
    var staple = of.staple;
    if (staple != null && handler.engine() instanceof ReferenceCountedOpenSslEngine engine) {
      engine.setOcspResponse(staple);
    }
    return handler;
  }

  /// Finds the certificate by what is in the client's greeting.
  private static final class Chooser extends AbstractSniHandler<Credential> {
    private final Credentials from;
    private Greeting greeting = new Greeting(Set.of(), null);

    private Chooser(Credentials from) {
      super(HELLO_BYTES_MAX, 0);
      this.from = from;
    }

    @Override
    protected Future<Credential> lookup(ChannelHandlerContext context, @Nullable ByteBuf hello)
        throws Exception {
      if (hello != null) {
        greeting = Greeting.of(hello);
      }
      return super.lookup(context, hello);
    }

    @Override
    protected Future<Credential> lookup(ChannelHandlerContext context, @Nullable String name) {
      return context.executor().newSucceededFuture(from.choose(name, greeting));
    }

    @Override
    protected void onLookupComplete(
        ChannelHandlerContext context, @Nullable String name, Future<Credential> chosen) {
      var handler = handler(chosen.getNow(), context.alloc());
      boolean owned = false;
      try {
        context.pipeline().replace(this, SslHandler.class.getName(), handler);
        owned = true;
      } finally {
        if (!owned) {
          ReferenceCountUtil.safeRelease(handler.engine());
        }
      }
    }
  }

  /// Those for the very name, else those for all names beside it, else the first and its like; of
  /// them the first that the client can check, one of an elliptic curve before one of RSA, whose
  /// signatures cost us many times as much.
  private Credential choose(@Nullable String asked, Greeting greeting) {
    var name = asked == null ? "" : asked.toLowerCase(Locale.ROOT);
    int dot = name.indexOf('.');
    var found = named(name);
    if (found.isEmpty() && dot >= 0) {
      found = named("*" + name.substring(dot));
    }
    if (found.isEmpty()) {
      var first = all.getFirst().certificate.names();
      found = all.stream().filter(one -> one.certificate.names().equals(first)).toList();
    }
    var taken = found.stream().filter(one -> greeting.takes(one.certificate.signs())).toList();
    return taken.stream()
        .filter(one -> one.certificate.signs() != Tls.Key.RSA)
        .findFirst()
        .orElse(taken.isEmpty() ? found.getFirst() : taken.getFirst());
  }

  private List<Credential> named(String name) {
    return all.stream().filter(one -> one.certificate.names().contains(name)).toList();
  }

  /// No connection begins with them any more; those that run keep what they need.
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    staplers.forEach(Stapler::close);
    for (var one : all) {
      ReferenceCountUtil.release(one.context);
    }
  }

  boolean closed() {
    return closed.get();
  }

  @Override
  public String toString() {
    return Arrays.toString(all.stream().map(one -> one.certificate.names()).toArray());
  }
}
