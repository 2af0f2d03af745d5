package io.ostiary.gateway.wire;

import io.netty.buffer.ByteBuf;

/// Field lists as HPACK (RFC 7541), written without a dynamic table: each name is an index of the
/// static table or a text, each value a text. It costs some bytes more than a table and next to no
/// time, and nothing is kept for each connection that a client could make grow.
public final class FieldBlock {
  /// The dynamic table shrinks to nothing: said once, at the beginning of the first block.
  private static final int TABLE_EMPTY = 0x20;

  private static final int INDEXED = 0x80;
  private static final int STATUS = 8;
  private static final int NEVER_INDEXED = 0x10;
  private static final int SET_COOKIE = 55;
  private static final byte[][][] NAMES = new byte[32][][];
  private static final int[][] INDEXES = new int[32][];

  static {
    known("accept-ranges", 18);
    known("access-control-allow-origin", 20);
    known("age", 21);
    known("allow", 22);
    known("cache-control", 24);
    known("content-disposition", 25);
    known("content-encoding", 26);
    known("content-language", 27);
    known("content-length", 28);
    known("content-location", 29);
    known("content-range", 30);
    known("content-type", 31);
    known("date", 33);
    known("etag", 34);
    known("expires", 36);
    known("last-modified", 44);
    known("link", 45);
    known("location", 46);
    known("retry-after", 53);
    known("server", 54);
    known("set-cookie", SET_COOKIE);
    known("strict-transport-security", 56);
    known("vary", 59);
    known("via", 60);
    known("www-authenticate", 61);
  }

  private FieldBlock() {}

  private static void known(String name, int index) {
    int length = name.length();
    int had = NAMES[length] == null ? 0 : NAMES[length].length;
    var names = new byte[had + 1][];
    var indexes = new int[had + 1];
    for (int i = 0; i < had; i++) {
      names[i] = NAMES[length][i];
      indexes[i] = INDEXES[length][i];
    }
    names[had] = Bytes.of(name);
    indexes[had] = index;
    NAMES[length] = names;
    INDEXES[length] = indexes;
  }

  public static void tableEmpty(ByteBuf out) {
    out.writeByte(TABLE_EMPTY);
  }

  public static void status(ByteBuf out, int status) {
    int index =
        switch (status) {
          case 200 -> 8;
          case 204 -> 9;
          case 206 -> 10;
          case 304 -> 11;
          case 400 -> 12;
          case 404 -> 13;
          case 500 -> 14;
          default -> 0;
        };
    if (index > 0) {
      out.writeByte(INDEXED | index);
      return;
    }
    out.writeByte(STATUS).writeByte(3);
    out.writeByte('0' + status / 100)
        .writeByte('0' + status / 10 % 10)
        .writeByte('0' + status % 10);
  }

  /// Writes every field whose kind is in the set `keep` (bit = kind).
  public static void fields(ByteBuf out, Fields fields, int keep) {
    var bytes = fields.bytes();
    for (int i = 0; i < fields.count(); i++) {
      if ((keep >>> fields.kind(i) & 1) != 0) {
        name(out, bytes, fields.nameStart(i), fields.nameEnd(i));
        int start = fields.valueStart(i);
        int length = fields.valueEnd(i) - start;
        length(out, length);
        out.writeBytes(bytes, start, length);
      }
    }
  }

  private static void name(ByteBuf out, byte[] bytes, int from, int to) {
    int index = index(bytes, from, to);
    if (index > 0) {
      // Cookies of sessions are not for the tables of those who pass them on.
      integer(out, index == SET_COOKIE ? NEVER_INDEXED : 0, 15, index);
      return;
    }
    out.writeByte(0);
    length(out, to - from);
    for (int i = from; i < to; i++) {
      out.writeByte(Bytes.fold(bytes[i]));
    }
  }

  private static int index(byte[] bytes, int from, int to) {
    int length = to - from;
    if (length >= NAMES.length || NAMES[length] == null) {
      return 0;
    }
    var names = NAMES[length];
    for (int i = 0; i < names.length; i++) {
      if (Bytes.isToken(bytes, from, to, names[i])) {
        return INDEXES[length][i];
      }
    }
    return 0;
  }

  /// The beginning of a field with a name of the static table; its value of `length` bytes follows.
  public static void indexedName(ByteBuf out, int index, int length) {
    integer(out, 0, 15, index);
    length(out, length);
  }

  /// The beginning of a field with this name; its value of `length` bytes follows.
  public static void namedField(ByteBuf out, byte[] name, int length) {
    out.writeByte(0);
    length(out, name.length);
    out.writeBytes(name);
    length(out, length);
  }

  /// `content-length`.
  ///
  /// @param digits its value
  public static void contentLength(ByteBuf out, HeadText digits) {
    indexedName(out, 28, digits.length());
    digits.copyTo(out);
  }

  private static void length(ByteBuf out, int length) {
    integer(out, 0, 127, length);
  }

  /// RFC 7541 section 5.1.
  private static void integer(ByteBuf out, int flags, int prefixMax, int value) {
    if (value < prefixMax) {
      out.writeByte(flags | value);
      return;
    }
    out.writeByte(flags | prefixMax);
    int rest = value - prefixMax;
    while (rest >= 128) {
      out.writeByte((rest & 127) | 128);
      rest >>>= 7;
    }
    out.writeByte(rest);
  }

  /// An upper bound of what [#fields] writes: a length byte or two more for each field.
  public static int bytesMax(Fields fields) {
    return fields.bytesMax() + fields.count() * 8;
  }
}
