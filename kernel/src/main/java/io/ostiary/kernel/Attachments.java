package io.ostiary.kernel;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.shield.Carried;
import io.ostiary.kernel.shield.Shield;
import io.ostiary.model.KernelSettings.Interfaces;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where the shield is attached: interfaces come and go, change their names, and get a place above
/// or below others. Used by one thread at a time.
final class Attachments implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Attachments.class);
  private static final int RETRY_ROUNDS = 10;

  private final Shield shield;
  private final DeviceProbe probe;
  private final Takeover takeover;
  private final Map<Integer, Attachment> byIndex = new LinkedHashMap<>();

  /// Interfaces that rules name.
  private Set<String> named = Set.of();

  private volatile NetworkInterfaces.Chosen chosen =
      new NetworkInterfaces.Chosen(List.of(), List.of());
  private int rounds;

  Attachments(Shield shield, DeviceProbe probe, Takeover takeover) {
    this.shield = shield;
    this.probe = probe;
    this.takeover = takeover;
  }

  /// Which interfaces rules name, from now on.
  void name(Set<String> names) {
    named = names;
  }

  /// Attaches to what is wanted and new, and forgets what is gone or no longer wanted.
  void follow(Interfaces wanted) {
    var seen = NetworkInterfaces.choose(wanted);
    chosen = seen;
    var now =
        seen.found().stream()
            .collect(
                Collectors.toMap(NetworkInterfaces.Found::index, Function.identity(), (a, b) -> a));
    rounds++;
    carry(now.values()); // before any of them is left alone
    byIndex.entrySet().removeIf(entry -> !stays(entry, now.get(entry.getKey())));
    for (var found : now.values()) {
      byIndex.computeIfAbsent(found.index(), index -> attach(found));
    }
    carry(now.values());
  }

  /// What a macvlan gets comes in at its carrier as well, which leaves it to the macvlan, unless a
  /// rule names the carrier.
  private void carry(Collection<NetworkInterfaces.Found> wanted) {
    var carried = new HashSet<Carried>();
    for (var found : wanted) {
      var own = byIndex.get(found.index());
      if (found.macvlan().isEmpty() || own == null || !own.attached()) {
        continue;
      }
      wanted.stream()
          .filter(one -> one.name().equals(found.macvlan()) && !named.contains(one.name()))
          .forEach(one -> carried.add(new Carried(one.index(), found.address())));
    }
    try {
      shield.carry(carried);
    } catch (LibbpfException e) {
      LOG.warn("packets of macvlans are judged and counted twice: {}", e.getMessage());
    }
  }

  private boolean stays(
      Map.Entry<Integer, Attachment> entry, NetworkInterfaces.@Nullable Found now) {
    var attachment = entry.getValue();
    // What kept us off an interface may have gone.
    boolean worthAnotherTry = !attachment.attached() && rounds % RETRY_ROUNDS == 0;
    if (now == null || worthAnotherTry || !attachment.stands(now, named.contains(now.name()))) {
      attachment.close();
      return false;
    }
    if (!attachment.device().name().equals(now.name())) {
      LOG.info("{} is {} now", attachment.device().name(), now.name());
      entry.setValue(attachment.named(now.name()));
    }
    return true;
  }

  private Attachment attach(NetworkInterfaces.Found found) {
    for (var other : byIndex.values()) {
      if (other.attached() && Shield.collide(found.index(), other.device().index())) {
        return Attachment.refused(found, other.device());
      }
    }
    var attachment =
        takeover
            .take(shield, found, probe)
            .orElseGet(() -> Attachment.of(shield, found, probe, named.contains(found.name())));
    LOG.info("{}: {} {}", found.name(), attachment.mode(), attachment.why());
    return attachment;
  }

  Collection<Attachment> all() {
    return byIndex.values();
  }

  /// What was wanted and is there, a second ago at most. Any thread.
  NetworkInterfaces.Chosen chosen() {
    return chosen;
  }

  /// Names that are wanted and not there.
  List<String> missing() {
    return chosen.missing();
  }

  @Override
  public void close() {
    byIndex.values().forEach(Attachment::close);
    byIndex.clear();
  }
}
