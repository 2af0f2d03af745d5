package io.ostiary.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.ostiary.gateway.wire.BodyDecoder;
import io.ostiary.gateway.wire.RequestHead;
import io.ostiary.model.Ending;
import io.ostiary.model.GatewaySettings;
import org.jspecify.annotations.Nullable;

/// The content of a request on its way: held back until somebody can take it, gathered where a
/// filter wants it whole, else passed on piece by piece. Reused with its call; confined to its
/// event loop.
final class RequestBody {
  private enum Mode {
    /// Nobody can take it yet; the client's connection is not read.
    HELD,
    /// A filter wants all of it.
    GATHERED,
    /// To the upstream as it comes.
    FORWARDED,
    /// Anything, to the other end of a tunnel.
    TUNNEL,
    /// The answer is made already; what little is left is read so that the connection can live.
    DISCARDED
  }

  /// So much is read and thrown away rather than closing the connection.
  private static final long DISCARD_MAX = 64 * 1024;

  private final Call call;
  private final BodyDecoder decoder = new BodyDecoder();
  private final BodyChanges changes;
  private final KeptContent kept;
  private Mode mode = Mode.HELD;
  private boolean usable;
  private boolean complete;
  private boolean continued;
  private long bytesMax;
  private @Nullable ByteBuf gathered;
  private @Nullable ByteBuf piece;
  private boolean pieceLast;

  RequestBody(Call call) {
    this.call = call;
    changes = new BodyChanges(call);
    kept = new KeptContent(call);
  }

  void begin() {
    mode = Mode.HELD;
    usable = true;
    complete = false;
    continued = false;
    decoder.none();
    kept.begin();
  }

  void framed(RequestHead head, GatewaySettings settings) {
    bytesMax = settings.bodyBytesMax();
    if (head.streamed()) {
      decoder.untilClose();
    } else if (head.chunked()) {
      decoder.chunked(settings.headBytesMax(), settings.headFieldsMax());
    } else {
      decoder.length(Math.max(0, head.contentLength()));
    }
    if (decoder.complete()) {
      completed();
    }
  }

  /// The client has done its part: what limited the wait for it must not end the call.
  private void endOfWait() {
    if (mode != Mode.DISCARDED) {
      call.clientSide().noTimeout();
    }
  }

  private void completed() {
    complete = true;
    call.times().requestEndNanos = call.loop().now();
  }

  /// The route is found.
  ///
  /// @param most negative: the gateway's limit stays
  void bytesMax(long most) {
    bytesMax = most < 0 ? bytesMax : most;
  }

  /// Where its end is cannot be known any more.
  void unusable() {
    usable = false;
  }

  boolean announcedTooLong() {
    return call.requestHead().contentLength() > bytesMax;
  }

  boolean complete() {
    return complete;
  }

  BodyDecoder decoder() {
    return decoder;
  }

  /// The request's filters have passed: where the content goes.
  void start() {
    var chain = call.filters();
    long able = complete ? 0 : chain.requestChanges();
    if (able != 0 && !changes.askRequest(able)) {
      return;
    }
    if (chain.requestWhole().length == 0) {
      if (complete && chain.requestStream().length > 0) {
        pieceLast = true;
        runPieces(Unpooled.EMPTY_BUFFER);
      } else {
        call.attempts().start();
      }
      return;
    }
    if (call.requestHead().contentLength() > chain.requestWholeMax()) {
      tooLong();
      return;
    }
    if (complete) {
      wholeRead();
      return;
    }
    mode = Mode.GATHERED;
    if (call.requestHead().expectsContinue()) {
      continued = true;
      call.answer().interimContinue();
    }
    call.clientSide().bodyWanted();
  }

  /// The upstream's connection stands.
  void forward() {
    mode = Mode.FORWARDED;
    call.clientSide().bodyWanted();
  }

  /// Whether the upstream was told to expect a question, rather than we having answered it.
  boolean continued() {
    return continued;
  }

  /// Whether somebody replaces it as it passes, so that its length is not known before its end.
  boolean changed() {
    return changes.any();
  }

  @Nullable ByteBuf gathered() {
    return gathered;
  }

  /// What attempts have sent of it.
  KeptContent kept() {
    return kept;
  }

  /// Whether all of it is here to be sent again.
  boolean atHand() {
    return gathered != null || (complete && kept.whole());
  }

  /// The connection has changed its protocol.
  void tunnel() {
    mode = Mode.TUNNEL;
    call.clientSide().bodyWanted();
  }

  boolean takes() {
    if (mode == Mode.TUNNEL) {
      return call.attempts().takesContent();
    }
    return !complete
        && piece == null
        && switch (mode) {
          case HELD, TUNNEL -> false;
          case GATHERED, DISCARDED -> true;
          case FORWARDED -> call.attempts().takesContent();
        };
  }

  /// Whether the connection can be used again after an answer that came before the whole request.
  boolean endsSoon() {
    if (complete) {
      return true;
    }
    boolean asking = call.requestHead().expectsContinue() && !continued;
    long left = decoder.lengthRemaining();
    return usable && !asking && left >= 0 && left <= DISCARD_MAX;
  }

  /// The answer needs no more of the request.
  void discard() {
    mode = Mode.DISCARDED;
    if (!complete) {
      call.clientSide().bodyWanted();
    }
  }

  void content(ByteBuf in) {
    if (mode == Mode.TUNNEL) {
      int length = in.readableBytes();
      call.times().requestBytes += length;
      call.attempts().content(in, in.readerIndex(), length, false);
      in.skipBytes(length);
      return;
    }
    while (in.isReadable() && takes()) {
      int before = in.readerIndex();
      var wrong = decoder.decode(in);
      call.times().requestBytes += in.readerIndex() - before;
      if (decoder.contentBytes() > bytesMax && mode != Mode.DISCARDED) {
        unusable();
        tooLong();
        return;
      }
      boolean last = decoder.complete();
      if (last) {
        completed();
        endOfWait();
      }
      if (wrong != null) {
        call.refuse(Problems.of(wrong), wrong.code());
        return;
      }
      taken(in, last);
    }
  }

  /// The stream that carries the content has ended; only while content is taken.
  void ended() {
    if (complete) {
      return;
    }
    decoder.connectionEnded();
    completed();
    endOfWait();
    taken(Unpooled.EMPTY_BUFFER, 0, 0, true);
  }

  private void tooLong() {
    call.reply(Problems.BODY_TOO_LARGE, new Ending.ClientFailed("body-too-large"), -1);
  }

  private void taken(ByteBuf in, boolean last) {
    taken(in, decoder.pieceStart(), decoder.pieceLength(), last);
  }

  private void taken(ByteBuf in, int start, int length, boolean last) {
    switch (mode) {
      case HELD, TUNNEL -> {}
      case DISCARDED -> {
        if (last) {
          call.answer().requestDiscarded();
        }
      }
      case GATHERED -> gather(in, start, length, last);
      case FORWARDED -> {
        pieceLast = last;
        if (call.filters().requestStream().length > 0) {
          runPieces(in.slice(start, length));
        } else {
          call.attempts().content(in, start, length, last);
        }
      }
    }
  }

  private void gather(ByteBuf in, int start, int length, boolean last) {
    if (decoder.contentBytes() > call.filters().requestWholeMax()) {
      unusable();
      tooLong();
      return;
    }
    if (gathered == null) {
      long announced = Math.max(call.requestHead().contentLength(), length);
      gathered = call.clientSide().channel().alloc().buffer((int) announced);
    }
    gathered.writeBytes(in, start, length);
    if (last) {
      mode = Mode.HELD;
      wholeRead();
    }
  }

  private void wholeRead() {
    // Those who read pieces get it as one.
    var whole = gathered == null ? Unpooled.EMPTY_BUFFER : gathered;
    call.filterRun()
        .run(
            FilterRun.Step.REQUEST_WHOLE,
            call.filters().requestBody(),
            -1L,
            whole.nioBuffer().asReadOnlyBuffer(),
            true,
            changes.any() ? changes : null);
  }

  /// The filters let the whole content pass.
  void wholePassed() {
    if (gathered != null) {
      gathered = changes.instead(gathered);
    }
    call.attempts().start();
  }

  private void runPieces(ByteBuf bytes) {
    piece = bytes.retain();
    call.filterRun()
        .run(
            FilterRun.Step.REQUEST_PIECE,
            call.filters().requestStream(),
            -1L,
            bytes.nioBuffer().asReadOnlyBuffer(),
            pieceLast,
            changes.any() ? changes : null);
  }

  /// The filters let this piece pass.
  void piecePassed() {
    var came = piece;
    piece = null;
    if (came == null) {
      return;
    }
    var passed = changes.instead(came);
    try {
      if (mode == Mode.FORWARDED) {
        call.attempts().content(passed, passed.readerIndex(), passed.readableBytes(), pieceLast);
        if (!complete) {
          call.clientSide().bodyWanted();
        }
      } else {
        call.attempts().start();
      }
    } finally {
      passed.release();
    }
  }

  void drop() {
    changes.drop();
    kept.drop();
    if (gathered != null) {
      gathered.release();
      gathered = null;
    }
    if (piece != null) {
      piece.release();
      piece = null;
    }
  }
}
