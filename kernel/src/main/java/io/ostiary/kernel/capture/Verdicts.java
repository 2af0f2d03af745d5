package io.ostiary.kernel.capture;

import io.ostiary.kernel.capture.CapturedPacket.Verdict;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// A verdict as pcap-ng tells it: in words, and in the option that names the kernel's own number.
final class Verdicts {
  static final String DROPPED = "dropped: ";
  static final String WOULD_DROP = "would be dropped (dry run): ";
  private static final byte TC = 1;
  private static final byte XDP = 2;
  private static final int XDP_DROP = 1;
  private static final int XDP_PASS = 2;
  private static final int TC_DROP = 2;
  private static final int TC_NEXT = -1;

  private Verdicts() {}

  /// What the packet's comments say; none where there is nothing to say.
  static List<String> comments(CapturedPacket packet, Recording.Words words, boolean before) {
    var comments = new ArrayList<String>();
    var text = new StringBuilder();
    if (packet.verdict() == Verdict.DROPPED) {
      text.append(DROPPED).append(words.reason(packet.reason()));
    } else if (packet.verdict() == Verdict.WOULD_DROP) {
      text.append(WOULD_DROP).append(words.reason(packet.reason()));
    } else if (packet.rule() != CapturedPacket.NO_RULE) {
      text.append("passed");
    }
    if (!text.isEmpty()) {
      if (packet.rule() != CapturedPacket.NO_RULE) {
        text.append(", ").append(words.rule(packet.rule()));
      }
      comments.add(text.toString());
    }
    if (packet.segments() > 1) {
      comments.add(packet.segments() + " segments of the wire in one");
    }
    if (before) {
      comments.add("from before the capture was asked for");
    }
    return comments;
  }

  /// Of what leaves there is no verdict.
  static byte[] option(CapturedPacket packet, boolean xdp) {
    if (packet.out()) {
      return new byte[0];
    }
    boolean dropped = packet.verdict() == Verdict.DROPPED;
    long action = xdp ? (dropped ? XDP_DROP : XDP_PASS) : dropped ? TC_DROP : TC_NEXT;
    return ByteBuffer.allocate(9)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(xdp ? XDP : TC)
        .putLong(action)
        .array();
  }
}
