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

  /// Which front of the client's path the upstream does not see.
  public static final int FORWARDED_PREFIX = 21;

  /// Those of a response that go to the client as they came.
  public static final int KEPT_IN_ANSWERS =
      1 << OTHER
          | 1 << DATE
          | 1 << FORWARDED
          | 1 << FORWARDED_FOR
          | 1 << FORWARDED_PROTO
          | 1 << FORWARDED_HOST
          | 1 << FORWARDED_PREFIX
          | 1 << TRACEPARENT
          | 1 << TRACESTATE;

  /// Kinds below this and above OTHER frame the message or belong to the hop: filters may read but
  /// not change them.
  private static final int OWNED_MAX = UPGRADE;

  private static final byte[] OURS = Bytes.of("ostiary");

  private static final NameTable NAMES = new NameTable(128);

  static {
    NAMES.put("host", HOST);
    NAMES.put("content-length", CONTENT_LENGTH);
    NAMES.put("transfer-encoding", TRANSFER_ENCODING);
    NAMES.put("connection", CONNECTION);
    NAMES.put("keep-alive", KEEP_ALIVE);
    NAMES.put("proxy-connection", HOP);
    NAMES.put("proxy-authorization", HOP);
    NAMES.put("proxy-authenticate", HOP);
    NAMES.put("te", HOP);
    NAMES.put("http2-settings", HTTP2_SETTINGS);
    NAMES.put("upgrade", UPGRADE);
    NAMES.put("expect", EXPECT);
    NAMES.put("forwarded", FORWARDED);
    NAMES.put("x-forwarded-for", FORWARDED_FOR);
    NAMES.put("x-forwarded-proto", FORWARDED_PROTO);
    NAMES.put("x-forwarded-host", FORWARDED_HOST);
    NAMES.put("x-forwarded-prefix", FORWARDED_PREFIX);
    NAMES.put("traceparent", TRACEPARENT);
    NAMES.put("tracestate", TRACESTATE);
    NAMES.put("ostiary-call", OSTIARY_CALL);
    NAMES.put("date", DATE);
    NAMES.put("cookie", COOKIE);
  }

  private FieldKind() {}

  static boolean owned(int kind) {
    return kind > OTHER && kind <= OWNED_MAX;
  }

  /// The kind of a name, where `_` counts as `-`.
  ///
  /// @param hash its [HeaderName#hash]
  static int of(byte[] bytes, int from, int to, int hash) {
    int kind = NAMES.of(bytes, from, to, hash);
    if (kind >= 0) {
      return kind;
    }
    return ours(bytes, from, to) ? IDENTITY : OTHER;
  }

  /// `ostiary` and any mark behind it: what upstreams are told of callers begins so.
  private static boolean ours(byte[] bytes, int from, int to) {
    if ((bytes[from] | 0x20) != 'o' || to - from <= OURS.length) {
      return false;
    }
    for (int i = 0; i < OURS.length; i++) {
      if (Bytes.fold(bytes[from + i]) != OURS[i]) {
        return false;
      }
    }
    int next = bytes[from + OURS.length] | 0x20;
    return !(next >= 'a' && next <= 'z') && !(next >= '0' && next <= '9');
  }
}
