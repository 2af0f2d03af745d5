package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.OrOne;
import java.util.Collection;
import java.util.Set;

/// Lets in those whom it names, or keeps them out.
public final class Acl implements Policy<Acl.Settings> {
  public record Settings(
      @About("Who may call; nobody named stands for everybody.") Who allow,
      @About("Who may not, even where allowed.") Who deny) {
    public Settings {
      if (allow.isEmpty() && deny.isEmpty()) {
        throw new IllegalArgumentException(
            "acl: nobody (expected: consumers, groups or tags under 'allow' or 'deny')");
      }
    }
  }

  /// One of these is enough.
  public record Who(
      @About("Names or ids of consumers.") @OrOne Set<String> consumers,
      @About("Groups of consumers, or of a token.") @OrOne Set<String> groups,
      @About("Tags of consumers.") @OrOne Set<String> tags) {
    public Who {
      consumers = Set.copyOf(consumers);
      groups = Set.copyOf(groups);
      tags = Set.copyOf(tags);
      consumers.forEach(name -> Require.notBlank("consumers", name));
      groups.forEach(name -> Require.notBlank("groups", name));
      tags.forEach(name -> Require.notBlank("tags", name));
    }

    boolean isEmpty() {
      return consumers.isEmpty() && groups.isEmpty() && tags.isEmpty();
    }

    boolean names(Exchange exchange) {
      var identity = exchange.identity();
      if (identity != null && meet(groups, identity.groups())) {
        return true;
      }
      var consumer = exchange.consumer();
      return consumer != null
          && (consumers.contains(consumer.name())
              || consumers.contains(consumer.id())
              || meet(groups, consumer.groups())
              || meet(tags, consumer.tags()));
    }

    private static boolean meet(Set<String> wanted, Collection<String> had) {
      if (wanted.isEmpty() || had.isEmpty()) {
        return false;
      }
      for (var one : had) {
        if (wanted.contains(one)) {
          return true;
        }
      }
      return false;
    }
  }

  @Override
  public String name() {
    return "acl";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public boolean lasting() {
    return true;
  }

  @Override
  public boolean ofOneRoute(Settings settings) {
    return true;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    return new Gate(settings.allow, settings.deny);
  }

  private record Gate(Who allow, Who deny) implements Filter {
    private static final Verdict REFUSED =
        new Verdict.Reply(
            Problem.of(
                403, "acl", "Not for this caller", "You are known, but may not call this API."));
    private static final Verdict UNKNOWN =
        new Verdict.Reply(
            Problem.of(
                403,
                "acl",
                "Not for this caller",
                "Only callers who are known may call this API."));

    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST);
    }

    @Override
    public Verdict request(Exchange exchange) {
      if (deny.names(exchange)) {
        return REFUSED;
      }
      if (allow.isEmpty() || allow.names(exchange)) {
        return Verdict.CONTINUE;
      }
      boolean known = exchange.consumer() != null || exchange.identity() != null;
      return known ? REFUSED : UNKNOWN;
    }
  }
}
