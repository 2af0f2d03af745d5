package io.ostiary.gateway.upstream;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.wire.RequestHead.Progress;
import io.ostiary.gateway.wire.ResponseHead;
import io.ostiary.model.HealthCheck;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The active checks of one target: a GET over a connection of its own, again and again, on an
/// event loop and never waiting there. Confined to that loop.
final class HealthChecker {
  private static final int HEAD_BYTES_MAX = 16 * 1024;

  private final Loop loop;
  private final Endpoint endpoint;
  private final HealthCheck check;
  private int failures;
  private int successes;
  private volatile boolean closed;

  private HealthChecker(Loop loop, Endpoint endpoint, HealthCheck check) {
    this.loop = loop;
    this.endpoint = endpoint;
    this.check = check;
  }

  static HealthChecker start(Loop loop, Endpoint endpoint, HealthCheck check) {
    var checker = new HealthChecker(loop, endpoint, check);
    loop.eventLoop().execute(checker::probe);
    return checker;
  }

  HealthCheck check() {
    return check;
  }

  void close() {
    closed = true;
    endpoint.checked(null);
  }

  private void probe() {
    if (closed) {
      return;
    }
    var ignored =
        loop.eventLoop().schedule(this::probe, check.every().toNanos(), TimeUnit.NANOSECONDS);
    var address = endpoint.address();
    if (address != null) {
      new Probe().start(address);
    }
  }

  private void failed(String why) {
    successes = 0;
    if (++failures >= check.unhealthyAfter() && !closed) {
      endpoint.checked(why);
    }
  }

  private void succeeded() {
    failures = 0;
    if (++successes >= check.healthyAfter() && !closed) {
      endpoint.checked(null);
    }
  }

  /// One check.
  private final class Probe extends ChannelInboundHandlerAdapter {
    private final ResponseHead head = new ResponseHead();
    private boolean done;
    private @Nullable Channel channel;

    private void start(java.net.InetSocketAddress address) {
      head.start(HEAD_BYTES_MAX, 200);
      var connecting =
          new Bootstrap()
              .group(loop.eventLoop())
              .channelFactory(loop.transport().sockets())
              .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
              .handler(this)
              .connect(address);
      channel = connecting.channel();
      var limit =
          loop.eventLoop()
              .schedule(
                  () -> end("no answer within " + check.timeout().toMillis() + " ms"),
                  check.timeout().toNanos(),
                  TimeUnit.NANOSECONDS);
      channel.closeFuture().addListener(closing -> limit.cancel(false));
      connecting.addListener(connected -> {
        if (connected.isSuccess()) {
          ask();
        } else {
          end("no connection");
        }
      });
    }

    private void ask() {
      var to = channel;
      if (to == null || done) {
        return;
      }
      var request =
          "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: ostiary-health\r\nConnection: close\r\n\r\n"
              .formatted(check.path(), endpoint.target());
      var bytes = to.alloc().buffer(request.length());
      bytes.writeCharSequence(request, StandardCharsets.ISO_8859_1);
      to.writeAndFlush(bytes, to.voidPromise());
    }

    private void end(@Nullable String why) {
      if (done) {
        return;
      }
      done = true;
      if (channel != null) {
        channel.close();
      }
      if (why == null) {
        succeeded();
      } else {
        failed(why);
      }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      var in = (ByteBuf) message;
      try {
        while (!done && in.isReadable()) {
          read(in);
        }
      } finally {
        in.release();
      }
    }

    private void read(ByteBuf in) {
      switch (head.read(in)) {
        case Progress.MORE -> {}
        case Progress.FAULTY -> end("an answer that cannot be read");
        case Progress.COMPLETE -> {
          int status = head.status();
          if (status < 200) {
            head.start(HEAD_BYTES_MAX, 200);
          } else {
            end(status < 400 ? null : "status " + status);
          }
        }
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      end("closed without an answer");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      end("the connection failed");
    }
  }
}
