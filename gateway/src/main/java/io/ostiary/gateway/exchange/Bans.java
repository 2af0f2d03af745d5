package io.ostiary.gateway.exchange;

import io.ostiary.model.Ban;
import io.ostiary.model.Cidr;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/// The sources that are refused, each until its own end: no new plan is needed for a ban to pass.
/// Immutable.
public final class Bans {
  private final Map<Cidr, Long> until = new HashMap<>();
  private final AddressSet sources;

  public Bans(Collection<Ban> all) {
    for (var ban : all) {
      until.merge(ban.source(), ban.until().toEpochMilli(), Math::max);
    }
    sources = new AddressSet(until.keySet());
  }

  public boolean isEmpty() {
    return sources.isEmpty();
  }

  public boolean contains(byte[] address, long wallMillis) {
    return sources.contains(address, source -> until.getOrDefault(source, 0L) > wallMillis);
  }
}
