package io.ostiary.gateway.exchange;

import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.wire.RequestHead;
import io.ostiary.gateway.wire.ResponseHead;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/// What gRPC adds to HTTP: a status of its own, which its clients look for in place of HTTP's, and
/// a deadline that goes with the call.
///
/// A problem of ours is told as gRPC tells an error without an answer: status 200, and
/// `grpc-status` in the head. The numbers are those by which gRPC itself, and Envoy, read a status
/// of HTTP. Clients of gRPC-Web are told the same, under the name of theirs.
final class Grpc {
  private static final HeaderName CONTENT_TYPE = HeaderName.of("Content-Type");
  private static final HeaderName STATUS = HeaderName.of("grpc-status");
  private static final HeaderName MESSAGE = HeaderName.of("grpc-message");
  private static final HeaderName TIMEOUT = HeaderName.of("grpc-timeout");

  /// So much later than the client itself, whose own word about its deadline should come first.
  private static final long GRACE_NANOS = 200_000_000L;

  private static final String TYPE = "application/grpc";
  private static final String WEB = "application/grpc-web";
  private static final String TEXT = "application/grpc-web-text";
  private static final HexFormat HEX = HexFormat.of().withUpperCase();

  private Grpc() {}

  /// Whether the client speaks gRPC, or gRPC-Web.
  static boolean asked(RequestHead head) {
    var type = head.fields().first(CONTENT_TYPE);
    if (type == null || !type.startsWith(TYPE)) {
      return false;
    }
    int end =
        type.startsWith(TEXT) ? TEXT.length() : type.startsWith(WEB) ? WEB.length() : TYPE.length();
    return type.length() == end || "+;".indexOf(type.charAt(end)) >= 0;
  }

  /// What the client's own type answers to. A policy that speaks for the client has said so.
  private static String type(RequestHead asked, ResponseHead head) {
    var told = head.fields().first(CONTENT_TYPE);
    if (told != null && told.startsWith(WEB)) {
      return told;
    }
    var type = asked.fields().first(CONTENT_TYPE);
    if (type != null && type.startsWith(TEXT)) {
      return TEXT + "+proto";
    }
    return type != null && type.startsWith(WEB) ? WEB + "+proto" : TYPE;
  }

  /// The sooner of a limit of ours and the client's deadline; 0: neither.
  static long sooner(long ownNanos, RequestHead head) {
    long deadline = asked(head) ? timeoutNanos(head.fields().first(TIMEOUT)) : 0;
    return deadline == 0 || (ownNanos > 0 && ownNanos < deadline) ? ownNanos : deadline;
  }

  /// `TimeoutValue TimeoutUnit`, at most eight digits; 0: none that can be read.
  private static long timeoutNanos(@org.jspecify.annotations.Nullable String text) {
    if (text == null || text.length() < 2 || text.length() > 9) {
      return 0;
    }
    long value = 0;
    for (int i = 0; i < text.length() - 1; i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return 0;
      }
      value = value * 10 + c - '0';
    }
    long unit =
        switch (text.charAt(text.length() - 1)) {
          case 'H' -> 3_600_000_000_000L;
          case 'M' -> 60_000_000_000L;
          case 'S' -> 1_000_000_000L;
          case 'm' -> 1_000_000L;
          case 'u' -> 1_000L;
          case 'n' -> 1L;
          default -> 0L;
        };
    // A wait of more than a year is none.
    return unit == 0 ? 0 : Math.min(value, 31_536_000_000_000_000L / unit) * unit + GRACE_NANOS;
  }

  /// Turns the head of a problem, which has its own fields, into what gRPC's clients read.
  static void tell(RequestHead asked, ResponseHead head, Problem problem) {
    var type = type(asked, head);
    int status = status(problem);
    head.restated(200);
    var fields = head.fields();
    fields.set(CONTENT_TYPE, type);
    fields.set(STATUS, Integer.toString(status));
    fields.set(MESSAGE, escaped(problem.detail().isEmpty() ? problem.title() : problem.detail()));
  }

  static int status(Problem problem) {
    if (problem.code().equals("upstream-timeout")) {
      return 4;
    }
    if (problem.equals(Problems.CANCELLED)) {
      return 1;
    }
    return switch (problem.status()) {
      case 400 -> 13;
      case 401 -> 16;
      case 403 -> 7;
      case 404 -> 12;
      case 408 -> 4;
      case 413 -> 8;
      case 429, 502, 503, 504 -> 14;
      default -> 2;
    };
  }

  /// Bytes of UTF-8 outside the printable part of ASCII, and `%`, as `%XX`.
  private static String escaped(String text) {
    var out = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      if (b >= ' ' && b <= '~' && b != '%') {
        out.append((char) b);
      } else {
        out.append('%').append(HEX.toHexDigits(b));
      }
    }
    return out.toString();
  }
}
