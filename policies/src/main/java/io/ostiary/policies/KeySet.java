package io.ostiary.policies;

import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import io.ostiary.gateway.spi.HttpCalls;
import io.ostiary.model.LateLogger;
import io.ostiary.policies.Refusals.Unavailable;
import java.text.ParseException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The public keys of an issuer (RFC 7517), fetched from where it publishes them.
///
/// Old keys serve while new ones are fetched, and while the issuer does not answer, for as long as
/// the settings say. A token that names an unknown key has the set fetched again, but not more
/// often than every ten seconds, so that made-up names cannot have us hammer the issuer; while none
/// is known, a second. There is at most one fetch at a time. Outlives plans; shared by all event
/// loops; nothing here waits.
final class KeySet {
  private static final System.Logger LOG = new LateLogger("io.ostiary.policies");
  private static final int KEYS_MAX = 100;
  private static final int RSA_BITS_MIN = 2048;
  static final Duration PAUSE = Duration.ofSeconds(10);

  /// While no keys are known at all: nobody is served before there are some.
  static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

  private final String name;
  private final Duration refresh;
  private final Duration stale;
  private final InstantSource clock;
  private final AtomicReference<@Nullable CompletableFuture<Keys>> fetch = new AtomicReference<>();
  private volatile Supplier<CompletionStage<String>> source;
  private volatile @Nullable Keys keys;
  private volatile long triedMillis = Long.MIN_VALUE;
  private volatile @Nullable String failing;

  /// @param generation another one for each set that differs
  record Keys(List<JWK> all, long fetchedMillis, long generation) {}

  /// @param name of the place, for the log
  /// @param refresh the age at which a set is fetched anew
  /// @param stale the age up to which a set is good while no newer one can be had
  KeySet(
      String name,
      Supplier<CompletionStage<String>> source,
      Duration refresh,
      Duration stale,
      InstantSource clock) {
    this.name = name;
    this.source = source;
    this.refresh = refresh;
    this.stale = stale;
    this.clock = clock;
  }

  /// A new plan's way to the same place.
  void source(Supplier<CompletionStage<String>> other) {
    source = other;
  }

  /// The keys as far as they are known, or null; has them fetched where they are not fresh.
  @Nullable Keys current() {
    var known = keys;
    long now = clock.millis();
    long age = known == null ? Long.MAX_VALUE : now - known.fetchedMillis;
    if (age >= refresh.toMillis() && paused(now) <= 0) {
      fetch();
    }
    return age <= stale.toMillis() ? known : null;
  }

  /// Has the keys fetched before the first token comes, unless a configuration is only checked.
  void prepare(HttpCalls by) {
    if (!by.equals(HttpCalls.NONE)) {
      current();
    }
  }

  long generation() {
    var known = keys;
    return known == null ? 0 : known.generation;
  }

  /// The keys after a fetch, unless there was one just now.
  ///
  /// @return completes exceptionally with [Unavailable] where there are none
  CompletionStage<Keys> renewed() {
    var running = fetch.get();
    if (running != null) {
      return orKnown(running);
    }
    if (paused(clock.millis()) > 0) {
      var known = current();
      return known == null
          ? CompletableFuture.failedFuture(unavailable())
          : CompletableFuture.completedFuture(known);
    }
    return orKnown(fetch());
  }

  private CompletionStage<Keys> orKnown(CompletionStage<Keys> fetching) {
    return fetching.exceptionally(_ -> {
      var known = current();
      if (known == null) {
        throw unavailable();
      }
      return known;
    });
  }

  private Unavailable unavailable() {
    return new Unavailable(name + ": no keys: " + failing);
  }

  private long paused(long now) {
    var pause = keys == null ? FIRST_PAUSE : PAUSE;
    return triedMillis == Long.MIN_VALUE ? 0 : triedMillis + pause.toMillis() - now;
  }

  private CompletableFuture<Keys> fetch() {
    var mine = new CompletableFuture<Keys>();
    var running = fetch.compareAndExchange(null, mine);
    if (running != null) {
      return running;
    }
    triedMillis = clock.millis();
    CompletionStage<String> text;
    try {
      text = source.get();
    } catch (RuntimeException e) {
      text = CompletableFuture.failedFuture(e);
    }
    text.thenApply(KeySet::read)
        .whenComplete((all, failure) -> {
          fetch.set(null);
          if (failure != null) {
            failed(Refusals.cause(failure));
            mine.completeExceptionally(failure);
          } else {
            mine.complete(fetched(all));
          }
        });
    return mine;
  }

  private Keys fetched(List<JWK> all) {
    var before = keys;
    long generation =
        before == null ? 1 : before.all.equals(all) ? before.generation : before.generation + 1;
    var next = new Keys(all, clock.millis(), generation);
    keys = next;
    if (failing != null) {
      LOG.log(System.Logger.Level.INFO, name + ": its keys can be had again");
      failing = null;
    }
    return next;
  }

  private void failed(Throwable failure) {
    if (failing == null) {
      LOG.log(
          System.Logger.Level.WARNING,
          "%s: its keys cannot be had, %s: %s"
              .formatted(
                  name,
                  keys == null ? "and none are known yet" : "those known serve on",
                  failure.getMessage()));
    }
    failing = failure.getMessage();
  }

  /// Only public keys for signatures; what is not understood is left out, as RFC 7517 asks.
  static List<JWK> read(String text) {
    try {
      var all = new ArrayList<JWK>();
      for (var key : JWKSet.parse(text).getKeys()) {
        if (usable(key)) {
          all.add(key.toPublicJWK());
        }
      }
      if (all.isEmpty() || all.size() > KEYS_MAX) {
        throw new IllegalArgumentException(
            "%d public keys for signatures (expected: 1-%d)".formatted(all.size(), KEYS_MAX));
      }
      return List.copyOf(all);
    } catch (ParseException e) {
      throw new IllegalArgumentException("no JSON Web Key Set: " + e.getMessage(), e);
    }
  }

  private static boolean usable(JWK key) {
    boolean forSignatures = key.getKeyUse() == null || key.getKeyUse().identifier().equals("sig");
    return forSignatures
        && switch (key) {
          case RSAKey rsa -> rsa.size() >= RSA_BITS_MIN;
          case ECKey _ -> true;
          case OctetKeyPair pair -> pair.getCurve().getName().equals("Ed25519");
          default -> false;
        };
  }
}
