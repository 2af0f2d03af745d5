package io.ostiary.gateway.wire;

import org.jspecify.annotations.Nullable;

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

  /// Reads a Connection field, and takes out the fields that it names (RFC 9110 section 7.6.1), so
  /// that neither a filter nor the next hop sees them.
  @Nullable HeadFault take(Fields fields, int field) {
    var bytes = fields.bytes();
    int p = fields.valueStart(field);
    int end = fields.valueEnd(field);
    while (p < end) {
      int start = p;
      while (p < end && Bytes.TOKEN[bytes[p] & 0xff] != 0) {
        p++;
      }
      if (p > start) {
        option(bytes, start, p);
        fields.removeNamed(start, p);
      }
      while (p < end && Fields.blank(bytes[p])) {
        p++;
      }
      if (p < end && bytes[p] != ',') {
        return HeadFault.CONNECTION_VALUE;
      }
      p++;
      while (p < end && Fields.blank(bytes[p])) {
        p++;
      }
    }
    return null;
  }

  private void option(byte[] bytes, int from, int to) {
    close |= Bytes.equalsFolded(bytes, from, to, CLOSE);
    keepAlive |= Bytes.equalsFolded(bytes, from, to, KEEP_ALIVE);
    upgrade |= Bytes.equalsFolded(bytes, from, to, UPGRADE);
  }
}
