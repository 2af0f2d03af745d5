package io.ostiary.policies;

import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.SignIn;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.Ending;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Alone;
import io.ostiary.model.setting.Default;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Several ways to sign in on one route: the first one that recognises the caller counts.
public final class AnyOf implements Policy<AnyOf.Settings> {
  private static final int WAYS_MAX = 8;

  public record Settings(
      @Alone @About("Policies that sign in, in the order in which they are asked.")
          List<PolicyUse> ways,
      @About("Whether a call without any credentials passes.") @Default("false") boolean anonymous,
      @About("The consumer, by name or id, for whom such a call counts.")
          @Nullable String anonymousConsumer) {
    public Settings {
      ways = List.copyOf(ways);
      Require.between("any-of.ways (count)", ways.size(), 1, WAYS_MAX);
      if (anonymousConsumer != null) {
        Require.notBlank("any-of.anonymous-consumer", anonymousConsumer);
      }
      if (anonymousConsumer != null && !anonymous) {
        throw Require.invalid(
            "any-of.anonymous-consumer", anonymousConsumer, "anonymous: true beside it");
      }
    }
  }

  @Override
  public String name() {
    return "any-of";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public boolean lasting() {
    return true;
  }

  /// Those in it are asked themselves, where they are made.
  @Override
  public boolean ofOneRoute(Settings settings) {
    return true;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    var ways = new ArrayList<SignIn>();
    for (var use : settings.ways) {
      if (!(site.filter(use) instanceof SignIn way)) {
        throw new IllegalArgumentException(
            "any-of.ways: %s (expected: a policy that signs in). For addresses give a route of its own"
                    .formatted(use.name())
                + " with 'when: { from: ... }', and the others their policies");
      }
      ways.add(way);
    }
    var name = settings.anonymousConsumer;
    var anonymous = name == null ? null : Callers.of(site.snapshot()).named(name);
    return new Choice(ways, settings.anonymous, anonymous, site.state(SignIn.class));
  }

  private static final class Choice implements SignIn {
    private final List<SignIn> ways;
    private final boolean anonymous;
    private final @Nullable Caller nobody;
    private final StateKey<SignIn> winner;
    private final Set<Moment> moments = EnumSet.of(Moment.REQUEST);
    private final BodyNeed bodyNeed;

    Choice(List<SignIn> ways, boolean anonymous, @Nullable Caller nobody, StateKey<SignIn> winner) {
      this.ways = List.copyOf(ways);
      this.anonymous = anonymous;
      this.nobody = nobody;
      this.winner = winner;
      ways.forEach(way -> moments.addAll(way.moments()));
      if (moments.contains(Moment.RESPONSE_BODY)) {
        throw Require.invalid("any-of.ways", "one that reads responses", "those that do not");
      }
      bodyNeed = bodyNeed(ways);
    }

    private static BodyNeed bodyNeed(List<SignIn> ways) {
      int bytesMax = -1;
      for (var way : ways) {
        if (way.moments().contains(Moment.REQUEST_BODY)) {
          if (!(way.requestBodyNeed() instanceof BodyNeed.Whole(int max))) {
            throw Require.invalid("any-of.ways", "one that streams bodies", "those that do not");
          }
          bytesMax = Math.max(bytesMax, max);
        }
      }
      return bytesMax < 0 ? BodyNeed.NONE : new BodyNeed.Whole(bytesMax);
    }

    @Override
    public Set<Moment> moments() {
      return moments;
    }

    @Override
    public BodyNeed requestBodyNeed() {
      return bodyNeed;
    }

    @Override
    public boolean addressed(Exchange exchange) {
      return ways.stream().anyMatch(way -> way.addressed(exchange));
    }

    @Override
    public void clean(Exchange exchange) {
      for (int i = 0; i < ways.size(); i++) {
        ways.get(i).clean(exchange);
      }
    }

    @Override
    public Verdict request(Exchange exchange) {
      clean(exchange);
      return from(0, exchange, null);
    }

    /// Asks the ways from this one on.
    ///
    /// @param refusal of the first way that was addressed and said no
    private Verdict from(int next, Exchange exchange, @Nullable Verdict refusal) {
      for (int i = next; i < ways.size(); i++) {
        var way = ways.get(i);
        if (way.addressed(exchange)) {
          return settled(i, exchange, way.request(exchange), refusal);
        }
      }
      return refusal == null ? nobodyKnown(exchange) : refusal;
    }

    private Verdict settled(int at, Exchange exchange, Verdict verdict, @Nullable Verdict refusal) {
      return switch (verdict) {
        case Verdict.Continue _ -> {
          exchange.state(winner, ways.get(at));
          yield verdict;
        }
        case Verdict.Wait(var stage) ->
            new Verdict.Wait(
                stage.thenApply(
                    late -> new Verdict.OnLoop(() -> settled(at, exchange, late, refusal))));
        case Verdict.OnLoop(var decide) -> settled(at, exchange, decide.get(), refusal);
        default -> from(at + 1, exchange, refusal == null ? verdict : refusal);
      };
    }

    private Verdict nobodyKnown(Exchange exchange) {
      if (anonymous) {
        if (nobody != null) {
          nobody.recognised(exchange);
        }
        return Verdict.CONTINUE;
      }
      var challenges = new ArrayList<Field>();
      for (var way : ways) {
        switch (way.request(exchange)) {
          case Verdict.Answer answer -> {
            // Such as a page to sign in on.
            return answer;
          }
          case Verdict.Wait wait -> {
            // The same, once it is known where it is.
            return wait;
          }
          case Verdict.Reply(var problem) -> challenges.addAll(problem.fields());
          default -> throw new IllegalStateException("a way lets in whom it is not shown");
        }
      }
      return new Verdict.Reply(
          Problem.of(
                  401,
                  "any-of",
                  "Sign-in required",
                  "The call shows no credentials. WWW-Authenticate lists the ways to sign in.")
              .withFields(challenges.toArray(Field[]::new)));
    }

    @Override
    public Verdict requestBody(Exchange exchange, ByteBuffer body, boolean last) {
      var way = exchange.state(winner);
      return way != null && way.moments().contains(Moment.REQUEST_BODY)
          ? way.requestBody(exchange, body, last)
          : Verdict.CONTINUE;
    }

    @Override
    public Verdict response(Exchange exchange) {
      var way = exchange.state(winner);
      return way != null && way.moments().contains(Moment.RESPONSE)
          ? way.response(exchange)
          : Verdict.CONTINUE;
    }

    @Override
    public void end(Exchange exchange, Ending ending) {
      var way = exchange.state(winner);
      if (way != null && way.moments().contains(Moment.END)) {
        way.end(exchange, ending);
      }
    }
  }
}
