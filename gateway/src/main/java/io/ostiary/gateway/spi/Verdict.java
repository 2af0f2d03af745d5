package io.ostiary.gateway.spi;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// What a filter decided.
public sealed interface Verdict {
  /// The same verdict, so many nanoseconds later.
  static Verdict after(long nanos, Verdict verdict) {
    return new Wait(
        new CompletableFuture<Verdict>().completeOnTimeout(verdict, nanos, TimeUnit.NANOSECONDS));
  }

  /// Go on with the next filter.
  Verdict CONTINUE = new Continue();

  record Continue() implements Verdict {}

  /// Answer the client with this, and ask no upstream.
  record Reply(Problem problem) implements Verdict {}

  /// Answer the client with a response that is not a problem, such as a preflight's.
  record Answer(Message message) implements Verdict {}

  /// Answer the client with what an upstream has said before, or would say: nobody is refused, and
  /// the exchange ends as answered.
  record Serve(Message message) implements Verdict {}

  /// Stop this exchange, not its event loop, until the stage is complete; then its verdict counts.
  /// Every wait is limited by the exchange's own time-outs.
  record Wait(CompletionStage<Verdict> stage) implements Verdict {}

  /// Decide on the event loop that owns the exchange. What a stage completes with where the
  /// decision touches the exchange, which the stage's own thread must not.
  record OnLoop(Supplier<Verdict> decide) implements Verdict {}
}
