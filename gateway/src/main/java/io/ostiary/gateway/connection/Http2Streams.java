package io.ostiary.gateway.connection;

import io.netty.buffer.ByteBuf;
import io.netty.util.collection.IntObjectHashMap;
import io.ostiary.gateway.connection.FloodMeter.Kind;
import io.ostiary.gateway.exchange.Bans;
import io.ostiary.gateway.exchange.Call;
import io.ostiary.gateway.exchange.Plan;
import io.ostiary.gateway.wire.FieldList.Outcome;
import io.ostiary.gateway.wire.Fields;
import io.ostiary.gateway.wire.Frame;
import io.ostiary.model.Ending;
import io.ostiary.model.GatewaySettings;
import java.nio.ByteBuffer;
import java.util.ArrayList;

/// The streams of one HTTP/2 connection, and what each frame means to them (RFC 9113 sections 5 and
/// 6). Bounds: [#STREAMS_MAX] of them, [#STREAM_WINDOW] of content for each and
/// [#CONNECTION_WINDOW] for all that nobody has taken yet. Confined to its event loop.
@SuppressWarnings("ReferenceEquality") // Whether it is the same plan is the question.
final class Http2Streams implements FrameReader.Frames {
  static final int STREAMS_MAX = 100;
  static final int STREAM_WINDOW = 64 * 1024;
  static final int CONNECTION_WINDOW = 1024 * 1024;
  static final int DEFAULT_WINDOW = 65_535;

  private static final int RESETS_KEPT = 64;
  private static final Ending LEFT = new Ending.ClientFailed("client-left");
  private static final Ending MALFORMED = new Ending.ClientFailed("malformed-request");

  private final Http2Connection connection;
  private final CallPool calls;
  private final HeadDecoder heads = new HeadDecoder();
  private final IntObjectHashMap<Http2Stream> open = new IntObjectHashMap<>(16);
  private final ArrayList<Http2Stream> delivered = new ArrayList<>();
  private final SeenStreams seen = new SeenStreams(RESETS_KEPT);
  private final Fields nobodys = new Fields();
  private final Bans acceptedUnder;
  private final GatewaySettings agreed;
  private int receiveWindow = CONNECTION_WINDOW;
  private int taken;
  private int initialWindow = DEFAULT_WINDOW;
  private int begun;
  private boolean noMore;

  Http2Streams(Http2Connection connection, CallPool calls, Plan acceptedUnder) {
    this.connection = connection;
    this.calls = calls;
    this.acceptedUnder = acceptedUnder.bans();
    agreed = acceptedUnder.settings();
  }

  // Frames.

  @Override
  public boolean over() {
    return connection.over();
  }

  @Override
  public void fault(int error) {
    connection.fault(error);
  }

  @Override
  public boolean allowed(Kind kind) {
    return connection.allowed(kind);
  }

  @Override
  public void head(int id, ByteBuf block, boolean last, boolean ownParent) {
    var stream = open.get(id);
    if (stream != null) {
      trailers(stream, block, last);
      return;
    }
    if (id <= seen.newest()) {
      if (seen.resetByUs(id)) {
        decodeAside(block);
      } else {
        fault(seen.used(id) ? Frame.STREAM_CLOSED : Frame.PROTOCOL_ERROR);
      }
      return;
    }
    if (calls.plan().bans() != acceptedUnder && connection.cutIfBanned()) {
      return;
    }
    if (noMore) {
      decodeAside(block);
      return;
    }
    seen.opened(id);
    if (open.size() >= STREAMS_MAX) {
      if (decodeAside(block) && allowed(Kind.REFUSED)) {
        refuse(id, Frame.REFUSED_STREAM);
      }
      return;
    }
    begin(id, block, last, ownParent);
  }

  private boolean decodeAside(ByteBuf block) {
    if (heads.decodeAside(block)) {
      return true;
    }
    fault(Frame.COMPRESSION_ERROR);
    return false;
  }

  private void begin(int id, ByteBuf block, boolean last, boolean ownParent) {
    var plan = calls.plan();
    var settings = plan.settings();
    var stream = add(id, plan);
    var call = stream.call();
    call.countRequestBytes(block.readableBytes() + Frame.HEADER_BYTES);
    var list = heads.list();
    list.begin(call.requestHead(), settings.headBytesMax(), settings.headFieldsMax());
    if (!heads.decode(block)) {
      fault(Frame.COMPRESSION_ERROR);
      return;
    }
    var outcome = ownParent ? Outcome.MALFORMED : list.finish(last);
    switch (outcome) {
      case MALFORMED -> spoil(stream, Frame.PROTOCOL_ERROR);
      case REFUSED -> {
        stream.headRead(last, -1);
        var wrong = call.requestHead().fault();
        if (wrong.status() != 431 || allowed(Kind.HEAD_TOO_LARGE)) {
          call.refuse(wrong);
        }
      }
      case COMPLETE -> {
        stream.headRead(last, call.requestHead().contentLength());
        call.headRead();
      }
    }
  }

  /// A request that came over HTTP/1.1 and offered to go on with HTTP/2 is the first stream.
  void adopt(Call call) {
    var settings = call.requestHead().http2Settings();
    for (int at = 0; settings != null && at < settings.length; at += 6) {
      int name = (settings[at] & 0xff) << 8 | (settings[at + 1] & 0xff);
      int error = setting(name, ByteBuffer.wrap(settings, at + 2, 4).getInt() & 0xffff_ffffL);
      if (error != 0) {
        call.abort(MALFORMED);
        fault(error);
        return;
      }
    }
    seen.opened(1);
    var stream = new Http2Stream(connection, this, 1, ++begun, 0, initialWindow, call);
    open.put(1, stream);
    connection.busy();
    stream.headRead(true, -1);
    call.moveTo(stream);
    call.headRead();
  }

  private Http2Stream add(int id, Plan plan) {
    var call = calls.take();
    var stream = new Http2Stream(connection, this, id, ++begun, open.size(), initialWindow, call);
    open.put(id, stream);
    connection.busy();
    call.begin(stream, plan, calls.loops());
    return stream;
  }

  private void trailers(Http2Stream stream, ByteBuf block, boolean last) {
    if (stream.remoteEnded()) {
      fault(Frame.STREAM_CLOSED);
      return;
    }
    var into = stream.idle() ? nobodys : stream.call().requestTrailers();
    into.clear();
    heads.list().beginTrailers(into, agreed.headBytesMax(), agreed.headFieldsMax());
    if (!heads.decode(block)) {
      fault(Frame.COMPRESSION_ERROR);
      return;
    }
    boolean whole = last && heads.list().finish(true) == Outcome.COMPLETE;
    int error = whole ? stream.ended() : Frame.PROTOCOL_ERROR;
    if (error != 0) {
      spoil(stream, error);
    }
  }

  @Override
  public void data(int id, ByteBuf in, int start, int length, int frameBytes, boolean last) {
    receiveWindow -= frameBytes;
    if (receiveWindow < 0) {
      fault(Frame.FLOW_CONTROL_ERROR);
      return;
    }
    var stream = open.get(id);
    if (stream == null) {
      consumed(frameBytes);
      if (id > seen.newest()) {
        fault(Frame.PROTOCOL_ERROR);
      } else if (!seen.resetByUs(id) && allowed(Kind.IGNORED)) {
        refuse(id, Frame.STREAM_CLOSED);
      }
      return;
    }
    int error =
        stream.remoteEnded()
            ? Frame.STREAM_CLOSED
            : stream.data(in, start, length, frameBytes, last);
    if (error != 0) {
      consumed(frameBytes);
      spoil(stream, error);
    }
  }

  @Override
  public void priority(int id, boolean ownParent) {
    if (allowed(Kind.PRIORITY) && ownParent) {
      streamFault(id, Frame.PROTOCOL_ERROR);
    }
  }

  @Override
  public void reset(int id) {
    if (id > seen.newest()) {
      fault(Frame.PROTOCOL_ERROR);
      return;
    }
    var stream = open.get(id);
    if (stream != null) {
      remove(stream);
      if (!stream.idle()) {
        stream.call().abort(LEFT);
      }
      boolean _ = allowed(Kind.RESET);
    } else if (!seen.resetByUs(id)) {
      boolean _ = allowed(Kind.IGNORED);
    }
  }

  @Override
  public void settings(ByteBuf in, int start, int length) {
    for (int at = start; at < start + length; at += 6) {
      int error = setting(in.getUnsignedShort(at), in.getUnsignedInt(at + 2));
      if (error != 0) {
        fault(error);
        return;
      }
    }
    Frame.settingsAck(connection.out().room(16));
    connection.settingsRead();
    connection.turns().resume();
  }

  /// Applies one; what the peer would like of heads and tables is moot, since our heads are small
  /// and use no table.
  int setting(int name, long value) {
    return switch (name) {
      case Frame.SETTING_ENABLE_PUSH -> value > 1 ? Frame.PROTOCOL_ERROR : 0;
      case Frame.SETTING_FRAME_MAX ->
          value < Frame.PAYLOAD_MAX || value > 0xff_ffff ? Frame.PROTOCOL_ERROR : 0;
      case Frame.SETTING_INITIAL_WINDOW -> initialWindow(value);
      default -> 0;
    };
  }

  private int initialWindow(long value) {
    if (value > Integer.MAX_VALUE) {
      return Frame.FLOW_CONTROL_ERROR;
    }
    int more = (int) value - initialWindow;
    initialWindow = (int) value;
    boolean fits = true;
    for (var stream : open.values()) {
      fits &= stream.answer().moreWindow(more);
    }
    return fits ? 0 : Frame.FLOW_CONTROL_ERROR;
  }

  @Override
  public void settingsTaken() {}

  @Override
  public void ping(long opaque, boolean ack) {
    if (ack) {
      connection.pingAnswered(opaque);
    } else {
      Frame.ping(connection.out().room(17), opaque, true);
    }
  }

  /// The client opens no more streams.
  @Override
  public void goAway() {
    connection.drain();
  }

  @Override
  public void windowUpdate(int id, int more) {
    var turns = connection.turns();
    if (id == 0) {
      if (turns.moreWindow(more)) {
        turns.resume();
      } else {
        fault(Frame.FLOW_CONTROL_ERROR);
      }
      return;
    }
    if (id > seen.newest()) {
      fault(Frame.PROTOCOL_ERROR);
      return;
    }
    var stream = open.get(id);
    if (more == 0) {
      streamFault(id, Frame.PROTOCOL_ERROR);
    } else if (stream != null && !stream.answer().moreWindow(more)) {
      spoil(stream, Frame.FLOW_CONTROL_ERROR);
    } else if (stream != null && stream.answer().sendable()) {
      turns.resume();
    }
  }

  @Override
  public void streamFault(int id, int error) {
    var stream = open.get(id);
    if (stream != null) {
      spoil(stream, error);
    } else if (allowed(Kind.IGNORED)) {
      refuse(id, error);
    }
  }

  /// The client broke the rules of one stream.
  private void spoil(Http2Stream stream, int error) {
    remove(stream);
    refuse(stream.id, error);
    if (!stream.idle()) {
      stream.call().abort(MALFORMED);
    }
    boolean _ = allowed(Kind.RESET);
  }

  private void refuse(int id, int error) {
    Frame.reset(connection.out().room(13), id, error);
    seen.reset(id);
  }

  // What streams ask.

  /// Content was taken, or is nobody's: the client may send as much again.
  void consumed(int count) {
    taken += count;
    if (taken >= CONNECTION_WINDOW / 4 && !over()) {
      Frame.windowUpdate(connection.out().room(13), 0, taken);
      receiveWindow += taken;
      taken = 0;
    }
  }

  void delivered(Http2Stream stream) {
    delivered.add(stream);
  }

  int begunCount() {
    return begun;
  }

  void give(Call call) {
    calls.give(call);
  }

  void answered(Http2Stream stream) {
    connection.answered();
    if (stream.remoteEnded()) {
      remove(stream);
      connection.streamClosed();
    } else {
      // The client need not send the rest (RFC 9113 section 8.1).
      reset(stream, Frame.NO_ERROR);
    }
  }

  void reset(Http2Stream stream, int error) {
    remove(stream);
    refuse(stream.id, error);
    connection.streamClosed();
  }

  private void remove(Http2Stream stream) {
    open.remove(stream.id);
    connection.turns().remove(stream.answer());
    stream.close();
  }

  // What the connection asks.

  boolean isEmpty() {
    return open.isEmpty();
  }

  /// The newest stream that was or will be looked at.
  int newest() {
    return seen.newest();
  }

  /// Streams that come from now on are left alone.
  void noMore() {
    noMore = true;
  }

  /// Everything that could be read at once has been.
  void readComplete() {
    for (int i = 0; i < delivered.size(); i++) {
      var stream = delivered.get(i);
      if (!stream.idle()) {
        stream.call().contentReadComplete();
      }
    }
    delivered.clear();
  }

  void channelWritable() {
    for (var stream : open.values().toArray(Http2Stream[]::new)) {
      stream.answer().channelWritable();
    }
  }

  void abortAll(Ending ending) {
    for (var stream : open.values().toArray(Http2Stream[]::new)) {
      remove(stream);
      if (!stream.idle()) {
        stream.call().abort(ending);
      }
    }
  }
}
