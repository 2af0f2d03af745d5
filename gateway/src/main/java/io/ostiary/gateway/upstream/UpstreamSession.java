package io.ostiary.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2LocalFlowController;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2EventAdapter;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;
import io.ostiary.gateway.loop.Deadline;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.wire.Frame;
import io.ostiary.model.ConnectionMark;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One connection of HTTP/2 to a target (RFC 9113), shared by the attempts of one event loop.
///
/// Netty's codec reads and writes its frames and keeps the windows; there is no channel for each
/// stream. The first stream waits for the target's SETTINGS: until then we do not know whether it
/// speaks HTTP/2 at all, nor how many streams it takes. After GOAWAY no stream is added; those that
/// the target will not answer fail as `refused-stream`, which says that they may be repeated.
///
/// The window of the connection is that of all streams together, so a stream whose client is slow
/// holds back itself only. Confined to its event loop.
@SuppressWarnings("ReferenceEquality") // Whether it is the same object is the question.
final class UpstreamSession extends Http2EventAdapter
    implements Connector.Waiting, Http2RemoteFlowController.Listener {
  /// Streams at once; a target may allow fewer.
  static final int STREAMS_MAX = 100;

  /// So far may an upstream run ahead of a slow client.
  static final int WINDOW_BYTES = 256 * 1024;

  private static final char CONNECT_PROTOCOL = (char) Frame.SETTING_CONNECT_PROTOCOL;

  private final Loop loop;
  private final Endpoint endpoint;
  private final EndpointPool pool;
  private final UpstreamHandle handle;
  private final Wiring wiring;
  private final @Nullable Object secrets;
  private final Deadline deadline = new Deadline(this::expired);
  private final ConnectionMark mark = new ConnectionMark();
  private final ArrayDeque<UpstreamStream> waiting = new ArrayDeque<>();
  private final List<UpstreamStream> reading = new ArrayList<>();
  private final Http2Connection connection = new DefaultHttp2Connection(false);
  private final Http2Connection.PropertyKey key = connection.newKey();
  private @Nullable Connector connector;
  private @Nullable SessionCodec codec;
  private boolean ready;
  private boolean tunnels;
  private boolean used;
  private boolean leaving;
  private boolean closed;
  private int starting;
  private long cookie;
  private long readNanos;

  UpstreamSession(Loop loop, UpstreamHandle handle, Endpoint endpoint, Wiring wiring) {
    this.loop = loop;
    this.handle = handle;
    this.endpoint = endpoint;
    this.wiring = wiring;
    this.pool = endpoint.pool(loop);
    secrets = wiring.secrets();
  }

  void connect(SocketAddress address) {
    pool.opened();
    loop.gauges().upstream(1);
    loop.deadlines().set(deadline, loop.now() + handle.connectNanos());
    var made = Connector.start(loop, wiring, endpoint.target(), false, address, null, this);
    connector = made;
    cookie = made.cookie();
    mark.begin(cookie);
  }

  // What streams ask.

  boolean takes(Wiring wanted) {
    return !leaving
        && !closed
        && wiring.same(wanted)
        && secrets == wanted.secrets()
        && streams() + waiting.size() < streamsMax();
  }

  /// Those that run, and those that are about to.
  private int streams() {
    return starting + connection.local().numActiveStreams();
  }

  private int streamsMax() {
    return ready ? Math.min(STREAMS_MAX, connection.local().maxActiveStreams()) : STREAMS_MAX;
  }

  UpstreamStream open(StreamOwner owner) {
    var opened = new UpstreamStream(this, owner, used);
    if (ready) {
      begin(opened);
      loop.deadlines().remove(deadline);
    } else {
      waiting.add(opened);
    }
    return opened;
  }

  private void begin(UpstreamStream stream) {
    starting++;
    stream.begin(loop.now());
  }

  boolean ready() {
    return ready && !closed;
  }

  /// Whether the target takes an extended CONNECT (RFC 8441 section 3).
  boolean tunnels() {
    return tunnels && !closed;
  }

  Loop loop() {
    return loop;
  }

  Endpoint endpoint() {
    return endpoint;
  }

  Wiring wiring() {
    return wiring;
  }

  long cookie() {
    return cookie;
  }

  ConnectionMark mark() {
    return mark;
  }

  private SessionCodec codec() {
    return Objects.requireNonNull(codec);
  }

  private ChannelHandlerContext context() {
    return codec().context();
  }

  @Nullable Http2Stream writeHead(UpstreamStream of, Http2Headers headers, boolean last) {
    used = true;
    starting--;
    int id = connection.local().incrementAndGetNextStreamId();
    if (id < 0) {
      leave();
      return null;
    }
    headers(id, headers, last);
    var stream = connection.stream(id);
    if (stream != null) {
      stream.setProperty(key, of);
    }
    return stream;
  }

  ChannelFuture writeContent(Http2Stream to, ByteBuf piece, boolean last) {
    return codec().encoder().writeData(context(), to.id(), piece, 0, last, context().newPromise());
  }

  void writeTrailers(Http2Stream to, Http2Headers trailers) {
    headers(to.id(), trailers, true);
  }

  private void headers(int id, Http2Headers fields, boolean last) {
    var ignored =
        codec().encoder().writeHeaders(context(), id, fields, 0, last, context().newPromise());
  }

  void flush() {
    if (!closed) {
      codec().flush(context());
    }
  }

  boolean writable(Http2Stream of) {
    return !closed && connection.remote().flowController().isWritable(of);
  }

  void acknowledge(Http2Stream of, int bytes) {
    if (closed || of.state() == Http2Stream.State.CLOSED) {
      return;
    }
    try {
      if (connection.local().flowController().consumeBytes(of, bytes)) {
        flush();
      }
    } catch (Http2Exception e) {
      lose("malformed-response");
    }
  }

  /// A stream needs its place no more.
  void ended(UpstreamStream over, @Nullable Http2Stream stream, @Nullable Http2Error reset) {
    waiting.remove(over);
    if (stream == null) {
      starting -= over.begun() && !over.headSent() ? 1 : 0;
      startWaiting();
      restIfUnused();
      return;
    }
    stream.removeProperty(key);
    if (reset != null && !closed && stream.state() != Http2Stream.State.CLOSED) {
      codec().resetStream(context(), stream.id(), reset.code(), context().newPromise());
      flush();
    }
    restIfUnused();
  }

  private void restIfUnused() {
    if (closed || streams() > 0 || !waiting.isEmpty()) {
      return;
    }
    if (leaving || !ready) {
      close();
    } else {
      loop.deadlines().set(deadline, loop.now() + Http1Connection.REST_NANOS);
    }
  }

  /// A stream has waited too long. Where nothing at all has come meanwhile, the connection may be
  /// dead without anybody having said so: nothing more is sent over it.
  void silentSince(UpstreamStream of) {
    if (readNanos - of.startedNanos() < 0) {
      leaving = true;
    }
  }

  /// No stream is added any more, and the connection is closed after the last.
  void leave() {
    leaving = true;
    restIfUnused();
  }

  // The connection.

  @Override
  public void connected(boolean http2) {
    if (!http2) {
      turnOutText();
      return;
    }
    connection
        .remote()
        .flowController(
            new DefaultHttp2RemoteFlowController(
                connection, new UniformStreamByteDistributor(connection)));
    connection.local().flowController(new DefaultHttp2LocalFlowController(connection));
    connection.addListener(this);
    var made = SessionCodec.of(connection, this);
    codec = made;
    Objects.requireNonNull(Objects.requireNonNull(connector).channel()).pipeline().addLast(made);
    try {
      connection
          .local()
          .flowController()
          .incrementWindowSize(connection.connectionStream(), STREAMS_MAX * WINDOW_BYTES - 65_535);
    } catch (Http2Exception e) {
      throw new IllegalStateException("the window of a new connection", e);
    }
    connection.remote().flowController().listener(this);
    flush();
  }

  /// The connection that stands carries the first that waits; each other gets one of its own.
  private void turnOutText() {
    pool.turnsOutText();
    var stands = Objects.requireNonNull(connector);
    var all = List.copyOf(waiting);
    waiting.clear();
    loop.deadlines().remove(deadline);
    pool.remove(this);
    closed = true;
    boolean first = true;
    for (var stream : all) {
      var own = stream.owner();
      if (own == null) {
        continue;
      }
      var connection = new Http1Connection(loop, endpoint, wiring);
      stream.move(connection);
      if (first) {
        connection.adopt(stands, mark, own);
        first = false;
      } else {
        another(connection, own);
      }
    }
    if (first) {
      pool.closed();
      loop.gauges().upstream(-1);
      stands.close();
    }
  }

  private void another(Http1Connection connection, StreamOwner own) {
    var address = endpoint.address();
    if (address == null) {
      own.upstreamFailed("unresolved");
    } else {
      connection.connect(address, handle.connectNanos(), own);
    }
  }

  @Override
  public void notConnected(String reason) {
    lose(reason);
  }

  private void expired() {
    loop.refresh();
    if (!ready) {
      lose("connect-timeout");
    } else if (streams() == 0) {
      close();
    }
  }

  /// The connection is no use any more: all its streams are told.
  void lose(String beforeAnswer) {
    if (closed) {
      return;
    }
    var all = above(0);
    close();
    all.forEach(stream -> stream.lost(beforeAnswer));
  }

  /// All that wait, who wait no more, and those that run above an id.
  private List<UpstreamStream> above(int id) {
    var all = new ArrayList<UpstreamStream>(waiting);
    waiting.clear();
    try {
      connection.forEachActiveStream(stream -> {
        UpstreamStream of = stream.getProperty(key);
        if (of != null && stream.id() > id) {
          all.add(of);
        }
        return true;
      });
    } catch (Http2Exception e) {
      throw new IllegalStateException("a visitor that throws nothing", e);
    }
    return all;
  }

  private void close() {
    if (closed) {
      return;
    }
    closed = true;
    loop.deadlines().remove(deadline);
    pool.remove(this);
    pool.closed();
    loop.gauges().upstream(-1);
    var made = connector;
    if (made != null) {
      made.close();
    }
  }

  private void startWaiting() {
    while (ready && !closed && !waiting.isEmpty() && streams() < streamsMax()) {
      var next = waiting.remove();
      begin(next);
      next.sessionReady();
    }
  }

  // What the target says.

  @Override
  public void onSettingsRead(ChannelHandlerContext from, Http2Settings settings) {
    var connects = settings.get(CONNECT_PROTOCOL);
    tunnels = connects == null ? tunnels : connects == 1;
    if (ready) {
      return;
    }
    ready = true;
    loop.deadlines().remove(deadline);
    startWaiting();
    // Those beyond what the target allows wait for a place, as long as for a connection.
    waiting.forEach(stream -> stream.timeout(handle.connectNanos(), "connections-max"));
  }

  @Nullable UpstreamStream of(int id) {
    var stream = connection.stream(id);
    return stream == null ? null : stream.getProperty(key);
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext from,
      int id,
      Http2Headers headers,
      int dependency,
      short weight,
      boolean exclusive,
      int padding,
      boolean last) {
    onHeadersRead(from, id, headers, padding, last);
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext from, int id, Http2Headers headers, int padding, boolean last) {
    var stream = of(id);
    if (stream != null) {
      reads(stream);
      stream.headers(headers, last);
    }
  }

  @Override
  public int onDataRead(
      ChannelHandlerContext from, int id, ByteBuf data, int padding, boolean last) {
    var stream = of(id);
    if (stream == null) {
      return data.readableBytes() + padding;
    }
    reads(stream);
    return stream.content(data, padding, last);
  }

  /// Bytes have come.
  void reads() {
    readNanos = loop.refresh();
  }

  /// All that could be read at once has been.
  void readComplete() {
    for (int i = 0; i < reading.size(); i++) {
      reading.get(i).readComplete();
    }
    reading.clear();
  }

  private void reads(UpstreamStream stream) {
    if (reading.isEmpty() || reading.getLast() != stream) {
      reading.add(stream);
    }
  }

  @Override
  public void onRstStreamRead(ChannelHandlerContext from, int id, long error) {
    var stream = of(id);
    if (stream != null) {
      stream.reset(error);
    }
  }

  @Override
  public void onGoAwayReceived(int last, long error, ByteBuf debug) {
    leaving = true;
    above(last).forEach(stream -> stream.lost("refused-stream"));
    restIfUnused();
  }

  @Override
  public void onStreamClosed(Http2Stream stream) {
    UpstreamStream of = stream.getProperty(key);
    if (of != null) {
      of.lost("closed-before-response");
    }
    // A place is free.
    startWaiting();
    restIfUnused();
  }

  @Override
  public void writabilityChanged(Http2Stream stream) {
    UpstreamStream of = stream.getProperty(key);
    if (of != null) {
      loop.refresh();
      of.writabilityChanged(connection.remote().flowController().isWritable(stream));
    }
  }
}
