package org.example;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import java.util.Set;

/// A policy of your own: greets each caller in a header field of the response.
public final class Greeting implements Policy<Greeting.Settings> {
  /// What people write under `greeting` in ostiary.yaml. Names, defaults, checks and the schema
  /// for editors all come from here.
  public record Settings(
      @About("The field that greets.") @Default("X-Greeting") String header,
      @About("The word to greet with.") String word) {
    public Settings {
      if (word.isBlank()) {
        throw new IllegalArgumentException("greeting.word: '' (expected: a word)");
      }
    }
  }

  @Override
  public String name() {
    return "greeting";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  /// Called for each route that uses it, whenever the configuration changes. Whatever can be made
  /// ready is made here, so that calls find it done.
  @Override
  public Filter compile(Settings settings, Site site) {
    var header = HeaderName.of(settings.header());
    return new Filter() {
      @Override
      public Set<Moment> moments() {
        return Set.of(Moment.RESPONSE);
      }

      /// Runs on an event loop: it must not block. What waits for others returns Verdict.Wait.
      @Override
      public Verdict response(Exchange exchange) {
        var consumer = exchange.consumer();
        var name = consumer == null ? "stranger" : consumer.name();
        exchange.responseHeaders().set(header, settings.word() + ", " + name);
        return Verdict.CONTINUE;
      }
    };
  }
}
