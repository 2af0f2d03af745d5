package io.ostiary.gateway.connection;

import io.netty.buffer.ByteBuf;
import io.ostiary.gateway.exchange.Peer;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads the header with which a proxy names the client of a connection: the PROXY protocol,
/// version 1 (a line) or 2 (binary), as HAProxy's `proxy-protocol.txt` describes it.
///
/// It takes bytes as they come, keeps at most [#KEPT_MAX] of them, and never reads past its end.
/// What does not follow the text exactly is refused: two readers of one header must not see two
/// clients. Extensions (TLV) of version 2 are skipped. Confined to its event loop.
final class ProxyHeader {
  enum Progress {
    MORE,
    COMPLETE,
    FAULTY
  }

  /// A line of version 1, its CR LF included.
  static final int LINE_MAX = 107;

  /// What may follow the fixed part of version 2; the text allows 65,535, senders use some hundred.
  static final int REST_MAX = 4096;

  private static final int FIXED = 16;
  private static final int ADDRESSES_MAX = 216;
  private static final int KEPT_MAX = FIXED + ADDRESSES_MAX;
  private static final byte[] SIGNATURE = {
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a
  };
  private static final byte[] WORD = "PROXY ".getBytes(StandardCharsets.ISO_8859_1);

  private static final Pattern DECIMAL =
      Pattern.compile("(?:0|[1-9][0-9]{0,2})(?:\\.(?:0|[1-9][0-9]{0,2})){3}");

  private final byte[] kept = new byte[KEPT_MAX];
  private int count;

  /// Bytes of version 2 that are still to be skipped; -1: the fixed part is not complete.
  private int rest = -1;

  private int addresses;
  private @Nullable InetAddress source;
  private String fault = "";

  /// Whom the proxy speaks for; null: itself, as in its own health checks.
  @Nullable InetAddress source() {
    return source;
  }

  Peer speaker(Peer proxy) {
    var named = source;
    return named == null ? proxy : Peer.of(named);
  }

  /// What is wrong with it.
  String fault() {
    return fault;
  }

  Progress read(ByteBuf in) {
    while (in.isReadable()) {
      var progress = count > 0 && kept[0] == SIGNATURE[0] ? binary(in) : text(in);
      if (progress != Progress.MORE) {
        return progress;
      }
    }
    return Progress.MORE;
  }

  private Progress faulty(String what) {
    fault = what;
    return Progress.FAULTY;
  }

  /// One byte of version 1, or the very first byte of either.
  private Progress text(ByteBuf in) {
    byte next = in.readByte();
    if (count == 0 && next == SIGNATURE[0]) {
      kept[count++] = next;
      return Progress.MORE;
    }
    if (count < WORD.length && next != WORD[count]) {
      return faulty("it begins neither with 'PROXY ' nor with the signature of version 2");
    }
    kept[count++] = next;
    if (next == '\n') {
      return kept[count - 2] == '\r' ? line() : faulty("its line does not end in CR LF");
    }
    return count < LINE_MAX ? Progress.MORE : faulty("its line is longer than 107 bytes");
  }

  private Progress line() {
    var line = new String(kept, 0, count - 2, StandardCharsets.ISO_8859_1);
    if (line.equals("PROXY UNKNOWN") || line.startsWith("PROXY UNKNOWN ")) {
      return Progress.COMPLETE;
    }
    var words = line.split(" ", -1);
    if (words.length != 6 || !(words[1].equals("TCP4") || words[1].equals("TCP6"))) {
      return faulty("its line is not 'PROXY TCP4 source destination port port'");
    }
    int bytes = words[1].equals("TCP4") ? 4 : 16;
    var from = address(words[2], bytes);
    if (from == null || address(words[3], bytes) == null) {
      return faulty("an address of its line is not one of " + words[1]);
    }
    if (!port(words[4]) || !port(words[5])) {
      return faulty("a port of its line is not 0-65535");
    }
    source = from;
    return Progress.COMPLETE;
  }

  private static @Nullable InetAddress address(String text, int bytes) {
    boolean looksLikeSix = text.indexOf(':') >= 0;
    if (looksLikeSix != (bytes == 16) || text.indexOf('%') >= 0 || text.indexOf('[') >= 0) {
      return null;
    }
    // Some read a number that begins with 0 as octal.
    if (bytes == 4 && !DECIMAL.matcher(text).matches()) {
      return null;
    }
    try {
      return InetAddress.ofLiteral(text);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static boolean port(String text) {
    boolean digits =
        !text.isEmpty() && text.length() <= 5 && text.chars().allMatch(ProxyHeader::digit);
    return digits
        && (text.length() == 1 || text.charAt(0) != '0')
        && Integer.parseInt(text) <= 65_535;
  }

  private static boolean digit(int c) {
    return c >= '0' && c <= '9';
  }

  private Progress binary(ByteBuf in) {
    if (rest < 0) {
      byte next = in.readByte();
      if (count < SIGNATURE.length && next != SIGNATURE[count]) {
        return faulty("it begins neither with 'PROXY ' nor with the signature of version 2");
      }
      kept[count++] = next;
      return count < FIXED ? Progress.MORE : fixed();
    }
    int keep = Math.min(in.readableBytes(), addresses - (count - FIXED));
    if (keep > 0) {
      in.readBytes(kept, count, keep);
      count += keep;
      rest -= keep;
    } else {
      int skip = Math.min(in.readableBytes(), rest);
      in.skipBytes(skip);
      rest -= skip;
    }
    return rest == 0 ? complete() : Progress.MORE;
  }

  private Progress fixed() {
    rest = (kept[14] & 0xff) << 8 | (kept[15] & 0xff);
    int version = kept[12] >>> 4 & 0xf;
    int command = kept[12] & 0xf;
    if (version != 2 || command > 1) {
      return faulty("its version or command is unknown");
    }
    if (rest > REST_MAX) {
      return faulty("it is longer than 4,112 bytes");
    }
    if (command == 1) {
      switch (kept[13]) {
        case 0x00 -> addresses = 0;
        case 0x11 -> addresses = 12;
        case 0x21 -> addresses = 36;
        case 0x31 -> addresses = ADDRESSES_MAX;
        default -> {
          return faulty("its family or transport is not TCP over IPv4 or IPv6");
        }
      }
    }
    if (rest < addresses) {
      return faulty("it is too short for its addresses");
    }
    return rest == 0 ? complete() : Progress.MORE;
  }

  private Progress complete() {
    if (addresses == 12 || addresses == 36) {
      var bytes = new byte[addresses == 12 ? 4 : 16];
      System.arraycopy(kept, FIXED, bytes, 0, bytes.length);
      try {
        source = InetAddress.getByAddress(bytes);
      } catch (UnknownHostException e) {
        throw new IllegalStateException("an address of 4 or 16 bytes", e);
      }
    }
    return Progress.COMPLETE;
  }
}
