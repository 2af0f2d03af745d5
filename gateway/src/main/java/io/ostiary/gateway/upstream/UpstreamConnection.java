package io.ostiary.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.ostiary.gateway.loop.Deadline;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.wire.Fields;
import io.ostiary.gateway.wire.ResponseHead;
import io.ostiary.model.ConnectionMark;
import org.jspecify.annotations.Nullable;

/// What one attempt uses to talk to a target: a whole connection of HTTP/1.1 ([Http1Connection]),
/// or one stream of a connection of HTTP/2 ([UpstreamStream]).
///
/// It reads responses and knows their framing; what they mean is its owner's business. Confined to
/// its event loop.
public abstract sealed class UpstreamConnection permits Http1Connection, UpstreamStream {
  final Loop loop;
  final Endpoint endpoint;
  private final Deadline deadline = new Deadline(this::expired);
  @Nullable StreamOwner owner;
  boolean reused;
  long bytesRead;
  private String timeoutReason = "";

  UpstreamConnection(Loop loop, Endpoint endpoint) {
    this.loop = loop;
    this.endpoint = endpoint;
  }

  /// Gives the owner a connection from the pool, or opens one. Returns null, telling nobody, when
  /// the limit of connections is reached or the name has no address.
  public static @Nullable UpstreamConnection acquire(
      Loop loop, UpstreamHandle handle, Endpoint endpoint, StreamOwner owner, boolean fresh) {
    return endpoint.pool(loop).acquire(loop, handle, owner, fresh);
  }

  /// Whether a request may be written now.
  public abstract boolean established();

  /// Whether the upstream keeps up with what was written.
  public abstract boolean writable();

  /// The kernel's name of the connection, 0: none.
  public abstract long cookie();

  /// The connection's counters at the end of the attempt before.
  public abstract ConnectionMark mark();

  /// Stops reading, because the client does not keep up or a filter waits.
  public abstract void pause();

  public abstract void resume();

  /// The head has been read: says how the content is framed that follows it.
  ///
  /// @param bodiless whether none follows, whatever the head says
  public abstract void frame(ResponseHead head, boolean bodiless, int bytesMax, int fieldsMax);

  /// The head was an interim one: another follows.
  public abstract void anotherHead();

  /// What follows is not HTTP any more, and each side may end its direction alone.
  public abstract void tunnel();

  /// Ends the direction to the upstream when everything written has gone out, and then tells.
  public abstract void endOutput(Runnable told);

  /// The trailer fields of a response that is complete; null: none.
  public abstract @Nullable Fields trailers();

  /// The response was whole: lets go of what was used for it, for another attempt if that may be.
  ///
  /// @param sent whether the whole request was sent
  /// @param odd whether the upstream may count the bytes of this exchange otherwise than we do
  public abstract void done(ResponseHead head, boolean sent, boolean odd);

  /// Gives up what is used for this attempt; its owner is not told.
  public abstract void close();

  /// Whether it has been used by another attempt before.
  public final boolean reused() {
    return reused;
  }

  public final Loop loop() {
    return loop;
  }

  public final Endpoint endpoint() {
    return endpoint;
  }

  /// Bytes of the response read so far.
  public final long bytesRead() {
    return bytesRead;
  }

  /// Bytes of content in this response so far.
  public abstract long contentBytes();

  /// Limits the wait for what comes next; replaces the limit before it.
  public final void timeout(long nanos, String reason) {
    timeoutReason = reason;
    loop.deadlines().set(deadline, loop.now() + nanos);
  }

  public final void noTimeout() {
    deadline.clear();
  }

  final void removeTimeout() {
    loop.deadlines().remove(deadline);
  }

  private void expired() {
    loop.refresh();
    expired(timeoutReason);
  }

  abstract void expired(String reason);

  /// Tells the owner, if there is one, that the attempt is over without a whole response.
  final void fail(String reason) {
    var own = owner;
    close();
    if (own != null) {
      own.upstreamFailed(reason);
    }
  }

  static final ByteBuf NOTHING = io.netty.buffer.Unpooled.EMPTY_BUFFER;
}
