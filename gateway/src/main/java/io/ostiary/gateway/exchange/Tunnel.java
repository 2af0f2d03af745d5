package io.ostiary.gateway.exchange;

import io.netty.channel.ChannelFuture;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.wire.Bytes;
import io.ostiary.gateway.wire.ResponseHead;
import io.ostiary.model.Ending;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What becomes of a call whose client asked to change the protocol (RFC 9110 section 7.8), such as
/// to WebSocket, and whose upstream agreed: bytes go both ways and are understood by nobody.
///
/// It opens only when it was asked for, where the route allows it, and when the upstream's 101
/// names the protocol that was offered to it. Until then the client's further bytes are not read:
/// what they mean is not known. To an upstream over HTTP/2 the same is an extended CONNECT (RFC
/// 8441), whose stream is the tunnel; what its upstream says looks here like a 101. Each side may
/// end its direction alone; the call is over when both have been told of the other's end, when
/// nothing has come for too long, or when a connection is gone. Reused with its call; confined to
/// its event loop.
final class Tunnel {
  private static final Ending OVER = new Ending.Answered(101);
  private static final HeaderName KEY = HeaderName.of("Sec-WebSocket-Key");
  private static final HeaderName ACCEPT = HeaderName.of("Sec-WebSocket-Accept");
  private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

  private final Call call;
  private byte @Nullable [] offered;
  private boolean open;
  private boolean wasOpen;
  private boolean clientEnded;
  private boolean upstreamEnded;
  private boolean clientTold;
  private boolean upstreamTold;

  Tunnel(Call call) {
    this.call = call;
  }

  void begin() {
    offered = null;
    open = false;
    wasOpen = false;
    clientEnded = false;
    upstreamEnded = false;
    clientTold = false;
    upstreamTold = false;
  }

  /// The request goes upstream: chooses what of the client's offer goes with it.
  void choose() {
    int field = call.requestHead().upgradeField();
    offered = field < 0 ? null : first(field, call.routed().upgrade().protocols());
  }

  private byte @Nullable [] first(int field, List<String> allowed) {
    var fields = call.requestHead().fields();
    int end = fields.valueEnd(field);
    int start = fields.valueStart(field);
    while (start < end) {
      int comma = start;
      while (comma < end && fields.bytes()[comma] != ',') {
        comma++;
      }
      var one = Bytes.text(fields.bytes(), start, comma).strip();
      for (var protocol : allowed) {
        if (protocol.equalsIgnoreCase(one)) {
          return Bytes.of(protocol);
        }
      }
      start = comma + 1;
    }
    return null;
  }

  /// The protocol that the upstream is offered; null: none.
  byte @Nullable [] offered() {
    return offered;
  }

  /// Whether the upstream's 101 is what it was asked for.
  boolean accepts(ResponseHead head) {
    var wanted = offered;
    int field = head.upgradeField();
    return wanted != null
        && field >= 0
        && Bytes.equalsFolded(
            head.fields().bytes(),
            head.fields().valueStart(field),
            head.fields().valueEnd(field),
            wanted);
  }

  /// Over HTTP/2 an upstream proves nothing (RFC 8441 section 5): a client of HTTP/1.1 still wants
  /// the proof that its key was read by somebody who knows WebSocket (RFC 6455 section 4.2.2).
  void prove(ResponseHead head) {
    var key = call.requestHead().fields().first(KEY);
    if (key != null && head.status() == 101 && !head.fields().has(ACCEPT)) {
      head.fields().add(ACCEPT, proof(key));
    }
  }

  private static String proof(String key) {
    try {
      var hash = MessageDigest.getInstance("SHA-1").digest(Bytes.of(key.strip() + GUID));
      return Base64.getEncoder().encodeToString(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-1", e);
    }
  }

  boolean open() {
    return open;
  }

  /// Also when it is over.
  boolean wasOpen() {
    return wasOpen;
  }

  /// The client has been told: from now on its bytes go through.
  void opened() {
    open = true;
    wasOpen = true;
    call.clientSide().noTimeout();
    call.attempts().tunnelOpened();
    call.requestBody().tunnel();
  }

  long idleNanos() {
    return call.routed().upgrade().idle().toNanos();
  }

  /// The client will send nothing more; everything it sent has been taken.
  void clientEnded() {
    if (open && !clientEnded) {
      clientEnded = true;
      call.attempts()
          .endOutput(() -> {
            upstreamTold = true;
            endIfOver();
          });
    }
  }

  boolean upstreamHasEnded() {
    return upstreamEnded;
  }

  /// The upstream will send nothing more.
  void upstreamEnded() {
    if (!upstreamEnded) {
      upstreamEnded = true;
      call.answer()
          .endTunnel(() -> {
            clientTold = true;
            if (!endIfOver()) {
              call.clientSide().endOutput();
            }
          });
    }
  }

  void told(ChannelFuture written, Runnable next) {
    if (written.isSuccess() && open) {
      call.loop().refresh();
      next.run();
    }
  }

  /// The upstream's connection is gone, so that it need not be told of the client's end.
  void upstreamGone() {
    clientEnded = true;
    upstreamTold = true;
    upstreamEnded();
    if (!endIfOver()) {
      call.clientSide().timeout(idleNanos(), "write-timeout");
    }
  }

  private boolean endIfOver() {
    if (!open || !clientTold || !upstreamTold) {
      return false;
    }
    over();
    return true;
  }

  /// Nothing has come for too long.
  void idle() {
    call.remark("tunnel-idle");
    over();
  }

  private void over() {
    open = false;
    call.attempts().tunnelOver();
    call.finish(OVER, false);
  }
}
