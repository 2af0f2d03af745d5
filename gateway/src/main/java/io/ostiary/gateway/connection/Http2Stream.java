package io.ostiary.gateway.connection;

import io.netty.buffer.ByteBuf;
import io.ostiary.gateway.exchange.AnswerWire;
import io.ostiary.gateway.exchange.Call;
import io.ostiary.gateway.exchange.ClientLink;
import io.ostiary.gateway.exchange.ClientSide;
import io.ostiary.gateway.loop.Deadline;
import io.ostiary.gateway.wire.Frame;
import io.ostiary.model.ConnectionMark;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One stream of an HTTP/2 connection: a request that comes in, and a [StreamAnswer] to it.
///
/// Content that nobody can take yet is copied aside, at most the stream's window of it, and the
/// window opens again as it is taken: that is what pushes back on this sender alone. Confined to
/// its event loop.
final class Http2Stream implements ClientSide {
  final int id;
  private final Http2Connection connection;
  private final Http2Streams streams;
  private final StreamAnswer answer;
  private final int number;
  private final boolean beganAlone;
  private final Deadline deadline = new Deadline(this::expired);
  private @Nullable ConnectionMark ownMark;
  private String timeoutReason = "";
  private @Nullable Call call;

  /// Content that came and was not taken.
  private @Nullable ByteBuf held;

  /// What the client may still send, and what was taken and not given back to it yet.
  private int receiveWindow = Http2Streams.STREAM_WINDOW;

  private int taken;

  /// Of the announced length; -1: none was.
  private long lengthLeft = -1;

  private boolean delivering;
  private boolean remoteEnded;
  private boolean endTold;
  private boolean closed;

  /// @param number which stream of its connection it is, from 1
  /// @param others streams that are open already
  Http2Stream(
      Http2Connection connection,
      Http2Streams streams,
      int id,
      int number,
      int others,
      int sendWindow,
      Call call) {
    this.connection = connection;
    this.streams = streams;
    this.id = id;
    this.number = number;
    this.call = call;
    beganAlone = others == 0;
    answer = new StreamAnswer(this, connection, sendWindow);
  }

  Call call() {
    return Objects.requireNonNull(call);
  }

  /// Whether its call is over.
  boolean idle() {
    return call == null;
  }

  StreamAnswer answer() {
    return answer;
  }

  /// Whether the client has said everything.
  boolean remoteEnded() {
    return remoteEnded;
  }

  /// The head is complete.
  ///
  /// @param length announced, -1: none
  void headRead(boolean last, long length) {
    remoteEnded = last;
    lengthLeft = last ? -1 : length;
  }

  /// DATA has come.
  ///
  /// @return the error of the stream, 0: none
  int data(ByteBuf in, int start, int length, int frameBytes, boolean last) {
    receiveWindow -= frameBytes;
    if (receiveWindow < 0) {
      return Frame.FLOW_CONTROL_ERROR;
    }
    if (lengthLeft >= 0) {
      lengthLeft -= length;
      if (lengthLeft < 0 || (last && lengthLeft > 0)) {
        return Frame.PROTOCOL_ERROR;
      }
    }
    remoteEnded = last;
    if (frameBytes > length) {
      consumed(frameBytes - length);
    }
    if (call == null) {
      consumed(length);
      return 0;
    }
    if (length > 0) {
      if (held == null && call.takesContent()) {
        deliverFrom(in, start, length);
      } else {
        hold(in, start, length);
      }
    }
    deliverEnd();
    return 0;
  }

  /// The buffer's own indices frame the piece, so that no object is made for it.
  private void deliverFrom(ByteBuf in, int start, int length) {
    int reader = in.readerIndex();
    int writer = in.writerIndex();
    in.setIndex(start, start + length);
    deliver(in);
    int left = in.readableBytes();
    int at = in.readerIndex();
    in.setIndex(reader, writer);
    if (left > 0) {
      hold(in, at, left);
    }
  }

  private void deliver(ByteBuf in) {
    int before = in.readerIndex();
    int at = -1;
    delivering = true;
    while (call != null && in.isReadable() && at != in.readerIndex() && call.takesContent()) {
      at = in.readerIndex();
      call.content(in);
    }
    delivering = false;
    if (call == null) {
      // Nobody wants the rest.
      in.readerIndex(in.writerIndex());
    } else {
      streams.delivered(this);
      limitBody();
    }
    consumed(in.readerIndex() - before);
  }

  /// The client is waited for only while content is wanted of it. A tunnel has a limit of its own.
  private void limitBody() {
    if (call != null && call.takesContent() && !call.tunnelling()) {
      timeout(connection.waits().body(), "body-timeout");
    } else if (timeoutReason.equals("body-timeout")) {
      deadline.clear();
    }
  }

  private void hold(ByteBuf in, int start, int length) {
    if (held == null) {
      held = channel().alloc().buffer(length);
    }
    held.writeBytes(in, start, length);
  }

  private void deliverEnd() {
    var running = call;
    if (running == null || !remoteEnded || endTold || held != null) {
      limitBody();
      return;
    }
    if (running.tunnelling()) {
      endTold = true;
      running.clientEnded();
    } else if (running.takesContent()) {
      endTold = true;
      running.contentEnded();
      streams.delivered(this);
    }
    limitBody();
  }

  /// Trailers have come, and nothing follows. They are in the call's own place.
  ///
  /// @return the error of the stream, 0: none
  int ended() {
    if (lengthLeft > 0) {
      return Frame.PROTOCOL_ERROR;
    }
    remoteEnded = true;
    deliverEnd();
    return 0;
  }

  private void consumed(int count) {
    streams.consumed(count);
    if (remoteEnded || closed) {
      return;
    }
    taken += count;
    if (taken >= Http2Streams.STREAM_WINDOW / 2) {
      Frame.windowUpdate(connection.out().room(13), id, taken);
      receiveWindow += taken;
      taken = 0;
    }
  }

  @Override
  public void bodyWanted() {
    if (call == null || delivering) {
      return;
    }
    limitBody();
    var rest = held;
    held = null;
    if (rest != null) {
      deliver(rest);
      if (rest.isReadable()) {
        held = rest;
      } else {
        rest.release();
      }
    }
    deliverEnd();
    if (call != null) {
      call.contentReadComplete();
    }
  }

  /// The end of the answer has said so.
  @Override
  public void endOutput() {}

  @Override
  public void ended(Call over, boolean reuse) {
    boolean answered = over.answered();
    int error = over.cancelled() ? Frame.CANCEL : Frame.INTERNAL_ERROR;
    if (ownMark != null) {
      link().mark().copyFrom(ownMark);
    }
    call = null;
    streams.give(over);
    if (closed) {
      return;
    }
    if (answered || (answer.ended() && remoteEnded)) {
      streams.answered(this);
    } else {
      streams.reset(this, error);
    }
  }

  /// Nothing more is read or written for it.
  void close() {
    closed = true;
    loop().deadlines().remove(deadline);
    answer.drop();
    var rest = held;
    held = null;
    if (rest != null) {
      streams.consumed(rest.readableBytes());
      rest.release();
    }
  }

  private void expired() {
    loop().refresh();
    if (call != null) {
      call.timedOut(timeoutReason);
    }
  }

  @Override
  public void timeout(long nanos, String reason) {
    if (!closed) {
      timeoutReason = reason;
      loop().deadlines().set(deadline, loop().now() + nanos);
    }
  }

  @Override
  public void noTimeout() {
    deadline.clear();
  }

  @Override
  public ClientLink link() {
    return connection.link();
  }

  @Override
  public AnswerWire wire() {
    return answer;
  }

  /// Where streams overlap, the packets of the connection are nobody's alone.
  @Override
  public ConnectionMark mark() {
    if (beganAlone && streams.begunCount() == number) {
      return link().mark();
    }
    if (ownMark == null) {
      ownMark = new ConnectionMark();
    }
    return ownMark;
  }

  @Override
  public int requestNumber() {
    return number;
  }

  @Override
  public boolean draining() {
    return connection.draining();
  }
}
