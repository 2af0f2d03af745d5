package io.ostiary.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.control.BanBook;
import io.ostiary.control.OwnAddresses;
import io.ostiary.control.Publication;
import io.ostiary.control.records.StorageException;
import io.ostiary.model.Ban;
import io.ostiary.model.Ban.Action;
import io.ostiary.model.Ban.Place;
import io.ostiary.model.BanCase;
import io.ostiary.model.CallId;
import io.ostiary.model.Cidr;
import io.ostiary.model.GatewaySettings;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.Listener;
import io.ostiary.model.Snapshot;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BanDeskTest {
  private final Book book = new Book();
  private final List<Ban> enforced = new CopyOnWriteArrayList<>();
  private final List<Ban> rehearsed = new CopyOnWriteArrayList<>();
  private final List<Ban> lifted = new CopyOnWriteArrayList<>();
  private final BanDesk desk =
      new BanDesk(
          new OwnAddresses(() ->
              List.of(
                  new OwnAddresses.Own(InetAddress.ofLiteral("192.0.2.1"), "eth0"),
                  new OwnAddresses.Own(InetAddress.ofLiteral("2001:db8:1::1"), "eth0"))));

  /// Keeps in memory what the database would.
  private static final class Book implements BanBook {
    final List<Ban> kept = new CopyOnWriteArrayList<>();
    final List<String> spared = new CopyOnWriteArrayList<>();
    final List<Ban> before = new ArrayList<>();
    volatile Instant now = Instant.parse("2026-11-24T00:00:00Z");
    volatile @Nullable Snapshot running = snapshot(List.of());
    volatile int failures;
    int id;

    @Override
    public Instant now() {
      return now;
    }

    @Override
    public synchronized String nextId(Instant at) {
      return "b_" + id++;
    }

    @Override
    public @Nullable Snapshot running() {
      return running;
    }

    @Override
    public void keep(List<Ban> bans) {
      if (failures > 0) {
        failures--;
        throw StorageException.of(new java.io.IOException("the disk is full"));
      }
      kept.addAll(bans);
    }

    @Override
    public void spared(Cidr block, String by, String reason, String why, List<Long> calls) {
      spared.add(why);
    }

    @Override
    public List<Ban> since(String by, Instant since, int limit) {
      return before;
    }
  }

  private static Snapshot snapshot(List<Ban> bans) {
    var base = GatewaySettings.DEFAULT;
    return new Snapshot(
        1,
        Instant.EPOCH,
        base.withTrustedProxies(List.of(Cidr.parse("198.18.5.0/24"))),
        List.of(new Listener("127.0.0.1", 8080)),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        KernelSettings.OFF,
        bans);
  }

  private void open() {
    desk.open(
        new Publication() {
          @Override
          public List<Problem> publish(Snapshot snapshot) {
            return List.of();
          }

          @Override
          public void ban(List<Ban> bans) {
            bans.forEach(ban -> (isRehearsed(ban) ? rehearsed : enforced).add(ban));
          }

          @Override
          public void unban(Ban ban) {
            lifted.add(ban);
          }
        },
        book);
  }

  private static boolean isRehearsed(Ban ban) {
    return ban.reason().equals("rehearsed");
  }

  @AfterEach
  void close() {
    desk.close();
  }

  private static BanCase of(String client, boolean direct) {
    return new BanCase(
        InetAddress.ofLiteral(client),
        direct,
        "unauthorized: too many",
        List.of(1L, 2L),
        "ban",
        new Action.Deny(),
        Duration.ofMinutes(10),
        Duration.ofMinutes(30),
        System.nanoTime());
  }

  private static void await(BooleanSupplier condition) {
    Until.holds("the desk", Duration.ofSeconds(5), condition);
  }

  private Ban decided(String client, int count) {
    assertThat(desk.offer(of(client, true))).isTrue();
    await(() -> enforced.size() == count && book.kept.size() == count);
    return enforced.getLast();
  }

  /// A snapshot with or without the ban came into force.
  private void publish(Ban... bans) {
    book.running = snapshot(List.of(bans));
  }

  @Test
  void aCaseBecomesABanWithItsEvidence() {
    open();
    var ban = decided("203.0.113.7", 1);
    assertThat(ban.source()).isEqualTo(Cidr.parse("203.0.113.7/32"));
    assertThat(ban.calls()).containsExactly(CallId.text(1), CallId.text(2));
    assertThat(ban.until()).isEqualTo(book.now.plus(Duration.ofMinutes(10)));
    assertThat(ban.by()).isEqualTo("ban");
    assertThat(ban.place()).isEqualTo(Place.KERNEL);
    assertThat(book.kept).containsExactly(ban);
  }

  @Test
  void clientsBehindProxiesAreLeftToTheGatewayAndNetworksOfIpv6AreOne() {
    open();
    desk.offer(of("203.0.113.7", false));
    desk.offer(of("2001:db8::7", true));
    desk.offer(of("2001:db8::8", true));
    await(() -> book.kept.size() == 2);
    assertThat(enforced.get(0).place()).isEqualTo(Place.GATEWAY);
    assertThat(enforced.get(1).source()).isEqualTo(Cidr.parse("2001:db8::/64"));
  }

  @Test
  void aTrustedProxyIsSparedAndItIsSaidOnce() {
    open();
    desk.offer(of("198.18.5.9", true));
    desk.offer(of("198.18.5.9", true));
    desk.offer(of("127.0.0.1", true));
    decided("203.0.113.7", 1);
    await(() -> book.spared.size() >= 2);
    assertThat(book.spared).hasSize(2);
    assertThat(book.spared.getFirst()).contains("trusted proxy").contains("never banned");
  }

  @Test
  void rehearsesTheFirstBanAndLeavesNothingOfIt() {
    open();
    desk.served();
    await(() -> lifted.size() >= 4);
    assertThat(lifted).allMatch(BanDeskTest::isRehearsed).allMatch(rehearsed::contains);
    assertThat(lifted.stream().map(Ban::source))
        .contains(Cidr.parse("255.255.255.255"), Cidr.parse("100::/64"));
    decided("203.0.113.7", 1);
    await(() -> lifted.size() == rehearsed.size());
    assertThat(book.kept).hasSize(1);
  }

  @Test
  void thisHostIsSparedAndANeighbourInItsNetworkIsNot() {
    open();
    desk.offer(of("192.0.2.1", true));
    desk.offer(of("2001:db8:1::1", true));
    desk.offer(of("2001:db8:1::2", true));
    await(() -> book.spared.size() == 2 && book.kept.size() == 1);
    assertThat(book.spared.get(0))
        .isEqualTo(
            "192.0.2.1/32 holds 192.0.2.1, an address of this host (eth0); it is never banned");
    assertThat(book.spared.get(1)).contains("2001:db8:1::1, an address of this host");
    assertThat(enforced.getFirst().source()).isEqualTo(Cidr.parse("2001:db8:1::2/128"));
  }

  @Test
  void repeatOffendersAreBannedTwiceAsLongUpToAMaximum() {
    open();
    var times = new ArrayList<Long>();
    for (int i = 1; i <= 4; i++) {
      var ban = decided("203.0.113.7", i);
      times.add(Duration.between(ban.since(), ban.until()).toMinutes());
      book.now = ban.until().plusSeconds(1);
    }
    assertThat(times).containsExactly(10L, 20L, 30L, 30L);
    assertThat(enforced.getLast().reason()).endsWith("offended before, 3 times");
    book.now = book.now.plus(Duration.ofDays(2));
    assertThat(decided("203.0.113.7", 5).until()).isEqualTo(book.now.plus(Duration.ofMinutes(10)));
  }

  @Test
  void whoWasBannedBeforeARestartIsKnown() {
    var end = book.now.minusSeconds(60);
    book.before.add(
        new Ban(
            "b_old", Cidr.parse("203.0.113.7"), "x", List.of(), end.minusSeconds(600), end, "ban"));
    open();
    assertThat(decided("203.0.113.7", 1).until()).isEqualTo(book.now.plus(Duration.ofMinutes(20)));
  }

  @Test
  void aLiftedBanWasNone() {
    open();
    var ban = decided("203.0.113.7", 1);
    publish(ban);
    desk.offer(of("203.0.113.7", true));
    var other = decided("203.0.113.8", 2);
    publish(other);
    var again = decided("203.0.113.7", 3);
    assertThat(again.reason()).doesNotContain("before");
    assertThat(again.until()).isEqualTo(book.now.plus(Duration.ofMinutes(10)));
  }

  @Test
  void whatCannotBeStoredIsInForceAndStoredLater() {
    book.failures = 1;
    open();
    desk.offer(of("203.0.113.7", true));
    await(() -> enforced.size() == 1);
    // A second time is no second ban, though no snapshot has the first one yet.
    desk.offer(of("203.0.113.7", true));
    await(() -> book.kept.size() == 1);
    assertThat(enforced).hasSize(1);
  }

  @Test
  void whatThereIsNoRoomForIsCounted() {
    int taken = 0;
    for (int i = 0; i < 5000; i++) {
      taken += desk.offer(of("203.0.113.7", true)) ? 1 : 0;
    }
    assertThat(taken).isEqualTo(4096);
    assertThat(desk.lost()).isEqualTo(5000 - 4096);
  }
}
