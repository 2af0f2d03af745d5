package io.ostiary.gateway;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Frames of a client of HTTP/2, made of the bytes of a fuzzer: mostly such as clients send, in an
/// order that none would, and some that are none. What is sent of each request is written down on
/// the way, in the plainest words, so that it can be compared with what comes out.
final class FuzzFrames {
  private static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
  private static final int FRAMES_MAX = 60;
  private static final String[] FIELDS = {
    "accept",
    "*/*",
    "cookie",
    "a=1",
    "cookie",
    "b=2",
    "content-length",
    "0",
    "content-length",
    "5",
    "content-length",
    "7",
    "te",
    "trailers",
    "te",
    "gzip",
    "expect",
    "100-continue",
    "x-a",
    "",
    "x-a",
    " b",
    "X-A",
    "1",
    "x-a",
    "c\r\nd: e",
    "connection",
    "close",
    "transfer-encoding",
    "chunked",
    "host",
    "t.example",
    "host",
    "evil",
    ":path",
    "/evil",
    ":protocol",
    "websocket",
    ":status",
    "200",
    ":method",
    "GET",
    "x_a",
    "1",
    "upgrade",
    "h2c",
    "trailer",
    "x-a",
    "x\u00e9",
    "1",
    "",
    "1",
    "range",
    "bytes=0-1",
    "if-none-match",
    "*",
    "x-long",
    "y".repeat(3000)
  };

  /// What a client said on one stream of a request whose path ends in its number.
  static final class Sent {
    final int stream;
    final ByteArrayOutputStream content = new ByteArrayOutputStream();
    private final int announced;
    private boolean ended;

    /// Whether anything was sent on its stream that a server may end the request for.
    boolean odd;

    /// @param announced by `content-length`; -1: not
    Sent(int stream, int announced) {
      this.stream = stream;
      this.announced = announced;
    }

    /// Whether a server has the whole request: what it was announced to be, or up to its end.
    boolean whole() {
      return ended || content.size() == announced;
    }

    private void add(byte[] bytes, boolean last) {
      content.writeBytes(bytes);
      ended = last;
      odd |= announced >= 0 && content.size() > announced;
    }
  }

  final Map<String, Sent> requests = new LinkedHashMap<>();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final byte[] data;
  private final String run;
  private int at;
  private int lastStream = -1;
  private byte[] restOfBlock = {};

  /// @param run a name of its own, for requests of the one before may come late
  FuzzFrames(byte[] data, String run) {
    this.data = data;
    this.run = run;
  }

  byte[] bytes() {
    out.writeBytes(PREFACE);
    if (next() < 250) {
      frame(RawHttp2.SETTINGS, 0, 0, new byte[0]);
    }
    for (int i = 0; at < data.length && i < FRAMES_MAX; i++) {
      one();
    }
    return out.toByteArray();
  }

  private int next() {
    return at < data.length ? data[at++] & 0xff : 0;
  }

  private void one() {
    switch (next() % 16) {
      case 0, 1, 2, 3 -> headers();
      case 4, 5, 6, 7 -> content();
      case 8 -> frame(9, next() & 4, stream(), restOfBlock);
      case 9 -> {
        int on = stream();
        odd(on);
        frame(RawHttp2.RST_STREAM, 0, on, number(next() % 16));
      }
      case 10 -> frame(8, 0, next() % 2 == 0 ? 0 : stream(), number(windows()[next() % 5]));
      case 11 -> settings();
      case 12 -> frame(RawHttp2.PING, next() & 1, 0, new byte[next() % 3 == 0 ? 7 : 8]);
      case 13 -> frame(2, 0, stream(), new byte[] {0, 0, 0, (byte) next(), 16});
      case 14 -> frame(RawHttp2.GOAWAY, 0, 0, new byte[8]);
      default -> raw();
    }
  }

  private static int[] windows() {
    return new int[] {0, 1, 65_535, 1 << 20, Integer.MAX_VALUE};
  }

  /// The last stream, an older one, or a new one.
  private int stream() {
    int wanted = next();
    if (wanted < 160 && lastStream > 0) {
      return lastStream;
    }
    return wanted < 200 ? Math.max(1, lastStream - 2) : wanted < 230 ? wanted : 0;
  }

  private void headers() {
    int kind = next();
    boolean fresh = kind < 200;
    int on = fresh ? (lastStream < 0 ? 1 : lastStream + 2) : stream();
    lastStream = Math.max(lastStream, on);
    var number = "/" + run + "/" + requests.size();
    int fields = next() % 4;
    var pairs = new ArrayList<String>();
    if (fresh || kind % 2 == 0) {
      pairs.addAll(
          List.of(
              ":method",
              kind % 3 == 0 ? "GET" : "POST",
              ":scheme",
              "http",
              ":path",
              number,
              ":authority",
              "t.example"));
    }
    for (int i = 0; i < fields; i++) {
      int which = next() % (FIELDS.length / 2) * 2;
      pairs.add(FIELDS[which]);
      pairs.add(FIELDS[which + 1]);
    }
    int flags = next();
    boolean last = (flags & 3) == 0;
    int length = pairs.indexOf("content-length");
    var sent = new Sent(on, length < 0 ? -1 : Integer.parseInt(pairs.get(length + 1)));
    odd(on);
    sent.ended = last;
    requests.put(number, sent);
    var block = RawHttp2.block(pairs.toArray(String[]::new));
    boolean whole = (flags & 64) == 0 || block.length < 4;
    int cut = whole ? block.length : block.length / 2;
    frame(
        RawHttp2.HEADERS,
        (last ? RawHttp2.END_STREAM : 0) | (whole ? RawHttp2.END_HEADERS : 0),
        on,
        java.util.Arrays.copyOf(block, cut));
    restOfBlock = java.util.Arrays.copyOfRange(block, cut, block.length);
    if (!whole && flags >= 128) {
      frame(9, 4, on, restOfBlock);
    }
  }

  /// What was begun on a stream before is not looked at any more.
  private void odd(int stream) {
    requests.values().stream().filter(one -> one.stream == stream).forEach(one -> one.odd = true);
  }

  private void content() {
    int on = stream();
    int size = next();
    int flags = next();
    var bytes = new byte[size < 250 ? size : size * 60];
    java.util.Arrays.fill(bytes, (byte) ('a' + size % 26));
    boolean last = (flags & 3) == 0;
    for (var sent : requests.values()) {
      if (sent.stream == on && !sent.ended) {
        sent.add(bytes, last);
      }
    }
    int end = last ? RawHttp2.END_STREAM : 0;
    if ((flags & 32) == 0) {
      frame(RawHttp2.DATA, end, on, bytes);
      return;
    }
    int padding = flags & 15;
    var padded = new byte[bytes.length + 1 + padding];
    padded[0] = (byte) padding;
    System.arraycopy(bytes, 0, padded, 1, bytes.length);
    frame(RawHttp2.DATA, end | 8, on, padded);
  }

  private void settings() {
    int count = next() % 4;
    var payload = new ByteArrayOutputStream();
    for (int i = 0; i < count; i++) {
      payload.write(0);
      payload.write(next() % 10);
      payload.writeBytes(number(next() % 3 == 0 ? next() : next() << 8));
    }
    frame(RawHttp2.SETTINGS, 0, 0, payload.toByteArray());
  }

  /// Whatever the fuzzer likes, its length aside, so that the next frame is found again; or not.
  private void raw() {
    int type = next() % 12;
    int flags = next();
    int on = stream();
    int size = Math.min(next(), data.length - at);
    var payload = java.util.Arrays.copyOfRange(data, at, at + size);
    at += size;
    odd(on);
    lastStream = type == RawHttp2.HEADERS ? Math.max(lastStream, on) : lastStream;
    boolean lies = next() == 7;
    frame(type, flags, on, payload, lies ? size + 1 : size);
    if (lies) {
      // What follows is read otherwise than it was meant.
      requests.values().forEach(one -> one.odd = true);
      at = data.length;
    }
  }

  private static byte[] number(int value) {
    return new byte[] {
      (byte) (value >> 24), (byte) (value >> 16), (byte) (value >> 8), (byte) value
    };
  }

  private void frame(int type, int flags, int on, byte[] payload) {
    frame(type, flags, on, payload, payload.length);
  }

  private void frame(int type, int flags, int on, byte[] payload, int length) {
    out.write(length >> 16);
    out.write(length >> 8);
    out.write(length);
    out.write(type);
    out.write(flags);
    out.writeBytes(number(on));
    out.writeBytes(payload);
  }
}
