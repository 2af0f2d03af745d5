package io.ostiary.gateway.connection;

import io.netty.handler.codec.TooLongFrameException;
import io.ostiary.model.Ending;
import java.io.IOException;
import javax.net.ssl.SSLException;

/// A client connection as those see it who end it. Confined to its event loop.
interface OpenConnection {
  /// So long, and so much, a client may go on sending when everything is said, so that it can read
  /// that before a reset.
  long LEAVE_NANOS = 2_000_000_000L;

  int LEAVE_BYTES_MAX = 1024 * 1024;

  Ending BANNED = new Ending.KernelFailed("banned");
  Ending LEFT = new Ending.ClientFailed("client-left");

  /// Whether the bans refuse the very source of the packets; then it is cut.
  boolean cutIfBanned();

  /// The gateway ends: at rest it closes now, else after its calls.
  void drain();

  /// Another process accepts in our place: nothing is cut here, and the next answer says that it is
  /// the last.
  default void giveWay() {}

  /// The time for draining is over.
  void cut();

  /// How calls end when a connection breaks.
  static Ending broken(Throwable cause) {
    // A greeting of TLS that is too long is the client's doing as well, and no news for our log.
    if (cause instanceof IOException
        || cause instanceof TooLongFrameException
        || cause.getCause() instanceof SSLException) {
      return new Ending.ClientFailed("client-reset");
    }
    System.getLogger("io.ostiary.gateway")
        .log(System.Logger.Level.ERROR, "a client connection failed", cause);
    return new Ending.GatewayFailed("internal");
  }
}
