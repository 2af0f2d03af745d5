package io.ostiary.gateway.loop;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.epoll.Native;
import io.netty.util.concurrent.ThreadAwareExecutor;

/// Netty's handler of epoll, without the fault of 4.2.18 that loses the end of an answer.
///
/// When a peer has ended its side, and reading is off, Netty wants to hear of nothing, takes the
/// socket out of the epoll set, and forgets that it did: the next wait for room to write fails with
/// ENOENT, and the connection is closed with what was to be written. Here such a socket stays in
/// the set, edge-triggered, so that it tells once, and not for ever, that it hangs up.
final class EpollHandlers implements IoHandlerFactory {
  private static final EpollIoOps QUIET = EpollIoOps.valueOf(Native.EPOLLET);

  private final IoHandlerFactory nettys = EpollIoHandler.newFactory();

  @Override
  public IoHandler newHandler(ThreadAwareExecutor executor) {
    return new Handler(nettys.newHandler(executor));
  }

  @Override
  public boolean isChangingThreadSupported() {
    return nettys.isChangingThreadSupported();
  }

  private record Handler(IoHandler nettys) implements IoHandler {
    @Override
    public void initialize() {
      nettys.initialize();
    }

    @Override
    public int run(IoHandlerContext context) {
      return nettys.run(context);
    }

    @Override
    public void prepareToDestroy() {
      nettys.prepareToDestroy();
    }

    @Override
    public void destroy() {
      nettys.destroy();
    }

    @Override
    public IoRegistration register(IoHandle handle) throws Exception {
      return new Registration(nettys.register(handle));
    }

    @Override
    public void wakeup() {
      nettys.wakeup();
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> type) {
      return nettys.isCompatible(type);
    }
  }

  private record Registration(IoRegistration nettys) implements IoRegistration {
    @Override
    @SuppressWarnings("TypeParameterUnusedInFormals") // As Netty has it.
    public <T> T attachment() {
      return nettys.attachment();
    }

    @Override
    public long submit(IoOps ops) {
      boolean nothing = ops instanceof EpollIoOps epoll && epoll.value() == 0;
      return nettys.submit(nothing ? QUIET : ops);
    }

    @Override
    public boolean isValid() {
      return nettys.isValid();
    }

    @Override
    public boolean cancel() {
      return nettys.cancel();
    }
  }
}
