package io.ostiary.gateway.wire;

/// The options of a Connection field that mean something to us.
final class ConnectionOptions {
  private static final byte[] CLOSE = Bytes.of("close");
  private static final byte[] KEEP_ALIVE = Bytes.of("keep-alive");
  private static final byte[] UPGRADE = Bytes.of("upgrade");

  boolean close;
  boolean keepAlive;
  boolean upgrade;

  void clear() {
    close = false;
    keepAlive = false;
    upgrade = false;
  }

  void option(byte[] bytes, int from, int to) {
    close |= Bytes.equalsFolded(bytes, from, to, CLOSE);
    keepAlive |= Bytes.equalsFolded(bytes, from, to, KEEP_ALIVE);
    upgrade |= Bytes.equalsFolded(bytes, from, to, UPGRADE);
  }
}
