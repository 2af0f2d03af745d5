package io.ostiary.gateway.exchange;

import io.ostiary.gateway.upstream.UpstreamHandle;
import io.ostiary.model.Split;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which upstream a call goes to: the API's own, or by a condition or a share another. Immutable.
final class Way {
  private static final int WHOLE = 10_000;

  private final UpstreamHandle own;
  private final Split.By by;
  private final Share[] shares;
  private final int seed;

  /// @param guard calls that it admits all go there; null: none
  /// @param consumers whose calls all go there, by id or name
  /// @param from the draws from here to before `to` go there
  record Share(
      UpstreamHandle upstream,
      @Nullable RouteGuard guard,
      Set<String> consumers,
      int from,
      int to) {
    private boolean takes(Call call) {
      var consumer = consumers.isEmpty() ? null : call.consumer();
      return (guard != null && guard.admits(call.requestHead(), call))
          || (consumer != null
              && (consumers.contains(consumer.id()) || consumers.contains(consumer.name())));
    }
  }

  /// @param seed such as the API's name, so that not always the same clients try what is new
  Way(UpstreamHandle own, Split.By by, List<Share> shares, String seed) {
    this.own = own;
    this.by = by;
    this.shares = shares.toArray(Share[]::new);
    this.seed = seed.hashCode();
  }

  /// Percents as draws.
  static int draws(double percent) {
    return (int) Math.round(percent * WHOLE / 100);
  }

  UpstreamHandle own() {
    return own;
  }

  UpstreamHandle choose(Call call) {
    return shares.length == 0 ? own : among(call);
  }

  private UpstreamHandle among(Call call) {
    for (var share : shares) {
      if (share.takes(call)) {
        return share.upstream;
      }
    }
    int draw = by == Split.By.CALL ? call.loop().random().nextInt(WHOLE) : steady(call);
    for (var share : shares) {
      if (draw >= share.from && draw < share.to) {
        return share.upstream;
      }
    }
    return own;
  }

  /// The same for all calls of one client or consumer.
  private int steady(Call call) {
    var consumer = by == Split.By.CONSUMER ? call.consumer() : null;
    int hash =
        consumer == null ? Arrays.hashCode(call.client().getAddress()) : consumer.id().hashCode();
    long mixed = (hash ^ (long) seed << 32) * 0x9E3779B97F4A7C15L;
    return (int) Long.remainderUnsigned(mixed ^ mixed >>> 32, WHOLE);
  }
}
