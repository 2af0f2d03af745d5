package io.ostiary.kernel.capture;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// Takes out of packets what a capture must not keep, before anything is written: what is carried,
/// or, where it is kept, the secrets in heads of HTTP/1.
///
/// Bodies cut: everything behind the transport header goes, but for a head of HTTP/1 that begins in
/// the packet. Bodies kept: only values of secret fields are overwritten, also where they run on in
/// the next packet of the connection, and wherever in a packet something looks like a head: behind
/// a body the next one begins at any place. What HTTP/2 and TLS carry is not understood: of HTTP/2
/// without encryption the frames that hold fields are blanked where a packet begins with one.
///
/// Confined to one thread; remembers a bounded number of connections.
final class Privacy {
  private static final int CONNECTIONS_MAX = 4096;
  private static final byte MASK = '*';
  private static final int FRAME_HEAD = 9;

  /// Frames of HTTP/2 that hold fields: HEADERS, PUSH_PROMISE, CONTINUATION.
  private static final Set<Integer> FIELD_FRAMES = Set.of(1, 5, 9);

  private static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final boolean keepBodies;
  private final Set<String> secrets;

  /// How the last packet of a connection ended.
  ///
  /// @param within in a head
  /// @param midLine in a line of it
  /// @param begun outside of one, with this, which may be the beginning of one
  private record Left(boolean within, boolean midLine, String begun) {}

  /// Connections, by their ends in this direction, whose last packet ended so.
  private final Map<String, Left> open =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Left> eldest) {
          return size() > CONNECTIONS_MAX;
        }
      };

  /// @param secrets names of header fields and query parameters, in lower case
  Privacy(boolean keepBodies, Set<String> secrets) {
    this.keepBodies = keepBodies;
    this.secrets = Set.copyOf(secrets);
  }

  /// The packet as it may be kept; perhaps the same array, changed.
  byte[] apply(byte[] frame) {
    var headers = Headers.of(frame);
    int from = headers.payload();
    int end = headers.end();
    int keep = from;
    if (headers.is(Headers.TCP) && from < end) {
      keep = heads(frame, from, end, connection(headers));
    } else if (headers.type() == Headers.ARP) {
      keep = frame.length;
    }
    if (keepBodies) {
      return frame;
    }
    return keep < frame.length ? Arrays.copyOf(frame, keep) : frame;
  }

  private static String connection(Headers headers) {
    return headers.source()
        + " "
        + headers.sourcePort()
        + " "
        + headers.destination()
        + " "
        + headers.destinationPort();
  }

  /// Masks secrets in the heads that a segment holds.
  ///
  /// @return where what may be kept in any case ends
  private int heads(byte[] frame, int from, int end, String connection) {
    int at = from;
    int kept = from;
    var left = open.remove(connection);
    if (left != null && left.within() && !HttpText.startsHead(frame, at, end)) {
      at = continued(frame, at, end, connection, left.midLine());
    } else if (left != null && !left.within() && completes(left.begun(), frame, at, end)) {
      at = head(frame, at, end, connection);
    }
    if (!keepBodies) {
      return HttpText.startsHead(frame, at, end) ? head(frame, at, end, connection) : kept;
    }
    while (at < end) {
      int next = HttpText.nextHead(frame, at, end);
      frames(frame, at, next);
      if (next == end) {
        var begun = HttpText.begun(frame, at, end);
        if (!begun.isEmpty()) {
          open.put(connection, new Left(false, false, begun));
        }
        break;
      }
      at = head(frame, next, end, connection);
      kept = at;
    }
    return kept;
  }

  /// Whether a head begins with what a packet ended with and this one begins with.
  private static boolean completes(String begun, byte[] frame, int at, int end) {
    int more = Math.min(end - at, HttpText.START_MAX + 1);
    var text = begun + new String(frame, at, more, StandardCharsets.ISO_8859_1);
    var bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    return HttpText.startsHead(bytes, 0, bytes.length) && HttpText.hasTarget(bytes);
  }

  /// What was cut in two belongs to a line that began in the packet before: of that line nothing
  /// can be told, so all of it goes.
  private int continued(byte[] frame, int at, int end, String connection, boolean midLine) {
    int from = at;
    if (midLine) {
      int lineEnd = HttpText.lineEnd(frame, at, end);
      Arrays.fill(frame, at, lineEnd, MASK);
      if (lineEnd == end) {
        open.put(connection, new Left(true, true, ""));
        return end;
      }
      from = HttpText.behindLine(frame, lineEnd, end);
    }
    return fields(frame, from, end, connection);
  }

  private int head(byte[] frame, int at, int end, String connection) {
    int lineEnd = HttpText.lineEnd(frame, at, end);
    query(frame, at, lineEnd);
    if (lineEnd == end) {
      open.put(connection, new Left(true, true, ""));
      return end;
    }
    return fields(frame, HttpText.behindLine(frame, lineEnd, end), end, connection);
  }

  /// Masks values of secret parameters in an address: of a request line, or of a field such as
  /// Referer and Location. What stands behind a `#` can be as secret.
  private void query(byte[] frame, int from, int lineEnd) {
    int at = from;
    while (at < lineEnd && frame[at] != '?' && frame[at] != '#') {
      at++;
    }
    while (at < lineEnd) {
      int next = at + 1;
      int equals = -1;
      while (next < lineEnd && !endsParameter(frame[next])) {
        equals = equals < 0 && frame[next] == '=' ? next : equals;
        next++;
      }
      if (equals > 0 && isSecret(frame, at + 1, equals)) {
        Arrays.fill(frame, equals + 1, next, MASK);
      }
      if (next < lineEnd && frame[next] == ' ') {
        return;
      }
      at = next;
    }
  }

  private static boolean endsParameter(byte at) {
    return at == '&' || at == ';' || at == ' ' || at == '#' || at == '?';
  }

  private boolean isSecret(byte[] frame, int from, int to) {
    var name = new String(frame, from, to - from, StandardCharsets.ISO_8859_1);
    var plain = name.strip().toLowerCase(Locale.ROOT);
    return secrets.contains(plain)
        || (plain.indexOf('%') >= 0 && secrets.contains(decoded(plain).toLowerCase(Locale.ROOT)));
  }

  /// Without the escapes that a name may be written with.
  private static String decoded(String name) {
    var text = new StringBuilder();
    for (int i = 0; i < name.length(); i++) {
      int high = i + 2 < name.length() ? Character.digit(name.charAt(i + 1), 16) : -1;
      int low = high < 0 ? -1 : Character.digit(name.charAt(i + 2), 16);
      boolean escape = name.charAt(i) == '%' && low >= 0;
      text.append(escape ? (char) (high << 4 | low) : name.charAt(i));
      i += escape ? 2 : 0;
    }
    return text.toString();
  }

  /// @return where the head ends, or `end` where it goes on
  private int fields(byte[] frame, int from, int end, String connection) {
    int at = from;
    while (at < end) {
      int lineEnd = HttpText.lineEnd(frame, at, end);
      if (lineEnd == at) {
        return HttpText.behindLine(frame, lineEnd, end);
      }
      int colon = HttpText.find(frame, ':', at, lineEnd);
      if (frame[at] == ' ' || frame[at] == '\t') {
        // A line that goes on with the one before, which nobody should send any more.
        Arrays.fill(frame, at, lineEnd, MASK);
      } else if (colon < lineEnd && isSecret(frame, at, colon)) {
        Arrays.fill(frame, colon + 1, lineEnd, MASK);
      } else {
        query(frame, colon, lineEnd);
      }
      if (lineEnd == end) {
        open.put(connection, new Left(true, true, ""));
        return end;
      }
      at = HttpText.behindLine(frame, lineEnd, end);
    }
    open.put(connection, new Left(true, false, ""));
    return end;
  }

  /// Blanks the fields in frames of HTTP/2, where the segment is made of whole frames from its
  /// beginning on.
  private static void frames(byte[] frame, int from, int end) {
    int at = from;
    if (at + PREFACE.length <= end
        && Arrays.equals(frame, at, at + PREFACE.length, PREFACE, 0, PREFACE.length)) {
      at += PREFACE.length;
    }
    while (at + FRAME_HEAD <= end && frame[at + 3] >= 0 && frame[at + 3] <= 9) {
      int length = (frame[at] & 255) << 16 | Headers.u16(frame, at + 1);
      boolean reserved = frame[at + 5] < 0;
      if (reserved || length > 1 << 20) {
        return;
      }
      int body = at + FRAME_HEAD;
      if (FIELD_FRAMES.contains((int) frame[at + 3])) {
        Arrays.fill(frame, body, Math.min(end, body + length), MASK);
      }
      at = body + length;
    }
  }
}
