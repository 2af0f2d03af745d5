package io.ostiary.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Balance;
import io.ostiary.model.ConnectionFacts;
import io.ostiary.model.ConnectionMark;
import io.ostiary.model.Discovery;
import io.ostiary.model.Outliers;
import io.ostiary.model.Overload;
import io.ostiary.model.Retries;
import io.ostiary.model.Spread;
import io.ostiary.model.Target;
import io.ostiary.model.Upstream;
import io.ostiary.model.UpstreamLink;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// How each way of choosing deals calls out: evenly, by weight, by key, and around a slow target.
/// Draws come from a seed and time is made up, so a failure can be played again.
class BalancerTest {
  private static final int CALLS = 40_000;

  /// The quantile 0.999 of χ² with three degrees of freedom.
  private static final double CHI_SQUARE_MAX = 16.27;

  private final SplittableRandom random = new SplittableRandom(7);
  private final Pick pick = new Pick();
  private long now = 1_000_000_000L;

  private static List<Target> targets(int... weights) {
    var targets = new ArrayList<Target>();
    for (int i = 0; i < weights.length; i++) {
      targets.add(new Target("192.0.2." + (i + 1), 80, weights[i]));
    }
    return targets;
  }

  private static Upstream upstream(Balance balance, List<Target> targets, Spread spread) {
    return new Upstream(
        "up",
        targets,
        balance,
        null,
        Duration.ofSeconds(1),
        Duration.ofSeconds(1),
        Duration.ofSeconds(1),
        100,
        UpstreamLink.PLAIN,
        spread,
        Outliers.DEFAULT,
        Retries.DEFAULT,
        Overload.NONE,
        Discovery.NONE);
  }

  private static UpstreamHandle handle(Balance balance, List<Target> targets) {
    return handle(balance, targets, Spread.DEFAULT);
  }

  private static UpstreamHandle handle(Balance balance, List<Target> targets, Spread spread) {
    var state = new UpstreamState("up", 1);
    var endpoints = new ArrayList<Endpoint>();
    for (var target : targets) {
      var endpoint = new Endpoint(state, target, 1);
      endpoint.resolved(
          new InetSocketAddress[] {
            new InetSocketAddress(InetAddress.ofLiteral(target.host()), target.port())
          });
      endpoints.add(endpoint);
    }
    var upstream = upstream(balance, targets, spread);
    return new UpstreamHandle(
        upstream, Members.of(upstream, targets, endpoints, state), state, 1, new TlsClients());
  }

  private String choose(UpstreamHandle handle, long key) {
    pick.begin(random, now);
    pick.key(key);
    var chosen = handle.choose(pick);
    return chosen == null ? "nobody" : chosen.target().host();
  }

  private String choose(UpstreamHandle handle) {
    pick.begin(random, now);
    var chosen = handle.choose(pick);
    return chosen == null ? "nobody" : chosen.target().host();
  }

  private Map<String, Integer> counts(UpstreamHandle handle, boolean keyed) {
    var counts = new HashMap<String, Integer>();
    for (int i = 0; i < CALLS; i++) {
      counts.merge(keyed ? choose(handle, i) : choose(handle), 1, Integer::sum);
    }
    return counts;
  }

  @ParameterizedTest
  @EnumSource(Balance.class)
  void dealsOutByWeight(Balance balance) {
    var targets = targets(1, 2, 3, 4);
    var counts = counts(handle(balance, targets), balance.hashes());
    double square = 0;
    for (var target : targets) {
      double expected = CALLS * target.weight() / 10.0;
      double off = counts.getOrDefault(target.host(), 0) - expected;
      square += off * off / expected;
    }
    switch (balance) {
      case ROUND_ROBIN -> assertThat(square).isZero();
      case RANDOM -> assertThat(square).isLessThan(CHI_SQUARE_MAX);
      // Nothing is in flight here, so the heaviest looks best each time it is looked at.
      case LEAST_REQUESTS -> assertThat(counts).containsOnlyKeys("192.0.2.4");
      case LEAST_LATENCY, KERNEL_AWARE ->
          assertThat(counts.get("192.0.2.4")).isGreaterThan(counts.get("192.0.2.3"));
      case MAGLEV, SOURCE_HASH ->
          targets.forEach(target ->
              assertThat(counts.get(target.host()))
                  .isBetween(
                      (int) (CALLS * target.weight() / 10.0 * 0.93),
                      (int) (CALLS * target.weight() / 10.0 * 1.07)));
      case RING_HASH ->
          targets.forEach(target ->
              assertThat(counts.get(target.host()))
                  .isBetween(
                      (int) (CALLS * target.weight() / 10.0 * 0.8),
                      (int) (CALLS * target.weight() / 10.0 * 1.2)));
    }
  }

  @ParameterizedTest
  @EnumSource(Balance.class)
  void dealsOutEvenlyWhileAllAnswerAlike(Balance balance) {
    var share = new Simulation(handle(balance, targets(1, 1, 1, 1)), 400).run(20).shares();
    var bound =
        switch (balance) {
          case ROUND_ROBIN -> 0.001;
          case RANDOM, LEAST_REQUESTS -> 0.02;
          case LEAST_LATENCY, KERNEL_AWARE, MAGLEV, SOURCE_HASH -> 0.03;
          case RING_HASH -> 0.06;
        };
    assertThat(share).hasSize(4);
    for (double one : share) {
      assertThat(one).isBetween(0.25 - bound, 0.25 + bound);
    }
  }

  /// One of four answers in 100 ms instead of 10: who looks at load or latency sends it little.
  @ParameterizedTest
  @CsvSource({
    "ROUND_ROBIN, 0.24, 0.26",
    "RANDOM, 0.23, 0.27",
    "RING_HASH, 0.18, 0.32",
    "MAGLEV, 0.22, 0.28",
    "SOURCE_HASH, 0.22, 0.28",
    "LEAST_REQUESTS, 0.005, 0.15",
    "LEAST_LATENCY, 0.0001, 0.05",
    "KERNEL_AWARE, 0.0001, 0.05"
  })
  void sendsToOneThatSlowsDownTenTimes(Balance balance, double least, double most) {
    var simulation = new Simulation(handle(balance, targets(1, 1, 1, 1)), 400);
    simulation.run(5);
    simulation.serverMillis[0] = 100;
    assertThat(simulation.run(30).shares()[0]).isBetween(least, most);
  }

  /// The network to one of four got slow, the servers are alike: with the kernel's round trips the
  /// target keeps a share that is worth its distance, and it is told which of the two it is.
  @Test
  void tellsANetworkThatIsFarFromAServerThatIsSlow() {
    var simulation = new Simulation(handle(Balance.KERNEL_AWARE, targets(1, 1, 1, 1)), 400);
    simulation.roundTripMillis[0] = 30;
    simulation.serverMillis[1] = 40;
    simulation.run(10);
    var far = simulation.handle.endpoints()[0].speed();
    var slow = simulation.handle.endpoints()[1].speed();
    assertThat(far.serverMicros()).isBetween(9_000L, 14_000L);
    assertThat(far.roundTripMicros()).isBetween(29_000L, 31_000L);
    assertThat(slow.serverMicros()).isBetween(39_000L, 44_000L);
    assertThat(slow.roundTripMicros()).isLessThan(1_000);
  }

  /// What is resent is the network's fault, and its wait is not counted as the server's time.
  @Test
  void doesNotBlameAServerForSegmentsThatWereLost() {
    var handle = handle(Balance.KERNEL_AWARE, targets(1, 1));
    var lossy = handle.endpoints()[0];
    var facts = new ConnectionFacts();
    var before = new ConnectionMark();
    before.cookie = 9;
    facts.cookie = 9;
    facts.rttSamples = 5;
    facts.smoothedRttMicros = 200;
    facts.lastAckNanos = now;
    facts.packetsIn = 10;
    facts.packetsOut = 10;
    lossy.measured(facts, before, 5_000_000);
    facts.retransmitsOut = 2;
    lossy.measured(facts, before, 405_000_000);
    assertThat(lossy.speed().serverMicros()).isBetween(4_700L, 4_900L);
    assertThat(lossy.speed().loss(now)).isEqualTo(0.1);
    assertThat(lossy.costByKernel(now)).isGreaterThan(20e6);
  }

  @ParameterizedTest
  @CsvSource({"RING_HASH, 0.0", "MAGLEV, 0.05"})
  void movesFewKeysWhenATargetGoesOrComes(Balance balance, double others) {
    var ten = handle(balance, targets(1, 1, 1, 1, 1, 1, 1, 1, 1, 1));
    var nine = handle(balance, targets(1, 1, 1, 1, 1, 1, 1, 1, 1));
    int ofTheTenth = 0;
    int moved = 0;
    for (int key = 0; key < CALLS; key++) {
      var with = choose(ten, key);
      var without = choose(nine, key);
      if (with.equals("192.0.2.10")) {
        ofTheTenth++;
      } else if (!with.equals(without)) {
        moved++;
      }
    }
    assertThat((double) ofTheTenth / CALLS).isBetween(0.08, 0.12);
    assertThat((double) moved / CALLS).isLessThanOrEqualTo(others);
  }

  @ParameterizedTest
  @EnumSource(
      value = Balance.class,
      names = {"RING_HASH", "MAGLEV"})
  void movesNobodyElsesKeyWhenATargetIsSick(Balance balance) {
    var handle = handle(balance, targets(1, 1, 1, 1));
    var before = new ArrayList<String>();
    for (int key = 0; key < 2000; key++) {
      before.add(choose(handle, key));
    }
    handle.endpoints()[2].checked("status 503", now);
    var inherited = new HashMap<String, Integer>();
    for (int key = 0; key < 2000; key++) {
      var chosen = choose(handle, key);
      if (before.get(key).equals("192.0.2.3")) {
        inherited.merge(chosen, 1, Integer::sum);
      } else {
        assertThat(chosen).isEqualTo(before.get(key));
      }
    }
    assertThat(inherited).containsOnlyKeys("192.0.2.1", "192.0.2.2", "192.0.2.4");
  }

  @ParameterizedTest
  @EnumSource(Balance.class)
  void triesOthersAfterAFailure(Balance balance) {
    var handle = handle(balance, targets(1, 1, 1, 1));
    for (int i = 0; i < 200; i++) {
      pick.begin(random, now);
      pick.key(i);
      var met = new ArrayList<Endpoint>();
      for (int attempt = 0; attempt < 4; attempt++) {
        var chosen = handle.choose(pick);
        met.add(chosen);
        pick.tried(chosen);
      }
      assertThat(met).doesNotHaveDuplicates();
      assertThat(handle.choose(pick)).as("when all have been tried").isNotNull();
    }
  }

  @Test
  void asksEverybodyWhenTooFewAreHealthy() {
    var handle = handle(Balance.ROUND_ROBIN, targets(1, 1, 1, 1));
    for (int i = 0; i < 2; i++) {
      handle.endpoints()[i].checked("status 503", now);
    }
    assertThat(counts(handle, false)).containsOnlyKeys("192.0.2.3", "192.0.2.4");
    assertThat(handle.view(now).panic()).isFalse();
    handle.endpoints()[2].checked("status 503", now);
    assertThat(counts(handle, false)).hasSize(4);
    assertThat(handle.view(now).panic()).isTrue();
  }

  @Test
  void asksNobodyWithoutPanic() {
    var spread = new Spread(Spread.HashKey.CLIENT, null, Duration.ZERO, 0, null, 70);
    var handle = handle(Balance.ROUND_ROBIN, targets(1, 1), spread);
    handle.endpoints()[0].checked("no connection", now);
    assertThat(counts(handle, false)).containsOnlyKeys("192.0.2.2");
    handle.endpoints()[1].checked("no connection", now);
    assertThat(choose(handle)).isEqualTo("nobody");
  }

  /// The own zone has four targets; with two of them healthy it can take 50 / 70 of the calls.
  @Test
  void spillsToOtherZonesInProportion() {
    var targets = new ArrayList<Target>();
    for (int i = 1; i <= 4; i++) {
      targets.add(new Target("192.0.2." + i, 80, 1, false, "here", 0));
      targets.add(new Target("198.51.100." + i, 80, 1, false, "there", 0));
    }
    var spread = new Spread(Spread.HashKey.CLIENT, null, Duration.ZERO, 0, "here", 70);
    var handle = handle(Balance.RANDOM, targets, spread);
    assertThat(local(handle)).isEqualTo(1);
    handle.endpoints()[0].checked("sick", now);
    assertThat(local(handle)).as("75 %% are enough").isEqualTo(1);
    handle.endpoints()[2].checked("sick", now);
    assertThat(local(handle)).isBetween(0.70, 0.73);
    handle.endpoints()[4].checked("sick", now);
    handle.endpoints()[6].checked("sick", now);
    assertThat(local(handle)).isZero();
  }

  private double local(UpstreamHandle handle) {
    var counts = counts(handle, false);
    return counts.entrySet().stream()
            .filter(entry -> entry.getKey().startsWith("192.0.2."))
            .mapToInt(Map.Entry::getValue)
            .sum()
        / (double) CALLS;
  }

  @Test
  void asksALaterPriorityOnlyWhileTheFirstIsSick() {
    var targets =
        List.of(
            new Target("192.0.2.1", 80, 1, false, null, 0),
            new Target("192.0.2.2", 80, 1, false, null, 1));
    var handle = handle(Balance.LEAST_REQUESTS, targets);
    assertThat(counts(handle, false)).containsOnlyKeys("192.0.2.1");
    handle.endpoints()[0].checked("sick", now);
    assertThat(counts(handle, false)).containsOnlyKeys("192.0.2.2");
  }

  @ParameterizedTest
  @EnumSource(
      value = Balance.class,
      names = {"ROUND_ROBIN", "RANDOM", "MAGLEV"})
  void letsATargetThatCameBackStartSlowly(Balance balance) {
    var spread = new Spread(Spread.HashKey.CLIENT, null, Duration.ofSeconds(10), 50, null, 70);
    var handle = handle(balance, targets(1, 1), spread);
    var back = handle.endpoints()[1];
    back.checked("sick", now);
    back.checked(null, now);
    var half = new ArrayList<Double>();
    for (int second : new int[] {0, 2, 5, 10}) {
      now = 1_000_000_000L + second * 1_000_000_000L;
      var counts = counts(handle, balance.hashes());
      half.add(counts.getOrDefault("192.0.2.2", 0) / (double) CALLS);
    }
    // With the other one at full weight, w of weight takes w / (1 + w) of calls, or w / 2 of keys.
    assertThat(half.get(0)).isBetween(0.015, 0.07);
    assertThat(half.get(1)).isBetween(0.08, 0.19);
    assertThat(half.get(2)).isBetween(0.22, 0.36);
    assertThat(half.get(3)).isBetween(0.47, 0.53);
  }

  @Test
  void sendsNoCallsToADrainedTarget() {
    var handle = handle(Balance.ROUND_ROBIN, targets(1, 1));
    handle.endpoints()[0].drained(true);
    assertThat(counts(handle, false)).containsOnlyKeys("192.0.2.2");
    assertThat(handle.endpoints()[0].why(now)).isEqualTo("drained by an operator");
    handle.endpoints()[0].drained(false);
    assertThat(counts(handle, false)).hasSize(2);
  }

  @Test
  void keepsTheSameTableOverReloads() {
    var state = new UpstreamState("up", 1);
    var one = state.balancer(Balance.MAGLEV, targets(1, 1));
    assertThat(state.balancer(Balance.MAGLEV, targets(1, 1))).isSameAs(one);
    assertThat(state.balancer(Balance.MAGLEV, targets(1, 2))).isNotSameAs(one);
  }

  @Test
  void restsAtMostTheirShare() {
    var handle = handle(Balance.ROUND_ROBIN, targets(1, 1, 1, 1));
    for (var endpoint : handle.endpoints()) {
      handle.eject(endpoint, "test", now);
    }
    assertThat(handle.endpoints()).filteredOn(endpoint -> !endpoint.healthy(now)).hasSize(2);
    now += Duration.ofSeconds(11).toNanos();
    assertThat(counts(handle, false)).hasSize(4);
  }

  /// An open loop of calls at a fixed rate on a clock that is made up. A server takes its time,
  /// however many calls it has.
  private final class Simulation {
    private final UpstreamHandle handle;
    private final double perSecond;
    private final double[] serverMillis;
    private final double[] roundTripMillis;
    private final PriorityQueue<Answer> due = new PriorityQueue<>();
    private int[] calls;
    private long key;

    private record Answer(long at, int target, long took) implements Comparable<Answer> {
      @Override
      public int compareTo(Answer other) {
        return Long.compare(at, other.at);
      }
    }

    private Simulation(UpstreamHandle handle, double perSecond) {
      this.handle = handle;
      this.perSecond = perSecond;
      int n = handle.endpoints().length;
      serverMillis = new double[n];
      roundTripMillis = new double[n];
      calls = new int[n];
      java.util.Arrays.fill(serverMillis, 10);
      java.util.Arrays.fill(roundTripMillis, 0.1);
    }

    private Simulation run(int seconds) {
      calls = new int[calls.length];
      long until = now + seconds * 1_000_000_000L;
      while (now < until) {
        now += (long) (1e9 / perSecond);
        while (!due.isEmpty() && due.peek().at <= now) {
          answer(due.poll());
        }
        pick.begin(random, now);
        pick.key(key++);
        var chosen = handle.choose(pick);
        int target = java.util.Arrays.asList(handle.endpoints()).indexOf(chosen);
        calls[target]++;
        chosen.began();
        double millis = serverMillis[target] * (0.9 + 0.2 * random.nextDouble());
        long took = (long) ((millis + roundTripMillis[target]) * 1e6);
        due.add(new Answer(now + took, target, took));
      }
      return this;
    }

    private void answer(Answer answer) {
      var endpoint = handle.endpoints()[answer.target];
      endpoint.ended();
      endpoint.answered(answer.took, 200, answer.at);
      var facts = new ConnectionFacts();
      facts.cookie = 1;
      facts.rttSamples = 3;
      facts.smoothedRttMicros = (long) (roundTripMillis[answer.target] * 1000);
      facts.lastAckNanos = answer.at;
      facts.packetsIn = 10;
      facts.packetsOut = 10;
      var before = new ConnectionMark();
      before.cookie = 1;
      endpoint.measured(facts, before, answer.took);
    }

    private double[] shares() {
      double sum = java.util.Arrays.stream(calls).sum();
      return java.util.Arrays.stream(calls).mapToDouble(count -> count / sum).toArray();
    }
  }
}
