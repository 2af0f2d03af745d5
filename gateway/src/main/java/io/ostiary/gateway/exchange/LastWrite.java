package io.ostiary.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.DefaultChannelPromise;
import org.jspecify.annotations.Nullable;

/// The last write of an answer on a connection, and who is told when the socket has taken it. One
/// for each connection, used for answer after answer: a promise of Netty's for each would be the
/// largest thing that a call makes.
///
/// So it never is done, as promises know it; Netty only ever completes it. Confined to its event
/// loop.
final class LastWrite extends DefaultChannelPromise {
  private @Nullable ChannelFutureListener listener;
  private boolean writing;
  private boolean complete;
  private boolean taken;

  LastWrite(Channel channel) {
    super(channel);
  }

  /// Writes and flushes; the listener is told once, at the earliest when this is done.
  void write(ByteBuf last, ChannelFutureListener whenTaken) {
    if (listener != null) {
      // The end of a tunnel may still be on its way when its call ends.
      channel().writeAndFlush(last).addListener(whenTaken);
      return;
    }
    listener = whenTaken;
    complete = false;
    writing = true;
    channel().writeAndFlush(last, this);
    writing = false;
    if (complete) {
      tell();
    }
  }

  private boolean completed(boolean successfully) {
    if (listener == null || complete) {
      return false;
    }
    complete = true;
    taken = successfully;
    if (!writing) {
      tell();
    }
    return true;
  }

  private void tell() {
    var told = listener;
    listener = null;
    if (told != null) {
      try {
        told.operationComplete(this);
      } catch (Exception e) {
        channel().pipeline().fireExceptionCaught(e);
      }
    }
  }

  @Override
  public boolean isSuccess() {
    return taken;
  }

  @Override
  public boolean trySuccess(@Nullable Void result) {
    return completed(true);
  }

  @Override
  public boolean tryFailure(Throwable cause) {
    return completed(false);
  }

  @Override
  public LastWrite setSuccess(@Nullable Void result) {
    completed(true);
    return this;
  }

  @Override
  public LastWrite setFailure(Throwable cause) {
    completed(false);
    return this;
  }
}
