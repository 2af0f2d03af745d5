package io.ostiary.server.e2e;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// A user's policy that takes its time.
public final class SlowPolicy implements Policy<SlowPolicy.Settings> {
  public record Settings() {}

  @Override
  public String name() {
    return "slow";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    return new Slow();
  }

  private record Slow() implements Filter {
    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST);
    }

    @Override
    public Verdict request(Exchange exchange) {
      var later = CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS);
      return new Verdict.Wait(CompletableFuture.supplyAsync(() -> Verdict.CONTINUE, later));
    }
  }
}
