package io.ostiary.gateway.wire;

/// What a field is to the gateway: most are nothing to it, some frame the message, some belong to
/// one hop, some are its own to write.
public final class FieldKind {
  public static final int OTHER = 0;
  public static final int HOST = 1;
  public static final int CONTENT_LENGTH = 2;
  public static final int TRANSFER_ENCODING = 3;
  public static final int CONNECTION = 4;

  /// Belongs to one hop by its nature (RFC 9110 section 7.6.1).
  public static final int HOP = 5;

  public static final int EXPECT = 6;
  public static final int KEEP_ALIVE = 7;
  public static final int UPGRADE = 8;
  public static final int FORWARDED = 9;
  public static final int FORWARDED_FOR = 10;
  public static final int FORWARDED_PROTO = 11;
  public static final int FORWARDED_HOST = 12;
  public static final int TRACEPARENT = 13;
  public static final int OSTIARY_CALL = 14;
  public static final int DATE = 15;

  /// Taken out: by a filter, because Connection named it, or because only the gateway may say it.
  public static final int REMOVED = 16;

  /// What only the gateway may tell an upstream; nobody's word for it is taken, on any route.
  static final int IDENTITY = 17;

  /// May carry the session of the console ([SessionCookies]); an ordinary field once that is gone.
  static final int COOKIE = 18;

  /// Belongs to the trace that `traceparent` names, and goes on only with it.
  public static final int TRACESTATE = 19;

  /// Belongs to one hop, and is read there where the hop changes its protocol.
  static final int HTTP2_SETTINGS = 20;

  /// Those of a response that go to the client as they came.
  public static final int KEPT_IN_ANSWERS =
      1 << OTHER
          | 1 << DATE
          | 1 << FORWARDED
          | 1 << FORWARDED_FOR
          | 1 << FORWARDED_PROTO
          | 1 << FORWARDED_HOST
          | 1 << TRACEPARENT
          | 1 << TRACESTATE;

  /// Kinds below this and above OTHER frame the message or belong to the hop: filters may read but
  /// not change them.
  private static final int OWNED_MAX = UPGRADE;

  private static final byte[] OURS = Bytes.of("ostiary");
  private static final byte[][][] NAMES = new byte[20][][];
  private static final int[][] KINDS = new int[20][];

  static {
    known("host", HOST);
    known("content-length", CONTENT_LENGTH);
    known("transfer-encoding", TRANSFER_ENCODING);
    known("connection", CONNECTION);
    known("keep-alive", KEEP_ALIVE);
    known("proxy-connection", HOP);
    known("proxy-authorization", HOP);
    known("proxy-authenticate", HOP);
    known("te", HOP);
    known("http2-settings", HTTP2_SETTINGS);
    known("upgrade", UPGRADE);
    known("expect", EXPECT);
    known("forwarded", FORWARDED);
    known("x-forwarded-for", FORWARDED_FOR);
    known("x-forwarded-proto", FORWARDED_PROTO);
    known("x-forwarded-host", FORWARDED_HOST);
    known("traceparent", TRACEPARENT);
    known("tracestate", TRACESTATE);
    known("ostiary-call", OSTIARY_CALL);
    known("date", DATE);
    known("cookie", COOKIE);
  }

  private FieldKind() {}

  static boolean owned(int kind) {
    return kind > OTHER && kind <= OWNED_MAX;
  }

  /// The kind of a name, where `_` counts as `-`.
  static int of(byte[] bytes, int from, int to) {
    int length = to - from;
    if (length < NAMES.length && NAMES[length] != null) {
      var names = NAMES[length];
      for (int i = 0; i < names.length; i++) {
        if (matches(bytes, from, names[i])) {
          return KINDS[length][i];
        }
      }
    }
    return length > OURS.length && ours(bytes, from) ? IDENTITY : OTHER;
  }

  /// `ostiary` and any mark behind it: what upstreams are told of callers begins so.
  private static boolean ours(byte[] bytes, int from) {
    for (int i = 0; i < OURS.length; i++) {
      if (Bytes.fold(bytes[from + i]) != OURS[i]) {
        return false;
      }
    }
    return !Character.isLetterOrDigit(bytes[from + OURS.length]);
  }

  private static boolean matches(byte[] bytes, int from, byte[] name) {
    for (int i = 0; i < name.length; i++) {
      byte b = bytes[from + i];
      byte folded = b == '_' ? (byte) '-' : Bytes.fold(b);
      if (folded != name[i]) {
        return false;
      }
    }
    return true;
  }

  private static void known(String name, int kind) {
    int length = name.length();
    int had = NAMES[length] == null ? 0 : NAMES[length].length;
    var names = new byte[had + 1][];
    var kinds = new int[had + 1];
    for (int i = 0; i < had; i++) {
      names[i] = NAMES[length][i];
      kinds[i] = KINDS[length][i];
    }
    names[had] = Bytes.of(name);
    kinds[had] = kind;
    NAMES[length] = names;
    KINDS[length] = kinds;
  }
}
