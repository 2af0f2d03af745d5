package io.ostiary.gateway.exchange;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Mirror;
import io.ostiary.gateway.upstream.Pick;
import io.ostiary.gateway.upstream.UpstreamHandle;
import org.jspecify.annotations.Nullable;

/// A mirror of one plan. Immutable; the counts live longer.
///
/// @param bodyBytesMax of a call that is copied
/// @param copiesMax under way at once, for this upstream
record Mirroring(UpstreamHandle to, int bodyBytesMax, int copiesMax, MirrorCounts counts)
    implements Mirror {
  @Override
  public @Nullable Copy begin(Exchange exchange) {
    if (!(exchange instanceof Call call)) {
      throw new IllegalArgumentException("exchange: not of this gateway (expected: its own)");
    }
    if (call.requestHead().contentLength() > bodyBytesMax) {
      counts.tooLong.increment();
      return null;
    }
    if (counts.underWay.incrementAndGet() > copiesMax) {
      counts.underWay.decrementAndGet();
      counts.tooMany.increment();
      return null;
    }
    var pick = new Pick();
    pick.begin(call.loop().random(), call.loop().now());
    Keys.tell(pick, call, to);
    var chosen = to.choose(pick);
    if (chosen == null) {
      counts.underWay.decrementAndGet();
      counts.failed.increment();
      return null;
    }
    return new MirrorCopy(this, chosen, call);
  }
}
