package io.ostiary.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.ostiary.gateway.loop.Deadline;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.wire.Fields;
import io.ostiary.gateway.wire.ResponseHead;
import io.ostiary.model.ConnectionMark;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The client's side of a call that nobody waits for: its answer is what its filters keep of it. It
/// is a copy of another call at one of its filters, with its client, and lives on when that one and
/// its connection are gone. Confined to its event loop.
final class Renewal implements ClientSide, AnswerWire {
  private static final long TOTAL_NANOS = 60_000_000_000L;

  /// What the client asks of its own answer only.
  private static final List<HeaderName> CONDITIONS =
      List.of(
          HeaderName.of("If-None-Match"),
          HeaderName.of("If-Modified-Since"),
          HeaderName.of("If-Match"),
          HeaderName.of("If-Unmodified-Since"),
          HeaderName.of("If-Range"),
          HeaderName.of("Range"));

  private final ClientLink link;
  private final boolean http2;
  private final int number;
  private final ConnectionMark mark = new ConnectionMark();
  private final Deadline deadline = new Deadline(this::expired);
  private final Call call;
  private String timeoutReason = "";

  private Renewal(Call of) {
    link = of.clientSide().link();
    http2 = of.clientSide().http2();
    number = of.clientSide().requestNumber();
    call = new Call(of.loop());
  }

  /// A copy of this call, which has not begun to run; null: there is no room for it.
  static @Nullable Call begin(Call of, int loops) {
    if (!of.loop().renewalBegins()) {
      return null;
    }
    var renewal = new Renewal(of);
    renewal.call.begin(renewal, of.plan(), loops);
    if (!renewal.call.takeOver(of)) {
      renewal.call.withdraw();
      of.loop().renewalEnded();
      return null;
    }
    var fields = renewal.call.requestHead().fields();
    CONDITIONS.forEach(fields::remove);
    return renewal.call;
  }

  /// The limit of the whole call: its route's, or ours.
  static long totalNanos(RoutePlan route) {
    long own = route.bounds().totalNanos();
    return own > 0 ? Math.min(own, TOTAL_NANOS) : TOTAL_NANOS;
  }

  @Override
  public ClientLink link() {
    return link;
  }

  @Override
  public boolean http2() {
    return http2;
  }

  @Override
  public int requestNumber() {
    return number;
  }

  /// None of the connection's packets are this call's.
  @Override
  public long cookie() {
    return 0;
  }

  @Override
  public ConnectionMark mark() {
    return mark;
  }

  @Override
  public AnswerWire wire() {
    return this;
  }

  @Override
  public void timeout(long nanos, String reason) {
    timeoutReason = reason;
    loop().deadlines().set(deadline, loop().now() + nanos);
  }

  @Override
  public void noTimeout() {
    deadline.clear();
  }

  private void expired() {
    loop().refresh();
    call.timedOut(timeoutReason);
  }

  @Override
  public void bodyWanted() {}

  @Override
  public void endOutput() {}

  @Override
  public boolean draining() {
    return false;
  }

  @Override
  public void ended(Call over, boolean reuse) {
    loop().deadlines().remove(deadline);
    loop().renewalEnded();
    over.release();
  }

  // Nobody reads what is written.

  @Override
  public void interim(ResponseHead head, int keep) {}

  @Override
  public void interimContinue() {}

  @Override
  public boolean begin(
      Call of, ResponseHead head, int keep, long length, boolean content, boolean persistent) {
    return false;
  }

  @Override
  public void content(ByteBuf in, int start, int length) {}

  @Override
  public void end(@Nullable Fields trailers, int keep, ChannelFutureListener taken) {
    try {
      taken.operationComplete(link.channel().newSucceededFuture());
    } catch (Exception e) {
      throw new IllegalStateException("a call that nobody waits for cannot end", e);
    }
  }

  @Override
  public void flush() {}

  @Override
  public boolean writable() {
    return true;
  }

  @Override
  public long bytes() {
    return 0;
  }

  @Override
  public void drop() {}
}
