package io.ostiary.server;

import io.ostiary.model.Cidr;
import io.ostiary.model.Snapshot;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The addresses of all targets, which the kernel side never refuses. Names are asked for on a
/// thread of its own, again and again; a rule that must come into force waits for a new name a
/// second at most. Shared.
final class UpstreamAddresses implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(UpstreamAddresses.class);
  private static final Duration AGAIN = Duration.ofSeconds(30);
  private static final long NEW_NAME_MILLIS = 1000;

  private final ConcurrentHashMap<String, Set<Cidr>> known = new ConcurrentHashMap<>();
  private final Runnable changed;
  private final Thread thread;

  /// @param changed called when a name stands for other addresses than before
  UpstreamAddresses(Runnable changed) {
    this.changed = changed;
    thread = Thread.ofVirtual().name("kernel-names").start(this::askAgain);
  }

  Set<Cidr> of(Snapshot snapshot) {
    var found = new LinkedHashSet<Cidr>();
    var names = new HashSet<String>();
    for (var upstream : snapshot.upstreams()) {
      var discovered = upstream.discovery().dns();
      if (discovered != null) {
        names.add(discovered);
      }
      for (var target : upstream.targets()) {
        if (target.local()) {
          continue;
        }
        try {
          found.add(cidr(InetAddress.ofLiteral(target.host())));
        } catch (IllegalArgumentException e) {
          names.add(target.host());
        }
      }
    }
    known.keySet().retainAll(names);
    names.removeAll(known.keySet());
    ask(names);
    known.values().forEach(found::addAll);
    return found;
  }

  /// All names side by side; the slow ones are known later.
  private void ask(Set<String> names) {
    var answered = new CountDownLatch(names.size());
    for (var name : names) {
      Thread.ofVirtual()
          .start(() -> {
            known.put(name, addresses(name));
            answered.countDown();
          });
    }
    try {
      if (!answered.await(NEW_NAME_MILLIS, TimeUnit.MILLISECONDS)) {
        LOG.warn("name servers are slow: some upstreams are spared by the kernel rules later");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Set<Cidr> addresses(String name) {
    var found = new LinkedHashSet<Cidr>();
    try {
      for (var address : InetAddress.getAllByName(name)) {
        found.add(cidr(address));
      }
    } catch (UnknownHostException e) {
      LOG.warn("{} is not spared by the kernel rules: its name is not known", name);
    }
    return found;
  }

  private static Cidr cidr(InetAddress address) {
    return new Cidr(address, address.getAddress().length * Byte.SIZE);
  }

  private void askAgain() {
    try {
      while (true) {
        Thread.sleep(AGAIN);
        boolean any = false;
        for (var name : known.keySet()) {
          var now = addresses(name);
          // A name server that fails takes nobody off the list.
          any |= !now.isEmpty() && !now.equals(known.replace(name, now));
        }
        if (any) {
          changed.run();
        }
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
