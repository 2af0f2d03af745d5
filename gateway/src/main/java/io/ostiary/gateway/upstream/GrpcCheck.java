package io.ostiary.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.ostiary.model.HealthCheck;
import io.ostiary.model.Target;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Asks `grpc.health.v1.Health/Check` over HTTP/2, with prior knowledge or over TLS. One request on
/// a connection of its own needs little of the protocol: the preface and SETTINGS, a head of
/// literal fields (RFC 7541 section 6.2.2), one DATA frame; and of what comes back the DATA of the
/// stream, in which the message says how the service does. An answer without DATA is an error of
/// gRPC. Used once; confined to its event loop.
final class GrpcCheck implements HealthChecker.Check {
  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int RST_STREAM = 3;
  private static final int SETTINGS = 4;
  private static final int PING = 6;
  private static final int GOAWAY = 7;
  private static final int ACK = 1;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final int PADDED = 8;
  private static final int FRAME_BYTES_MAX = 16 * 1024;
  private static final int SERVING = 1;
  private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  private static final String[] STATES = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};

  private final String scheme;
  private final String authority;
  private final byte[] message;
  private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
  private final ByteArrayOutputStream answer = new ByteArrayOutputStream();

  /// @param secure whether the connection is encrypted
  GrpcCheck(HealthCheck check, Target target, boolean secure) {
    scheme = secure ? "https" : "http";
    var host = check.expected().host();
    authority = host.isEmpty() ? target.authority() : host;
    message = message(check.expected().service());
  }

  /// The request with the five bytes before it: not compressed, and its length.
  private static byte[] message(String service) {
    var name = service.getBytes(StandardCharsets.UTF_8);
    var out = new ByteArrayOutputStream();
    int length = name.length == 0 ? 0 : name.length + 2;
    out.writeBytes(new byte[] {0, 0, 0, 0, (byte) length});
    if (name.length > 0) {
      // Field 1, a text.
      out.write(0x0a);
      out.write(name.length);
      out.writeBytes(name);
    }
    return out.toByteArray();
  }

  @Override
  public boolean connected(Channel to) {
    var out = to.alloc().buffer(512);
    out.writeCharSequence(PREFACE, StandardCharsets.ISO_8859_1);
    frame(out, SETTINGS, 0, 0, new byte[0]);
    frame(out, HEADERS, END_HEADERS, 1, head());
    frame(out, DATA, END_STREAM, 1, message);
    to.writeAndFlush(out, to.voidPromise());
    return false;
  }

  private byte[] head() {
    var out = new ByteArrayOutputStream();
    field(out, ":method", "POST");
    field(out, ":scheme", scheme);
    field(out, ":path", "/grpc.health.v1.Health/Check");
    field(out, ":authority", authority);
    field(out, "content-type", "application/grpc");
    field(out, "te", "trailers");
    field(out, "user-agent", "ostiary-health");
    return out.toByteArray();
  }

  /// A literal field that is not indexed, with a name of its own, neither of them compressed.
  private static void field(ByteArrayOutputStream out, String name, String value) {
    out.write(0);
    text(out, name);
    text(out, value);
  }

  private static void text(ByteArrayOutputStream out, String text) {
    var bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    int rest = bytes.length;
    if (rest < 127) {
      out.write(rest);
    } else {
      out.write(127);
      rest -= 127;
      while (rest >= 128) {
        out.write(rest % 128 + 128);
        rest /= 128;
      }
      out.write(rest);
    }
    out.writeBytes(bytes);
  }

  private static void frame(ByteBuf out, int type, int flags, int stream, byte[] payload) {
    out.writeMedium(payload.length).writeByte(type).writeByte(flags).writeInt(stream);
    out.writeBytes(payload);
  }

  @Override
  public @Nullable String read(Channel from, ByteBuf in) {
    var bytes = new byte[in.readableBytes()];
    in.readBytes(bytes);
    kept.writeBytes(bytes);
    var all = kept.toByteArray();
    int at = 0;
    String said = null;
    while (said == null && all.length - at >= 9) {
      int length = (all[at] & 0xff) << 16 | (all[at + 1] & 0xff) << 8 | (all[at + 2] & 0xff);
      if (length > FRAME_BYTES_MAX) {
        return "an answer that cannot be read";
      }
      if (all.length - at - 9 < length) {
        break;
      }
      said = frame(from, all, at, length);
      at += 9 + length;
    }
    kept.reset();
    kept.write(all, at, all.length - at);
    return said;
  }

  private @Nullable String frame(Channel from, byte[] all, int at, int length) {
    int type = all[at + 3];
    int flags = all[at + 4];
    int start = at + 9;
    boolean last = (flags & END_STREAM) != 0;
    switch (type) {
      case SETTINGS -> {
        if ((flags & ACK) == 0) {
          reply(from, SETTINGS, new byte[0]);
        }
      }
      case PING -> {
        if ((flags & ACK) == 0) {
          reply(from, PING, java.util.Arrays.copyOfRange(all, start, start + length));
        }
      }
      case HEADERS -> {
        return last ? "an error of gRPC" : null;
      }
      case DATA -> {
        int padding = (flags & PADDED) == 0 || length == 0 ? 0 : (all[start] & 0xff) + 1;
        int first = padding > 0 ? start + 1 : start;
        answer.write(all, first, Math.max(0, length - padding));
        return state();
      }
      case RST_STREAM, GOAWAY -> {
        return "refused by HTTP/2";
      }
      default -> {}
    }
    return null;
  }

  private static void reply(Channel to, int type, byte[] payload) {
    var out = to.alloc().buffer(32);
    frame(out, type, ACK, 0, payload);
    to.writeAndFlush(out, to.voidPromise());
  }

  /// Field 1 of the message, a number; absent it is 0.
  private @Nullable String state() {
    var bytes = answer.toByteArray();
    if (bytes.length < 5) {
      return null;
    }
    int length = (bytes[3] & 0xff) << 8 | (bytes[4] & 0xff);
    if (bytes.length < 5 + length) {
      return null;
    }
    int state = length >= 2 && bytes[5] == 0x08 ? bytes[6] : 0;
    if (state == SERVING) {
      return "";
    }
    return "gRPC says " + (state >= 0 && state < STATES.length ? STATES[state] : "" + state);
  }

  @Override
  public String ended() {
    return "closed without an answer";
  }
}
