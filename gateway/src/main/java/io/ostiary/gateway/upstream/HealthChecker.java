package io.ostiary.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.ostiary.gateway.loop.Deadline;
import io.ostiary.gateway.loop.Dial;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.model.HealthCheck;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The active checks of one target: over a connection of its own, again and again, on an event loop
/// and never waiting there. What is said on the connection is a [Check]'s business. Confined to
/// that loop.
final class HealthChecker {
  /// What is said on one connection, and what is thought of the answer. Used once.
  interface Check {
    /// The connection stands.
    ///
    /// @return whether that is enough
    boolean connected(Channel to);

    /// Reads what came, and leaves nothing.
    ///
    /// @return why the target is sick, empty: it is well, null: more must come
    @Nullable String read(Channel from, ByteBuf in);

    /// Nothing more will come; as for [#read], but never null.
    String ended();
  }

  private final Loop loop;
  private final Endpoint endpoint;
  private final UpstreamHandle handle;
  private final HealthCheck check;
  private final Deadline next = new Deadline(this::probe);
  private int failures;
  private int successes;
  private volatile boolean closed;

  private HealthChecker(Loop loop, Endpoint endpoint, UpstreamHandle handle, HealthCheck check) {
    this.loop = loop;
    this.endpoint = endpoint;
    this.handle = handle;
    this.check = check;
  }

  static HealthChecker start(
      Loop loop, Endpoint endpoint, UpstreamHandle handle, HealthCheck check) {
    var checker = new HealthChecker(loop, endpoint, handle, check);
    loop.eventLoop().execute(checker::probe);
    return checker;
  }

  /// Whether it does what another plan's upstream asks for.
  boolean suits(UpstreamHandle other) {
    return check.equals(other.upstream().health()) && handle.wiring().same(other.wiring());
  }

  void close() {
    closed = true;
    endpoint.checked(null, System.nanoTime());
  }

  private void probe() {
    if (closed) {
      return;
    }
    loop.deadlines().set(next, loop.refresh() + check.every().toNanos());
    var address = endpoint.address();
    if (address == null) {
      return;
    }
    var expected = check.expected();
    // Of another door nothing is known but that it is asked, unless the settings say more.
    boolean likeCalls = expected.port() == 0 || expected.tls();
    var at =
        expected.port() != 0 && address instanceof InetSocketAddress of
            ? new InetSocketAddress(of.getAddress(), expected.port())
            : address;
    if (likeCalls && expected.kind() == HealthCheck.Kind.HTTP) {
      var asked = new HttpCheck(check, endpoint.target());
      new HealthProbe(handle, endpoint, asked, check.timeout().toNanos(), this::probed)
          .start(loop, at);
    } else {
      boolean secure = likeCalls && handle.wiring().encrypted();
      new Probe(said(secure), secure).start(at);
    }
  }

  private void probed(String why) {
    if (why.isEmpty()) {
      succeeded();
    } else {
      failed(why);
    }
  }

  private Check said(boolean secure) {
    return switch (check.expected().kind()) {
      case HTTP -> new HttpCheck(check, endpoint.target());
      case GRPC -> new GrpcCheck(check, endpoint.target(), secure);
      case TCP -> new TcpCheck();
    };
  }

  private void failed(String why) {
    successes = 0;
    if (++failures >= check.unhealthyAfter() && !closed) {
      endpoint.checked(why, System.nanoTime());
    }
  }

  private void succeeded() {
    failures = 0;
    if (++successes >= check.healthyAfter() && !closed) {
      endpoint.checked(null, System.nanoTime());
    }
  }

  /// Asks for nothing: that somebody takes connections is enough.
  private static final class TcpCheck implements Check {
    @Override
    public boolean connected(Channel to) {
      return true;
    }

    @Override
    public @Nullable String read(Channel from, ByteBuf in) {
      in.skipBytes(in.readableBytes());
      return null;
    }

    @Override
    public String ended() {
      return "";
    }
  }

  /// One check.
  private final class Probe extends ChannelInboundHandlerAdapter {
    private final Check said;
    private final boolean secure;
    private boolean done;
    private @Nullable Channel channel;

    private Probe(Check said, boolean secure) {
      this.said = said;
      this.secure = secure;
    }

    private void start(SocketAddress address) {
      try {
        channel = Dial.open(loop, address, this);
      } catch (ChannelException e) {
        end("no connection");
        return;
      }
      var limit =
          loop.eventLoop()
              .schedule(
                  () -> end("no answer within " + check.timeout().toMillis() + " ms"),
                  check.timeout().toNanos(),
                  TimeUnit.NANOSECONDS);
      channel.closeFuture().addListener(closing -> limit.cancel(false));
      Dial.connect(loop, channel, address, this::connected);
    }

    private void connected(@Nullable Throwable failed) {
      if (failed != null) {
        var target = endpoint.target();
        end(Refused.sentence(target, Refused.word(target, failed)));
      } else if (!secure) {
        stands();
      } else if (channel != null) {
        var tls = handle.wiring().handler(channel, endpoint.target(), false);
        channel.pipeline().addFirst(java.util.Objects.requireNonNull(tls));
      }
    }

    private void stands() {
      if (channel != null && !done && said.connected(channel)) {
        end("");
      }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
      if (event instanceof SslHandshakeCompletionEvent handshake) {
        if (handshake.isSuccess()) {
          stands();
        } else {
          end(TlsFailure.reason(handshake.cause()));
        }
      }
    }

    private void end(@Nullable String why) {
      if (done || why == null) {
        return;
      }
      done = true;
      if (channel != null) {
        Dial.close(channel);
      }
      probed(why);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      var in = (ByteBuf) message;
      try {
        if (!done) {
          end(said.read(context.channel(), in));
        }
      } finally {
        in.release();
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      end(done ? null : said.ended());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      end("the connection failed");
    }
  }
}
