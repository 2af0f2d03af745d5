package io.ostiary.server;

import io.ostiary.control.Control;
import io.ostiary.gateway.Gateway;
import io.ostiary.gateway.HandOver;
import io.ostiary.insight.Insight;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How a process goes when another takes its place (`docs/operating.md`). First it lets go of all
/// that only one may have, while its event loops accept and serve on under the plan they have; and
/// of the listening sockets once the other one accepts. If that one fails, we go on serving.
///
/// Its steps run on a thread of their own for each process that asks; [Ostiary] has the lock.
final class Departure implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Departure.class);

  /// So long the next process may take from the descriptors to its first accept.
  private static final long ACCEPTS_SECONDS = 90;

  private final Ostiary ostiary;
  private final Parts parts;
  private final Progress progress;
  private long readBefore;
  private volatile boolean served;

  /// What is left in a certain order.
  record Parts(
      Gateway gateway,
      Insight insight,
      KernelSide kernel,
      Control control,
      BanDesk bans,
      ConfigFile config,
      DataFolder data) {}

  Departure(Ostiary ostiary, Parts parts, Progress progress) {
    this.ostiary = ostiary;
    this.parts = parts;
    this.progress = progress;
  }

  /// A next process has our sockets.
  void begin(HandOver.Next next) {
    Thread.ofVirtual().name("departure").start(() -> leave(next));
  }

  private void leave(HandOver.Next next) {
    if (!ostiary.makeWay(this)) {
      return;
    }
    if (!next.accepts().completeOnTimeout(false, ACCEPTS_SECONDS, TimeUnit.SECONDS).join()) {
      progress.say(
          "the next process has not come to accept: this one serves on, without console, history"
              + " and kernel rules. Start another with --take-over");
      return;
    }
    var limit = ostiary.drainLimit();
    progress.say(
        "the next process accepts; %d connections have %d s to end here",
        parts.gateway.gauges().open(), limit.toSeconds());
    parts.gateway.leave(limit);
    served = true;
    ostiary.left();
  }

  /// The data folder last, since the next process waits for it.
  ///
  /// @param demo the service behind the demo, whose port the next process needs
  void letGo(Ostiary.Ending demo) {
    progress.say("another process takes over");
    quietly("the configuration", parts.config::close);
    quietly("the bans", parts.bans::close);
    quietly("the control plane", parts.control::close);
    quietly("the demo", demo);
    quietly("the history", () -> readBefore = parts.insight.leaveHistory());
    quietly(
        "the kernel side",
        () -> {
          var why = parts.kernel.leave();
          progress.say("%s", why.isEmpty() ? "the kernel programs wait for the next process" : why);
        });
    quietly("the data folder", parts.data::close);
  }

  private static void quietly(String what, Ostiary.Ending part) {
    try {
      part.run();
    } catch (Exception e) {
      LOG.error("{} did not end well", what, e);
    }
  }

  /// Ends what was not let go of.
  @Override
  public void close() {
    if (served) {
      parts.gateway.close();
    } else {
      ostiary.end(parts.gateway);
    }
    parts.insight.close();
    progress.say(
        "%d calls ended here after the hand-over: they are in no history",
        parts.insight.read() - readBefore);
    parts.kernel.close();
  }
}
