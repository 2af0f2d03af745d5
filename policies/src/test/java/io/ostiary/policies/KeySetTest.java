package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.spi.HttpCalls;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class KeySetTest {
  /// `check` warned of each issuer that its keys could not be had.
  @Test
  void isNotFetchedWhileAConfigurationIsOnlyChecked() {
    var fetches = new AtomicInteger();
    var set =
        new KeySet(
            "keys",
            () -> {
              fetches.incrementAndGet();
              return CompletableFuture.failedFuture(new IllegalStateException("away"));
            },
            Duration.ofMinutes(5),
            Duration.ofDays(1),
            Clock.systemUTC());
    set.prepare(HttpCalls.NONE);
    assertThat(fetches).hasValue(0);
    set.prepare(_ -> CompletableFuture.failedFuture(new IllegalStateException("not asked")));
    assertThat(fetches).hasValue(1);
  }
}
