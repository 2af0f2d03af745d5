package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Verdict;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Carries verdicts out as the gateway would.
final class Verdicts {
  private Verdicts() {}

  static Verdict request(Filter filter, Exchange exchange) {
    return settled(filter.request(exchange));
  }

  static Verdict settled(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Wait(var stage) -> {
        try {
          yield settled(stage.toCompletableFuture().get(10, TimeUnit.SECONDS));
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
          throw new AssertionError(e);
        }
      }
      case Verdict.OnLoop(var decide) -> settled(decide.get());
      default -> verdict;
    };
  }
}
