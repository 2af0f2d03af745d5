package io.ostiary.gateway.loop;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.unix.RawUnixChannelOption;
import io.ostiary.gateway.wire.HeadText;
import io.ostiary.model.CallId;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.LedgerRing;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// One event loop and what its connections share. Confined to that loop, but for the gauges, which
/// others may read.
public final class Loop {
  private static final DateTimeFormatter HTTP_DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  /// SOL_SOCKET and SO_COOKIE of asm-generic/socket.h.
  private static final RawUnixChannelOption COOKIE =
      new RawUnixChannelOption("io.ostiary.SO_COOKIE", 1, 57, 8);

  /// Of all calls together; see [#keep].
  private static final int KEPT_MAX = 4 * 1024 * 1024;

  /// Of calls that nobody waits for.
  private static final int RENEWALS_MAX = 100;

  private final int index;
  private final EventLoop eventLoop;
  private final Transport transport;
  private final LedgerRing ring;
  private final ConnectionLens lens;
  private final InstantSource wall;
  private final Deadlines deadlines;
  private final Gauges gauges = new Gauges();
  private final HeadText text = new HeadText();
  private final Hold hold = new Hold();
  private final LoopBuffers buffers = new LoopBuffers(hold);
  private final SplittableRandom random = new SplittableRandom();
  private long now;
  private long wallMillis;
  private long wallReadAt;
  private long dateSecond = -1;
  private byte[] date = new byte[0];
  private long callCounter;
  private int renewals;
  private int kept;

  public Loop(
      int index,
      EventLoop eventLoop,
      Transport transport,
      LedgerRing ring,
      ConnectionLens lens,
      InstantSource wall) {
    this.index = index;
    this.eventLoop = eventLoop;
    this.transport = transport;
    this.ring = ring;
    this.lens = lens;
    this.wall = wall;
    this.deadlines = new Deadlines(eventLoop);
    this.callCounter = random.nextLong();
    refresh();
    eventLoop.execute(() -> hold.ofThread(Thread.currentThread()));
  }

  /// Reads the clock. Called where an event begins; within it, [#now] is good enough.
  public long refresh() {
    now = System.nanoTime();
    return now;
  }

  /// CLOCK_MONOTONIC nanoseconds when this event began.
  public long now() {
    return now;
  }

  /// The wall clock, at most a millisecond behind.
  public long wallMillis() {
    if (now - wallReadAt > 1_000_000 || wallReadAt == 0) {
      wallMillis = wall.millis();
      wallReadAt = now;
    }
    return wallMillis;
  }

  /// A new call's id. The loops share one id space by the low bits of the counter.
  public long nextCallId(int loops) {
    callCounter++;
    return CallId.of(wallMillis(), callCounter * loops + index);
  }

  /// A call that nobody waits for is to begin.
  ///
  /// @return whether there is room for it; then it must be told when it is over
  public boolean renewalBegins() {
    if (renewals >= RENEWALS_MAX) {
      return false;
    }
    renewals++;
    return true;
  }

  public void renewalEnded() {
    renewals--;
  }

  public SplittableRandom random() {
    return random;
  }

  /// Writes the Date of now (RFC 9110 section 5.6.7).
  public void writeDate(HeadText out) {
    long second = wallMillis() / 1000;
    if (second != dateSecond) {
      dateSecond = second;
      date =
          HTTP_DATE
              .format(java.time.Instant.ofEpochSecond(second))
              .getBytes(StandardCharsets.ISO_8859_1);
    }
    out.put(date);
  }

  /// The kernel's name for this connection, 0 where nobody asks for it or none is known.
  public long cookie(Channel channel) {
    if (lens.equals(ConnectionLens.NONE) || transport.kind() == Transport.Kind.NIO) {
      return 0;
    }
    java.nio.@Nullable ByteBuffer bytes = channel.config().getOption(COOKIE);
    return bytes == null || bytes.remaining() < 8
        ? 0
        : bytes.order(ByteOrder.nativeOrder()).getLong(bytes.position());
  }

  /// Takes room for content of a request that may have to be sent again.
  ///
  /// @return whether there was any; [#keepNoMore] gives it back
  public boolean keep(int bytes) {
    if (bytes > KEPT_MAX - kept) {
      return false;
    }
    kept += bytes;
    return true;
  }

  public void keepNoMore(int bytes) {
    kept -= bytes;
  }

  /// An empty text, for one that is used up within the same event.
  public HeadText text() {
    return text.clear();
  }

  /// Where connections of this loop take their buffers from.
  public ByteBufAllocator buffers() {
    return buffers;
  }

  public ConnectionLens lens() {
    return lens;
  }

  public int index() {
    return index;
  }

  public EventLoop eventLoop() {
    return eventLoop;
  }

  public Transport transport() {
    return transport;
  }

  public LedgerRing ring() {
    return ring;
  }

  public Deadlines deadlines() {
    return deadlines;
  }

  public Gauges gauges() {
    return gauges;
  }

  /// Which policy runs here.
  public Hold hold() {
    return hold;
  }
}
