package io.ostiary.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Message;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.wire.FieldKind;
import io.ostiary.gateway.wire.Fields;
import io.ostiary.gateway.wire.ResponseHead;
import io.ostiary.gateway.wire.TrailerSection;
import io.ostiary.model.Ending;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the client is told: the upstream's response, framed anew for this client, or a reply of our
/// own. Exactly one of them begins. Reused with its call; confined to its event loop.
@SuppressWarnings("ReferenceEquality") // Whether it is the same object is the question.
final class Answer implements ChannelFutureListener {
  /// Fields that go to the client as they came.
  private static final int KEPT = FieldKind.KEPT_IN_ANSWERS;

  private static final HeaderName CONTENT_TYPE = HeaderName.of("Content-Type");
  private static final String PROBLEM_JSON = "application/problem+json";
  private final Call call;
  private final ResponseHead head = new ResponseHead();
  private final TextWire text = new TextWire();
  private final BodyChanges changes;
  private final PageWriter pages;
  private AnswerWire wire = text;
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
    pages = new PageWriter(call);
  }

  void begin() {
    // A call that ends without an answer must not show that of the call before.
    head.own(0);
    begun = false;
    replying = false;
    headHeld = false;
    keepAlive = false;
    lastWritten = false;
    allTaken = false;
    slowClient = false;
    lastOfConnection = false;
    told = null;
    pages.begin();
    ending = null;
    trailers = null;
    var own = call.clientSide().wire();
    wire = own == null ? text.on(call.clientSide().link()) : own;
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
    return wire.bytes();
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
    wire.interim(head, KEPT);
  }

  void interimContinue() {
    wire.interimContinue();
  }

  /// The head of the upstream's response is complete.
  void headRead() {
    if (head.status() >= 400 && pages.takes(head)) {
      return;
    }
    var order = call.filters().response();
    if (order.length == 0) {
      headPassed();
    } else {
      call.filterRun().run(FilterRun.Step.RESPONSE, order);
    }
  }

  /// One filter has seen the head.
  ///
  /// @return whether the exchange goes on
  boolean headPassed(int filter) {
    return mayChange(call.filters().responseChanges() & (1L << filter));
  }

  private boolean mayChange(long able) {
    int status = head.status();
    boolean bodiless = status == 101 || status == 204 || status == 304;
    return able == 0 || bodiless || changes.askResponse(able);
  }

  void headPassed() {
    if (!mayChange(call.filters().responseChanges() & call.filterRun().part())) {
      return;
    }
    if (call.filters().responseWhole().length > 0 && head.status() != 101) {
      headHeld = true;
      return;
    }
    beginUpstreams();
  }

  private void beginUpstreams() {
    if (head.status() == 101) {
      writeHead(-1, true);
      wire.flush();
      call.tunnel().opened();
      return;
    }
    boolean none =
        call.requestHead().method().equals("HEAD") || head.status() == 204 || head.status() == 304;
    // The answer to HEAD keeps the length that GET would have had, where that is known.
    long came = changes.any() ? -1 : head.contentLength();
    long length = gathered != null && !none ? gathered.readableBytes() : came;
    writeHead(head.status() == 204 ? -1 : length, !none);
  }

  private void writeHead(long length, boolean content) {
    begun = true;
    headHeld = false;
    call.letGoOfPlan();
    boolean persistent =
        call.requestHead().keepAlive()
            && !lastOfConnection
            && head.status() != 101
            && call.requestBody().endsSoon()
            && !call.clientSide().draining();
    call.times().status = head.status();
    call.times().responseStartNanos = call.loop().now();
    keepAlive = wire.begin(call, head, KEPT, length, content, persistent);
    call.times().responseHeadBytes = wire.bytes();
  }

  void trailers(@Nullable Fields of) {
    trailers = of;
  }

  @Nullable Fields trailers() {
    return trailers;
  }

  /// One piece of the upstream's content.
  void content(ByteBuf in, int start, int length, boolean last) {
    if (replying) {
      return;
    }
    if (pages.reading()) {
      var problem = pages.discard(length, last);
      if (problem != null) {
        problem(problem, Endings.answered(call.times().upstreamStatus), -1);
      }
      return;
    }
    if (headHeld) {
      gather(in, start, length, last);
      return;
    }
    if (call.filters().responseStream().length > 0 && !call.tunnel().open()) {
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
        wire.flush();
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
    wire.content(in, start, length);
    if (call.over()) {
      // It was to be written at once, and there is nobody any more.
      return;
    }
    if (last) {
      ending = Endings.answered(call.times().upstreamStatus);
      finishWriting();
      return;
    }
    if (!wire.writable()) {
      wire.flush();
      if (!call.over() && !wire.writable()) {
        slowClient = true;
        call.attempts().pauseForClient();
        call.clientSide().timeout(call.terms().waits().body(), "write-timeout");
      }
    }
  }

  /// The upstream of a tunnel has ended: tells when the client has taken everything.
  void endTunnel(Runnable told) {
    wire.end(null, KEPT, done -> call.tunnel().told(done, told));
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
      wire.flush();
    }
  }

  // Replies of our own.

  void problem(Problem problem, Ending by, int filter) {
    var page = pages.of(problem);
    int status =
        page == null || page.page().status() == 0 ? problem.status() : page.page().status();
    prepareOwn(status, by);
    add(problem.fields());
    if (page == null) {
      head.fields().add(CONTENT_TYPE, PROBLEM_JSON);
      told = problem;
      var json = Problems.json(problem, call.callId());
      ownBody = ByteBuffer.wrap(json.getBytes(StandardCharsets.UTF_8));
    } else {
      add(page.fields());
      ownBody = pages.content(page, problem, status);
    }
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
      Grpc.tell(call.requestHead(), head, problem);
      ownBody = NOTHING;
    }
    boolean none = head.status() == 204 || head.status() == 304;
    boolean content = !none && !call.requestHead().method().equals("HEAD");
    writeHead(none ? -1 : ownBody.remaining(), content);
    if (content && ownBody.hasRemaining()) {
      var bytes = Unpooled.wrappedBuffer(ownBody);
      wire.content(bytes, 0, bytes.readableBytes());
      bytes.release();
    }
    trailers = null;
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
    call.clientSide().timeout(call.terms().waits().body(), "write-timeout");
    if (keepAlive && !call.requestBody().complete()) {
      call.requestBody().discard();
    }
    var with = trailers;
    if (with != null) {
      TrailerSection.withoutWithheld(with, head.fields());
    }
    wire.end(with != null && with.count() > 0 ? with : null, KEPT, this);
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
      call.clientSide().timeout(call.terms().waits().body(), "discard-timeout");
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
    wire.drop();
    wire = text;
    ending = null;
    lastWritten = false;
  }
}
