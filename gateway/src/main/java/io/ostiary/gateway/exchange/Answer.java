package io.ostiary.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Message;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.wire.Bytes;
import io.ostiary.gateway.wire.FieldKind;
import io.ostiary.gateway.wire.Fields;
import io.ostiary.gateway.wire.Numbers;
import io.ostiary.gateway.wire.ResponseHead;
import io.ostiary.model.Ending;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the client is told: the upstream's response, framed anew for this client, or a reply of our
/// own. Exactly one of them begins. Reused with its call; confined to its event loop.
@SuppressWarnings("ReferenceEquality") // Whether it is the same object is the question.
final class Answer implements ChannelFutureListener {
  private enum Framing {
    NONE,
    LENGTH,
    CHUNKED,
    UNTIL_CLOSE,
    TUNNEL
  }

  /// Fields that go to the client as they came.
  private static final int KEPT = FieldKind.KEPT_IN_ANSWERS;

  private static final HeaderName CONTENT_TYPE = HeaderName.of("Content-Type");
  private static final String PROBLEM_JSON = "application/problem+json";
  private static final byte[] CALL = Bytes.of("Ostiary-Call: ");
  private static final byte[] DATE = Bytes.of("Date: ");
  private static final byte[] LENGTH = Bytes.of("Content-Length: ");
  private static final byte[] CHUNKED = Bytes.of("Transfer-Encoding: chunked\r\n");
  private static final byte[] CLOSE = Bytes.of("Connection: close\r\n");
  private static final byte[] UPGRADE = Bytes.of("Connection: Upgrade\r\n");
  private static final byte[] KEEP_ALIVE = Bytes.of("Connection: keep-alive\r\n");
  private static final byte[] CONTINUE = Bytes.of("HTTP/1.1 100 Continue\r\n\r\n");
  private static final int CR_LF = '\r' << 8 | '\n';
  private final Call call;
  private final ResponseHead head = new ResponseHead();
  private final Outlet outlet = new Outlet();
  private final BodyChanges changes;
  private Framing framing = Framing.NONE;
  private boolean begun;
  private boolean replying;
  private boolean headHeld;
  private boolean keepAlive;
  private boolean lastWritten;
  private boolean allTaken;
  private boolean slowClient;
  private boolean lastOfConnection;
  private @Nullable Ending ending;
  private @Nullable Fields trailers;
  private @Nullable ByteBuf gathered;
  private @Nullable ByteBuf piece;
  private boolean pieceLast;
  private ByteBuffer ownBody = NOTHING;
  private @Nullable Problem told;

  Answer(Call call) {
    this.call = call;
    changes = new BodyChanges(call);
  }

  void begin() {
    framing = Framing.NONE;
    begun = false;
    replying = false;
    headHeld = false;
    keepAlive = false;
    lastWritten = false;
    allTaken = false;
    slowClient = false;
    lastOfConnection = false;
    told = null;
    ending = null;
    trailers = null;
    outlet.begin(call.clientSide().channel());
  }

  ResponseHead head() {
    return head;
  }

  /// Whether a byte of the final response may have been written.
  boolean begun() {
    return begun;
  }

  /// Whether the last byte has been handed to the connection.
  boolean written() {
    return lastWritten;
  }

  boolean replying() {
    return replying;
  }

  long bytes() {
    return outlet.bytes();
  }

  /// Nothing follows on the connection.
  void endsConnection() {
    lastOfConnection = true;
  }

  // The upstream's response.

  /// Passes on an interim response (RFC 9110 section 15.2) to a client that can read it.
  void interim() {
    boolean asked = head.status() != 100 || call.requestHead().expectsContinue();
    if (!asked || !call.requestHead().version11()) {
      return;
    }
    var out = outlet.room(head.fields().bytesMax() + 64);
    head.writeStatusLine(out);
    head.fields().writeKinds(out, KEPT);
    out.writeShort(CR_LF);
    outlet.flush();
  }

  void interimContinue() {
    outlet.room(32).writeBytes(CONTINUE);
    outlet.flush();
  }

  /// The head of the upstream's response is complete.
  void headRead() {
    var order = call.filters().response();
    if (order.length == 0) {
      headPassed();
    } else {
      call.filterRun().run(FilterRun.Step.RESPONSE, order);
    }
  }

  void headPassed() {
    int status = head.status();
    long able = call.filters().responseChanges();
    boolean bodiless = status == 101 || status == 204 || status == 304;
    if (able != 0 && !bodiless && !changes.askResponse(able)) {
      return;
    }
    if (call.filters().responseWhole().length > 0 && status != 101) {
      headHeld = true;
      return;
    }
    beginUpstreams();
  }

  private void beginUpstreams() {
    if (head.status() == 101) {
      framing = Framing.TUNNEL;
      writeHead(-1);
      outlet.flush();
      call.tunnel().opened();
      return;
    }
    boolean none =
        call.requestHead().method().equals("HEAD") || head.status() == 204 || head.status() == 304;
    if (none) {
      framing = Framing.NONE;
    } else if (gathered != null || (head.contentLength() >= 0 && !changes.any())) {
      framing = Framing.LENGTH;
    } else {
      framing = call.requestHead().version11() ? Framing.CHUNKED : Framing.UNTIL_CLOSE;
    }
    // The answer to HEAD keeps the length that GET would have had, where that is known.
    long came = changes.any() ? -1 : head.contentLength();
    long length = gathered != null && !none ? gathered.readableBytes() : came;
    writeHead(head.status() == 204 ? -1 : length);
  }

  private void writeHead(long length) {
    begun = true;
    headHeld = false;
    var request = call.requestHead();
    keepAlive =
        request.keepAlive()
            && !lastOfConnection
            && framing != Framing.UNTIL_CLOSE
            && framing != Framing.TUNNEL
            && call.requestBody().endsSoon()
            && !call.clientSide().draining();
    call.times().status = head.status();
    call.times().responseStartNanos = call.loop().now();
    var fields = head.fields();
    var out = outlet.room(fields.bytesMax() + 256);
    head.writeStatusLine(out);
    fields.writeKinds(out, KEPT);
    if (fields.find(FieldKind.DATE) < 0) {
      out.writeBytes(DATE);
      call.loop().writeDate(out);
      out.writeShort(CR_LF);
    }
    if (framing == Framing.CHUNKED) {
      out.writeBytes(CHUNKED);
    } else if (length >= 0) {
      out.writeBytes(LENGTH);
      Numbers.writeDecimal(out, length);
      out.writeShort(CR_LF);
    }
    if (framing == Framing.TUNNEL) {
      out.writeBytes(UPGRADE);
      fields.writeKinds(out, 1 << FieldKind.UPGRADE);
    } else if (!keepAlive) {
      out.writeBytes(CLOSE);
    } else if (!request.version11()) {
      out.writeBytes(KEEP_ALIVE);
    }
    out.writeBytes(CALL);
    Numbers.writeCallId(out, call.callId());
    out.writeShort(CR_LF).writeShort(CR_LF);
    call.times().responseHeadBytes = outlet.bytes();
  }

  void trailers(@Nullable Fields of) {
    trailers = of;
  }

  /// One piece of the upstream's content.
  void content(ByteBuf in, int start, int length, boolean last) {
    if (replying) {
      return;
    }
    if (headHeld) {
      gather(in, start, length, last);
      return;
    }
    if (call.filters().responseStream().length > 0 && framing != Framing.TUNNEL) {
      pieceLast = last;
      runPieces(in.slice(start, length));
      return;
    }
    write(in, start, length, last);
  }

  private void runPieces(ByteBuf bytes) {
    piece = bytes.retain();
    call.filterRun()
        .run(
            FilterRun.Step.RESPONSE_PIECE,
            call.filters().responseStream(),
            -1L,
            bytes.nioBuffer().asReadOnlyBuffer(),
            pieceLast,
            changes.any() ? changes : null);
  }

  void piecePassed() {
    var came = piece;
    piece = null;
    if (came == null) {
      return;
    }
    var passed = changes.instead(came);
    try {
      if (passed.isReadable() || pieceLast) {
        write(passed, passed.readerIndex(), passed.readableBytes(), pieceLast);
        outlet.flush();
      }
    } finally {
      passed.release();
    }
  }

  private void gather(ByteBuf in, int start, int length, boolean last) {
    long so = gathered == null ? 0 : gathered.readableBytes();
    if (so + length > call.filters().responseWholeMax()) {
      call.reply(Problems.RESPONSE_TOO_LARGE, new Ending.UpstreamFailed("response-too-large"), -1);
      return;
    }
    if (gathered == null) {
      gathered = call.clientSide().channel().alloc().buffer(Math.max(length, 256));
    }
    gathered.writeBytes(in, start, length);
    if (!last) {
      return;
    }
    // Those who read pieces get it as one.
    call.filterRun()
        .run(
            FilterRun.Step.RESPONSE_WHOLE,
            call.filters().responseBody(),
            -1L,
            gathered.nioBuffer().asReadOnlyBuffer(),
            true,
            changes.any() ? changes : null);
  }

  void wholePassed() {
    if (gathered != null) {
      gathered = changes.instead(gathered);
    }
    beginUpstreams();
    var whole = gathered == null ? Unpooled.EMPTY_BUFFER : gathered;
    trailers = null;
    write(whole, whole.readerIndex(), whole.readableBytes(), true);
  }

  private void write(ByteBuf in, int start, int length, boolean last) {
    switch (framing) {
      case NONE -> {}
      case CHUNKED -> {
        outlet.chunk(in, start, length);
        if (last) {
          outlet.lastChunk(trailers, KEPT);
        }
      }
      case LENGTH, UNTIL_CLOSE, TUNNEL -> outlet.content(in, start, length);
    }
    if (last) {
      ending = Endings.answered(call.times().upstreamStatus);
      finishWriting();
      return;
    }
    if (!call.clientSide().channel().isWritable()) {
      outlet.flush();
      if (!call.clientSide().channel().isWritable()) {
        slowClient = true;
        call.attempts().pauseForClient();
        call.clientSide().timeout(call.plan().waits().body(), "write-timeout");
      }
    }
  }

  /// The upstream of a tunnel has ended: tells when the client has taken everything.
  void endTunnel(Runnable told) {
    outlet.flushLast(done -> call.tunnel().told(done, told));
  }

  boolean clientKeepsUp() {
    return !slowClient;
  }

  void clientWritable(boolean writable) {
    if (writable && slowClient) {
      slowClient = false;
      call.clientSide().noTimeout();
      call.attempts().resumeForClient();
    }
  }

  boolean allTaken() {
    return allTaken;
  }

  void flush() {
    if (begun && !lastWritten) {
      outlet.flush();
    }
  }

  // Replies of our own.

  void problem(Problem problem, Ending by, int filter) {
    prepareOwn(problem.status(), by);
    add(problem.fields());
    head.fields().add(CONTENT_TYPE, PROBLEM_JSON);
    told = problem;
    var json = Problems.json(problem, call.callId());
    ownBody = ByteBuffer.wrap(json.getBytes(StandardCharsets.UTF_8));
    runReplyFilters(filter);
  }

  void own(int status, List<Field> fields, String body, Ending by) {
    own(new Message(status, fields, body), by, -1);
  }

  /// @param filter whose message it is, and who need not be asked about it; -1: nobody's
  void own(Message message, Ending by, int filter) {
    prepareOwn(message.status(), by);
    add(message.fields());
    ownBody = message.content();
    runReplyFilters(filter);
  }

  private void prepareOwn(int status, Ending by) {
    replying = true;
    told = null;
    ending = by;
    letGo();
    head.own(status);
  }

  private void add(List<Field> fields) {
    for (int i = 0; i < fields.size(); i++) {
      head.fields().add(fields.get(i).name(), fields.get(i).value());
    }
  }

  /// Only filters that were reached before, and not the one that refused.
  private void runReplyFilters(int except) {
    long among = call.filterRun().touched() & ~call.filters().endOnly();
    if (except >= 0) {
      among &= ~(1L << except);
    }
    call.filterRun().run(FilterRun.Step.REPLY, call.filters().response(), among);
  }

  void replyPassed() {
    var problem = told;
    if (problem != null && Grpc.asked(call.requestHead())) {
      Grpc.tell(head, problem);
      ownBody = NOTHING;
    }
    boolean none = head.status() == 204 || head.status() == 304;
    framing = none ? Framing.NONE : Framing.LENGTH;
    writeHead(none ? -1 : ownBody.remaining());
    if (!none && !call.requestHead().method().equals("HEAD") && ownBody.hasRemaining()) {
      var content = Unpooled.wrappedBuffer(ownBody);
      outlet.content(content, 0, content.readableBytes());
      content.release();
    }
    ownBody = NOTHING;
    call.times().status = status();
    finishWriting();
  }

  /// What the answer means; to clients of gRPC a problem is told otherwise.
  int status() {
    return told == null ? head.status() : told.status();
  }

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).asReadOnlyBuffer();

  // The end.

  private void finishWriting() {
    lastWritten = true;
    call.clientSide().timeout(call.plan().waits().body(), "write-timeout");
    if (keepAlive && !call.requestBody().complete()) {
      call.requestBody().discard();
    }
    outlet.flushLast(this);
  }

  /// The socket has taken the last byte, or never will.
  @Override
  public void operationComplete(ChannelFuture done) {
    if (ending == null || !lastWritten) {
      return;
    }
    if (!done.isSuccess()) {
      call.abort(new Ending.ClientFailed("client-left"));
      return;
    }
    call.loop().refresh();
    call.times().responseEndNanos = call.loop().now();
    call.clientSide().noTimeout();
    allTaken = true;
    finishIfDone();
  }

  /// The rest of the request has been read and thrown away.
  void requestDiscarded() {
    finishIfDone();
  }

  private void finishIfDone() {
    var by = ending;
    if (!allTaken || by == null) {
      return;
    }
    if (keepAlive && !call.requestBody().complete()) {
      call.clientSide().timeout(call.plan().waits().body(), "discard-timeout");
      return;
    }
    call.finish(by, keepAlive);
  }

  private void letGo() {
    changes.drop();
    if (gathered != null) {
      gathered.release();
      gathered = null;
    }
    if (piece != null) {
      piece.release();
      piece = null;
    }
  }

  void drop() {
    letGo();
    outlet.drop();
    ending = null;
    lastWritten = false;
  }
}
