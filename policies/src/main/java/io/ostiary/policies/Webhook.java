package io.ostiary.policies;

import com.nimbusds.jose.util.JSONObjectUtils;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HttpAsk;
import io.ostiary.gateway.spi.HttpCalls;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.CallId;
import io.ostiary.model.Ending;
import io.ostiary.model.LateLogger;
import io.ostiary.model.Peers;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.Secret;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/// Tells an HTTP service of each call when it has ended. Calls do not wait for it, nor fail with
/// it.
public final class Webhook implements Policy<Webhook.Settings> {
  private static final System.Logger LOG = new LateLogger("io.ostiary.policies");
  private static final int PENDING_MAX = 1000;
  private static final int ANSWER_BYTES_MAX = 16 * 1024;
  private static final long WARN_NANOS = TimeUnit.SECONDS.toNanos(10);

  /// Which calls are told of.
  public enum On {
    ALL,
    FAILED,
    REFUSED
  }

  public record Settings(
      @About("Who is told, by a POST with JSON.") URI url,
      @About("Of which calls: all, failed (500 and above) or refused (by a policy).")
          @Default("all")
          On on,
      @About("Signs what is sent: Ostiary-Signature is sha256= and its HMAC in hexadecimal.")
          @Nullable Secret secret,
      @About("Header fields of the request that are told.") List<String> headers,
      @About("How long an answer may take.") @Default("5s") Duration timeout,
      @About("How often it is tried, with 1 s, 4 s, 16 s between.") @Default("3") int tries) {
    public Settings {
      HttpAsk.check("webhook.url", url);
      headers = List.copyOf(headers);
      Require.between("webhook.timeout (ms)", timeout.toMillis(), 10, 60_000);
      Require.between("webhook.tries", tries, 1, 4);
    }
  }

  @Override
  public String name() {
    return "webhook";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    var desk = site.shared("webhook " + settings.url, Desk.class, Desk::new);
    return new Teller(settings, site, desk);
  }

  /// What is under way to one service, and what was lost.
  private static final class Desk {
    private final AtomicInteger pending = new AtomicInteger();
    private final AtomicLong lost = new AtomicLong();
    private final AtomicLong warnedAt = new AtomicLong(System.nanoTime() - WARN_NANOS);

    boolean takes() {
      if (pending.incrementAndGet() <= PENDING_MAX) {
        return true;
      }
      pending.decrementAndGet();
      return false;
    }

    void lost(URI url, String why) {
      long count = lost.incrementAndGet();
      long now = System.nanoTime();
      long before = warnedAt.get();
      if (now - before > WARN_NANOS && warnedAt.compareAndSet(before, now)) {
        LOG.log(System.Logger.Level.WARNING, "webhook: {0}: {1}; {2} lost so far", url, why, count);
      }
    }
  }

  private static final class Teller implements Filter {
    private static final HexFormat HEX = HexFormat.of();

    private final Settings settings;
    private final HttpCalls http;
    private final Desk desk;
    private final StateKey<Long> began;
    private final List<io.ostiary.gateway.spi.HeaderName> headers;

    Teller(Settings settings, Site site, Desk desk) {
      this.settings = settings;
      this.desk = desk;
      http = site.http();
      began = site.state(Long.class);
      headers = settings.headers.stream().map(io.ostiary.gateway.spi.HeaderName::of).toList();
    }

    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST, Moment.END);
    }

    @Override
    public Verdict request(Exchange exchange) {
      exchange.state(began, exchange.nanos());
      return Verdict.CONTINUE;
    }

    @Override
    public void end(Exchange exchange, Ending ending) {
      boolean wanted =
          switch (settings.on) {
            case ALL -> true;
            case FAILED -> exchange.status() >= 500;
            case REFUSED -> ending instanceof Ending.Refused;
          };
      if (wanted && !desk.takes()) {
        desk.lost(settings.url, "it does not keep up");
      } else if (wanted) {
        send(body(exchange, ending), 1);
      }
    }

    private String body(Exchange exchange, Ending ending) {
      var event = new LinkedHashMap<String, Object>();
      event.put("call", CallId.text(exchange.callId()));
      event.put("api", exchange.api().name());
      event.put("route", exchange.route().id());
      event.put("method", exchange.method());
      event.put("path", exchange.path());
      event.put("status", exchange.status());
      event.put("blame", ending.blame().name().toLowerCase(Locale.ROOT));
      event.put("reason", ending.reason());
      event.put("client", Peers.text(exchange.client()));
      var consumer = exchange.consumer();
      if (consumer != null) {
        event.put("consumer", consumer.id());
      }
      var since = exchange.state(began);
      if (since != null) {
        event.put("micros", (exchange.nanos() - since) / 1000);
      }
      if (!headers.isEmpty()) {
        var told = new LinkedHashMap<String, Object>();
        headers.forEach(name -> told.put(name.toString(), exchange.requestHeaders().all(name)));
        event.put("headers", told);
      }
      return JSONObjectUtils.toJSONString(event);
    }

    private void send(String body, int attempt) {
      var fields = new ArrayList<>(List.of(Field.of("Content-Type", "application/json")));
      var secret = settings.secret;
      if (secret != null) {
        fields.add(Field.of("Ostiary-Signature", "sha256=" + signed(body, secret)));
      }
      var ask =
          new HttpAsk("POST", settings.url, fields, body, settings.timeout, ANSWER_BYTES_MAX, true);
      http.send(ask)
          .whenComplete((reply, failure) -> {
            if (failure == null && reply.status() < 300) {
              desk.pending.decrementAndGet();
            } else {
              again(
                  body,
                  attempt,
                  failure == null
                      ? "status " + reply.status()
                      : "" + Refusals.cause(failure).getMessage());
            }
          });
    }

    private void again(String body, int attempt, String why) {
      if (attempt >= settings.tries) {
        desk.pending.decrementAndGet();
        desk.lost(settings.url, why);
        return;
      }
      Executor later =
          CompletableFuture.delayedExecutor(1L << (2 * (attempt - 1)), TimeUnit.SECONDS);
      later.execute(() -> send(body, attempt + 1));
    }

    private static String signed(String body, Secret secret) {
      try {
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret.bytes(), "HmacSHA256"));
        return HEX.formatHex(mac.doFinal(body.getBytes(StandardCharsets.UTF_8)));
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("every JDK has HMAC-SHA-256", e);
      }
    }
  }
}
