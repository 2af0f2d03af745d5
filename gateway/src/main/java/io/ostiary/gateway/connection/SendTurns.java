package io.ostiary.gateway.connection;

import io.netty.channel.Channel;
import java.util.ArrayDeque;

/// Who may send on one connection: its window, and the streams that wait for it or for their own,
/// each of which sends one frame when its turn comes. Confined to its event loop.
final class SendTurns {
  private final Channel channel;
  private final ArrayDeque<StreamAnswer> waiting = new ArrayDeque<>();
  private int window;

  SendTurns(Channel channel, int window) {
    this.channel = channel;
    this.window = window;
  }

  /// What may be sent on the connection now.
  int window() {
    return window;
  }

  void sent(int length) {
    window -= length;
  }

  /// @return false: more than a window may be
  boolean moreWindow(int more) {
    long wider = (long) window + more;
    window = (int) Math.min(wider, Integer.MAX_VALUE);
    return wider <= Integer.MAX_VALUE;
  }

  void waits(StreamAnswer one) {
    if (!waiting.contains(one)) {
      waiting.addLast(one);
    }
  }

  void remove(StreamAnswer one) {
    waiting.remove(one);
  }

  /// Lets all send in turn, as far as the windows and the socket let them.
  void resume() {
    boolean more = !waiting.isEmpty();
    while (more && channel.isWritable() && window > 0) {
      int turns = waiting.size();
      more = false;
      for (int i = 0; i < turns && !waiting.isEmpty(); i++) {
        var one = waiting.removeFirst();
        if (one.resume()) {
          waits(one);
          more |= one.sendable();
        }
      }
    }
  }
}
