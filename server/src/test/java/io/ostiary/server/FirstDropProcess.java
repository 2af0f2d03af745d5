package io.ostiary.server;

import io.ostiary.control.BanBook;
import io.ostiary.control.OwnAddresses;
import io.ostiary.control.Publication;
import io.ostiary.kernel.Kernel;
import io.ostiary.kernel.shield.BanAction;
import io.ostiary.model.Ban;
import io.ostiary.model.Ban.Action;
import io.ostiary.model.BanCase;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.KernelSettings.Interfaces;
import io.ostiary.model.Snapshot;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Measures how long packets of a source still come through once it was decided that it is banned:
/// from the offer of a case, as an event loop makes it, to when the last packet was sent that
/// reaches a socket; and to when the ban stands in the kernel. A program of its own, for a
/// namespace with a `PacketSender`.
///
/// When a packet is read says less: the reader may have waited for a processor.
public final class FirstDropProcess {
  private static final int QUIET_MILLIS = 10;

  /// Who bans in the first second of a process pays for what it begins with.
  private static final int SETTLED_MILLIS = Integer.getInteger("ostiary.settled-millis", 2000);

  private final Kernel kernel;
  private final Cidr source;
  private final AtomicInteger kept = new AtomicInteger();
  private volatile long lastArrival;
  private volatile long lastSent;
  private volatile long inForce;

  private FirstDropProcess(Kernel kernel, Cidr source) {
    this.kernel = kernel;
    this.source = source;
  }

  /// @param args address to listen at, source of the packets, rounds
  public static void main(String[] args) throws Exception {
    switch (Kernel.open()) {
      case Kernel.Opened.Unavailable(var sentence) -> {
        System.out.println(sentence);
        System.exit(1);
      }
      case Kernel.Opened.Running(var kernel) -> {
        var settings = new KernelSettings(new Interfaces.Auto(), false, List.of(), List.of());
        System.out.println(kernel.apply(settings, List.of(), Set.of()));
        try (kernel) {
          var source = Cidr.parse(args[1]);
          new FirstDropProcess(kernel, source).measure(args[0], Integer.parseInt(args[2]));
        }
      }
    }
    System.exit(0);
  }

  private void measure(String address, int rounds) throws Exception {
    var channel = DatagramChannel.open();
    channel.bind(new InetSocketAddress(InetAddress.ofLiteral(address), 9));
    Thread.ofPlatform().daemon(true).start(() -> receive(channel));
    var last = new ArrayList<Long>();
    var stands = new ArrayList<Long>();
    try (var desk = new BanDesk(new OwnAddresses())) {
      desk.open(publication(), book());
      desk.served();
      Thread.sleep(SETTLED_MILLIS);
      for (int i = 0; i < rounds; i++) {
        await(() -> System.nanoTime() - lastArrival < 1_000_000 && lastArrival != 0);
        long decided = System.nanoTime();
        desk.offer(
            new BanCase(
                source.address(),
                true,
                "measured",
                List.of(),
                "ban",
                new Action.Deny(),
                Duration.ofMinutes(1),
                Duration.ofMinutes(1),
                decided));
        await(() -> System.nanoTime() - lastArrival > QUIET_MILLIS * 1_000_000L);
        last.add(Math.max(0, lastSent - decided) / 1000);
        stands.add((inForce - decided) / 1000);
        int recorded = i + 1;
        await(() -> kept.get() == recorded);
        kernel.unban(source);
      }
    }
    if (System.getenv("EACH_ROUND") != null) {
      System.out.println(last + "\n" + stands);
    }
    System.out.printf(
        "the first ban of the process: in the kernel after %d us, first drop after %d us%n",
        stands.removeFirst(), last.removeFirst());
    told("in the kernel after the decision", stands);
    told("first drop after the decision", last);
  }

  private static void told(String what, List<Long> micros) {
    Collections.sort(micros);
    int rounds = micros.size();
    System.out.printf(
        "%s, %d rounds: p50 %d us, p99 %d us, max %d us%n",
        what,
        rounds,
        micros.get(rounds / 2),
        micros.get(Math.ceilDiv(rounds * 99, 100) - 1),
        micros.getLast());
  }

  private void receive(DatagramChannel channel) {
    var packet = ByteBuffer.allocateDirect(64);
    try {
      // A connected socket tells no sender, and so leaves nothing for the garbage collector.
      channel.connect(channel.receive(packet.clear()));
      while (true) {
        channel.read(packet.clear());
        lastSent = packet.getLong(0);
        lastArrival = System.nanoTime();
      }
    } catch (IOException e) {
      System.out.println(e);
    }
  }

  private static void await(BooleanSupplier condition) {
    Until.holds("packets to come, or to cease", Duration.ofSeconds(15), condition);
  }

  private Publication publication() {
    return new Publication() {
      @Override
      public List<Problem> publish(Snapshot snapshot) {
        return List.of();
      }

      @Override
      public void ban(List<Ban> bans) {
        for (var ban : bans) {
          kernel.ban(
              ban.source(), Duration.between(ban.since(), ban.until()), BanAction.of(ban.action()));
        }
        inForce = System.nanoTime();
      }

      @Override
      public void unban(Ban ban) {
        kernel.unban(ban.source());
      }
    };
  }

  private BanBook book() {
    return new BanBook() {
      @Override
      public Instant now() {
        return Instant.now();
      }

      @Override
      public String nextId(Instant now) {
        return "b_" + kept.get();
      }

      @Override
      public @Nullable Snapshot running() {
        return null;
      }

      @Override
      public void keep(List<Ban> bans) {
        kept.addAndGet(bans.size());
      }

      @Override
      public void spared(Cidr block, String by, String reason, String why, List<Long> calls) {
        System.out.println(why);
      }

      @Override
      public List<Ban> since(String by, Instant since, int limit) {
        return List.of();
      }
    };
  }
}
