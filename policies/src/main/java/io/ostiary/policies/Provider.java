package io.ostiary.policies;

import com.nimbusds.jose.util.JSONObjectUtils;
import io.ostiary.gateway.spi.HttpAsk;
import io.ostiary.gateway.spi.HttpCalls;
import io.ostiary.gateway.spi.HttpReply;
import java.net.URI;
import java.text.ParseException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// What an OpenID provider says of itself (OpenID Connect Discovery 1.0), and its keys. Asked once,
/// and again every hour; while it does not answer, what is known goes on. Outlives plans; nothing
/// here waits.
final class Provider {
  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final Duration REFRESH = Duration.ofHours(1);
  private static final int BYTES_MAX = 1024 * 1024;

  private final String issuer;
  private final InstantSource clock;
  private final AtomicReference<@Nullable CompletableFuture<Endpoints>> asking =
      new AtomicReference<>();
  private final KeySet keys;
  private volatile HttpCalls http;
  private volatile @Nullable Endpoints known;

  /// @param logout null: it has none
  /// @param revocation null: it has none
  /// @param userinfo null: it has none
  /// @param secretInForm whether it takes a client's secret in the form only
  /// @param saysIssuer whether whoever comes back from it brings its name (RFC 9207)
  record Endpoints(
      URI authorization,
      URI token,
      URI keys,
      @Nullable URI logout,
      @Nullable URI revocation,
      @Nullable URI userinfo,
      boolean secretInForm,
      boolean saysIssuer,
      long askedMillis) {}

  Provider(String issuer, HttpCalls http, InstantSource clock) {
    this.issuer = issuer;
    this.http = http;
    this.clock = clock;
    keys =
        new KeySet(
            "oidc.issuer " + issuer,
            () -> endpoints().thenCompose(found -> get(found.keys)).thenApply(HttpReply::body),
            Duration.ofMinutes(5),
            Duration.ofDays(1),
            clock);
  }

  void http(HttpCalls other) {
    http = other;
  }

  String issuer() {
    return issuer;
  }

  KeySet keys() {
    return keys;
  }

  CompletionStage<Endpoints> endpoints() {
    var now = known;
    if (now != null) {
      if (clock.millis() - now.askedMillis > REFRESH.toMillis()) {
        ask();
      }
      return CompletableFuture.completedFuture(now);
    }
    return ask();
  }

  private CompletionStage<Endpoints> ask() {
    var mine = new CompletableFuture<Endpoints>();
    var running = asking.compareAndExchange(null, mine);
    if (running != null) {
      return running;
    }
    var place = issuer.endsWith("/") ? issuer : issuer + "/";
    get(URI.create(place + ".well-known/openid-configuration"))
        .thenApply(reply -> read(reply.body()))
        .whenComplete((found, failure) -> {
          asking.set(null);
          if (failure == null) {
            known = found;
            mine.complete(found);
          } else {
            mine.completeExceptionally(failure);
          }
        });
    return mine;
  }

  private CompletionStage<HttpReply> get(URI uri) {
    return http.send(HttpAsk.get(uri, LIMIT, BYTES_MAX))
        .thenApply(reply -> {
          if (reply.status() != 200) {
            throw new IllegalStateException(
                uri + ": status " + reply.status() + " (expected: 200)");
          }
          return reply;
        });
  }

  private Endpoints read(String text) {
    try {
      var members = JSONObjectUtils.parse(text);
      if (!issuer.equals(members.get("issuer"))) {
        throw new IllegalStateException(
            "issuer: " + members.get("issuer") + " (expected: " + issuer + ")");
      }
      return new Endpoints(
          url(members, "authorization_endpoint"),
          url(members, "token_endpoint"),
          url(members, "jwks_uri"),
          optional(members, "end_session_endpoint"),
          optional(members, "revocation_endpoint"),
          optional(members, "userinfo_endpoint"),
          secretInForm(members),
          Boolean.TRUE.equals(members.get("authorization_response_iss_parameter_supported")),
          clock.millis());
    } catch (ParseException e) {
      throw new IllegalStateException(issuer + ": its configuration is not JSON", e);
    }
  }

  /// Where nothing is said, it is `client_secret_basic` (OpenID Connect Discovery 1.0 section 3).
  private static boolean secretInForm(Map<String, Object> members) {
    return members.get("token_endpoint_auth_methods_supported") instanceof List<?> ways
        && !ways.contains("client_secret_basic")
        && ways.contains("client_secret_post");
  }

  private static @Nullable URI optional(Map<String, Object> members, String name) {
    return members.get(name) == null ? null : url(members, name);
  }

  private static URI url(Map<String, Object> members, String name) {
    var url = URI.create(String.valueOf(members.get(name)));
    HttpAsk.check(name, url);
    return url;
  }
}
