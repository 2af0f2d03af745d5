package io.ostiary.gateway.wire;

import org.jspecify.annotations.Nullable;

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

  /// The names that mean something, found by their hash ([HeaderName#hash]); the next slot where
  /// one is taken.
  private static final int SLOTS = 128;

  private static final byte[] @Nullable [] NAMES = new byte[SLOTS][];
  private static final int[] HASHES = new int[SLOTS];
  private static final byte[] KINDS = new byte[SLOTS];

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
    known("x-forwarded-prefix", FORWARDED_PREFIX);
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
  ///
  /// @param hash its [HeaderName#hash]
  static int of(byte[] bytes, int from, int to, int hash) {
    for (int slot = slot(hash); ; slot = (slot + 1) & SLOTS - 1) {
      var name = NAMES[slot];
      if (name == null) {
        return ours(bytes, from, to) ? IDENTITY : OTHER;
      }
      if (HASHES[slot] == hash && name.length == to - from && matches(bytes, from, name)) {
        return KINDS[slot];
      }
    }
  }

  private static int slot(int hash) {
    return (hash * 0x9e3779b9) >>> Integer.numberOfLeadingZeros(SLOTS - 1);
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

  private static boolean matches(byte[] bytes, int from, byte[] name) {
    for (int i = 0; i < name.length; i++) {
      if (Bytes.NAME[bytes[from + i] & 0xff] != name[i]) {
        return false;
      }
    }
    return true;
  }

  private static void known(String name, int kind) {
    int slot = slot(name.hashCode());
    while (NAMES[slot] != null) {
      slot = (slot + 1) & SLOTS - 1;
    }
    NAMES[slot] = Bytes.of(name);
    HASHES[slot] = name.hashCode();
    KINDS[slot] = (byte) kind;
  }
}
