package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Outliers;
import io.ostiary.model.Retries;
import io.ostiary.model.Retries.On;
import io.ostiary.model.Target;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// One of four targets goes wrong under load: clients of GET do not notice, no POST is sent twice,
/// and the target is out soon.
class FailingTargetTest {
  enum Fault {
    /// Hangs up on each request.
    KILLED,
    /// Takes requests and never answers.
    HUNG,
    SLOW,
    /// Hangs up in the middle of a head.
    RESETTING,
    GARBAGE
  }

  private static final int CLIENTS = 12;
  private static final long SICK_MILLIS = 1500;

  private final AtomicBoolean sick = new AtomicBoolean();
  private final ConcurrentHashMap<String, AtomicInteger> posts = new ConcurrentHashMap<>();
  private final LongAdder requests = new LongAdder();

  private boolean answer(FakeUpstream.Talk talk, Fault fault) throws IOException {
    talk.body();
    requests.increment();
    if (talk.head().startsWith("POST")) {
      posts.computeIfAbsent(talk.target(), _ -> new AtomicInteger()).incrementAndGet();
    }
    if (fault == null || !sick.get()) {
      return talk.ok(talk.target());
    }
    return switch (fault) {
      case KILLED -> false;
      case HUNG -> {
        sleep(5000);
        yield false;
      }
      case SLOW -> {
        sleep(1000);
        yield talk.ok(talk.target());
      }
      case RESETTING -> {
        talk.send("HTTP/1.1 200 OK\r\nConte");
        yield false;
      }
      case GARBAGE -> {
        talk.send("\u0000\u0001 this is no answer\r\n\r\n");
        yield false;
      }
    };
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void isNotNoticedByClientsOfGet(Fault fault) throws Exception {
    try (var bad = FakeUpstream.of(talk -> answer(talk, fault));
        var one = FakeUpstream.of(talk -> answer(talk, null));
        var two = FakeUpstream.of(talk -> answer(talk, null));
        var three = FakeUpstream.of(talk -> answer(talk, null));
        var kit = new Kit(targets(bad, one, two, three));
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      kit.retries =
          new Retries(
              3,
              Set.of(On.CONNECT, On.RESET, On.TIMEOUT, On.MALFORMED),
              Set.of(),
              Set.of(),
              Set.of(),
              Duration.ofMillis(500),
              Duration.ofMillis(5),
              Duration.ofMillis(50),
              20,
              // All clients may be waiting at the sick target when their time is over.
              CLIENTS,
              Duration.ZERO,
              Retries.Hedge.NONE);
      kit.outliers = Outliers.DEFAULT;
      kit.publish();
      var end = new AtomicBoolean();
      var gets = new LongAdder();
      var postsSent = new LongAdder();
      var failed = new ConcurrentHashMap<String, LongAdder>();
      for (int c = 0; c < CLIENTS; c++) {
        int client = c;
        threads.submit(() -> {
          for (int i = 0; !end.get(); i++) {
            boolean post = i % 8 == 7;
            var target = "/" + client + "/" + i;
            var answer =
                kit.ask(
                    (post ? "POST " : "GET ")
                        + target
                        + " HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
            (post ? postsSent : gets).increment();
            if (!post && !answer.startsWith("HTTP/1.1 200")) {
              failed
                  .computeIfAbsent(
                      answer.lines().findFirst().orElse("nothing"), _ -> new LongAdder())
                  .increment();
            }
            // A pause keeps the load below what this machine can take.
            sleep(2);
          }
        });
      }
      sleep(300);
      long before = requests.sum();
      long callsBefore = gets.sum() + postsSent.sum();
      sick.set(true);
      long out = firstEjection(kit);
      sleep(SICK_MILLIS);
      long extra = requests.sum() - before - (gets.sum() + postsSent.sum() - callsBefore);
      long calls = gets.sum() + postsSent.sum() - callsBefore;
      sick.set(false);
      end.set(true);
      threads.shutdown();
      assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();

      assertThat(failed).as("failed of %d GETs", gets.sum()).isEmpty();
      assertThat(gets.sum()).isGreaterThan(200);
      assertThat(posts.values()).allSatisfy(times -> assertThat(times.get()).isEqualTo(1));
      assertThat(out).as("ms until it was out").isLessThan(3000);
      assertThat(extra).as("repeats of %d calls", calls).isLessThanOrEqualTo(calls / 5 + CLIENTS);
    }
  }

  private static long firstEjection(Kit kit) {
    long began = System.nanoTime();
    while (kit.gateway.upstreams().getFirst().healthy()
        && System.nanoTime() - began < 3_000_000_000L) {
      sleep(5);
    }
    return (System.nanoTime() - began) / 1_000_000;
  }

  private static List<Target> targets(FakeUpstream... upstreams) {
    var targets = new ArrayList<Target>();
    for (var upstream : upstreams) {
      targets.add(new Target("127.0.0.1", upstream.port(), 1));
    }
    return targets;
  }
}
