package io.ostiary.gateway.exchange;

import io.ostiary.gateway.loop.Deadline;
import io.ostiary.model.Ending;

/// The limit of a call's whole time, from the first byte of its request, where its route has one.
/// When it is over, whoever we wait for then is to blame. Reused with its call; confined to its
/// event loop.
final class TotalTime {
  private static final String REASON = "total-timeout";
  private static final Ending CLIENT = new Ending.ClientFailed(REASON);

  private final Call call;
  private final Deadline deadline = new Deadline(this::expired);

  TotalTime(Call call) {
    this.call = call;
  }

  /// The route is found.
  void begin(long nanos) {
    if (nanos > 0) {
      call.loop().deadlines().set(deadline, call.times().firstByteNanos + nanos);
    }
  }

  void end() {
    if (deadline.set()) {
      deadline.clear();
    }
  }

  private void expired() {
    call.loop().refresh();
    if (call.filterRun().waiting()) {
      call.timedOut("policy-timeout");
    } else if (call.answer().written() || !call.answer().clientKeepsUp()) {
      call.abort(CLIENT);
    } else if (!call.answer().begun() && call.takesContent()) {
      call.refuse(Problems.CLIENT_TIMEOUT, REASON);
    } else {
      call.upstreamFailed(REASON);
    }
  }
}
