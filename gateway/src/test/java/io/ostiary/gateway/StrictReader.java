package io.ostiary.gateway;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Two servers that read what the gateway sends, written for tests and sharing no line with it. One
/// knows the grammar of RFC 9112 and refuses everything else; the other takes what careless servers
/// take: bare line feeds, spaces before a colon, folded lines, the last of several lengths,
/// `chunked` anywhere in its value. Bytes that the two understand differently are how requests are
/// smuggled.
public final class StrictReader {
  private static final Pattern START =
      Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/1\\.1");
  private static final Pattern FIELD =
      Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \\t]*([\\t -~\\x80-\\xff]*?)[ \\t]*");
  private static final Pattern CHUNK =
      Pattern.compile("([0-9A-Fa-f]{1,15})([ \\t]*;[\\t -~\\x80-\\xff]*)?");

  private StrictReader() {}

  /// A request as a server understands it.
  public record Request(String method, String target, String content) {}

  /// @param end the offset behind the last chunk
  public record Chunks(String content, int end) {}

  /// All requests of a connection; null where any byte is against the grammar or missing.
  public static @Nullable List<Request> strict(byte[] bytes) {
    var all = new ArrayList<Request>();
    int at = 0;
    while (at < bytes.length) {
      var lines = new ArrayList<String>();
      while (true) {
        int end = crLf(bytes, at);
        if (end < 0) {
          return null;
        }
        var line = new String(bytes, at, end - at, StandardCharsets.ISO_8859_1);
        at = end + 2;
        if (line.isEmpty()) {
          break;
        }
        lines.add(line);
      }
      var start = lines.isEmpty() ? null : START.matcher(lines.getFirst());
      if (start == null || !start.matches()) {
        return null;
      }
      var content = content(bytes, at, lines);
      if (content == null) {
        return null;
      }
      at = content.end;
      all.add(new Request(start.group(1), start.group(2), content.content));
    }
    return all;
  }

  private static @Nullable Chunks content(byte[] bytes, int at, List<String> lines) {
    String length = null;
    String coding = null;
    int hosts = 0;
    for (var line : lines.subList(1, lines.size())) {
      var field = FIELD.matcher(line);
      if (!field.matches()) {
        return null;
      }
      switch (field.group(1).toLowerCase(Locale.ROOT)) {
        case "content-length" -> {
          if (length != null || !field.group(2).matches("[0-9]{1,18}")) {
            return null;
          }
          length = field.group(2);
        }
        case "transfer-encoding" -> {
          if (coding != null || !field.group(2).equalsIgnoreCase("chunked")) {
            return null;
          }
          coding = field.group(2);
        }
        case "host" -> hosts++;
        default -> {}
      }
    }
    if (hosts != 1 || (length != null && coding != null)) {
      return null;
    }
    if (coding != null) {
      return chunks(bytes, at);
    }
    int size = length == null ? 0 : (int) Long.parseLong(length);
    return at + size > bytes.length
        ? null
        : new Chunks(new String(bytes, at, size, StandardCharsets.ISO_8859_1), at + size);
  }

  /// Chunks from an offset on; null where they are not whole or against the grammar.
  public static @Nullable Chunks chunks(byte[] bytes, int from) {
    var content = new ByteArrayOutputStream();
    int at = from;
    while (true) {
      int end = crLf(bytes, at);
      var head =
          end < 0
              ? null
              : CHUNK.matcher(new String(bytes, at, end - at, StandardCharsets.ISO_8859_1));
      if (head == null || !head.matches()) {
        return null;
      }
      long size = Long.parseLong(head.group(1), 16);
      at = end + 2;
      if (size == 0) {
        break;
      }
      if (size > bytes.length - at - 2
          || bytes[at + (int) size] != '\r'
          || bytes[at + (int) size + 1] != '\n') {
        return null;
      }
      content.write(bytes, at, (int) size);
      at += (int) size + 2;
    }
    while (true) {
      int end = crLf(bytes, at);
      if (end < 0) {
        return null;
      }
      var line = new String(bytes, at, end - at, StandardCharsets.ISO_8859_1);
      at = end + 2;
      if (line.isEmpty()) {
        return new Chunks(content.toString(StandardCharsets.ISO_8859_1), at);
      }
      if (!FIELD.matcher(line).matches()) {
        return null;
      }
    }
  }

  /// Where the line from `at` on ends, or -1. A bare CR or LF ends no line and belongs in none.
  private static int crLf(byte[] bytes, int at) {
    for (int i = at; i + 1 < bytes.length; i++) {
      if (bytes[i] == '\r' && bytes[i + 1] == '\n') {
        return i;
      }
      if (bytes[i] == '\r' || bytes[i] == '\n') {
        return -1;
      }
    }
    return -1;
  }

  /// All requests of a connection as a careless server understands them, as far as they are whole.
  public static List<Request> careless(byte[] bytes) {
    var all = new ArrayList<Request>();
    var at = new int[1];
    while (at[0] < bytes.length) {
      var first = line(bytes, at);
      if (first.isBlank()) {
        continue;
      }
      var parts = first.strip().split("\\s+");
      long length = 0;
      boolean chunked = false;
      for (var line = line(bytes, at); !line.isEmpty(); line = line(bytes, at)) {
        int colon = line.indexOf(':');
        var name = colon < 0 ? "" : line.substring(0, colon).strip().toLowerCase(Locale.ROOT);
        var value = line.substring(colon + 1).strip().toLowerCase(Locale.ROOT);
        if (name.replace('_', '-').equals("content-length")) {
          var digits = value.replaceAll("[^0-9].*", "");
          length = digits.isEmpty() || digits.length() > 9 ? 0 : Long.parseLong(digits);
        }
        chunked |= name.replace('_', '-').equals("transfer-encoding") && value.contains("chunked");
      }
      var content = new StringBuilder();
      if (chunked) {
        carelessChunks(bytes, at, content);
      } else {
        take(bytes, at, length, content);
      }
      all.add(new Request(parts[0], parts.length > 1 ? parts[1] : "", content.toString()));
    }
    return all;
  }

  private static void carelessChunks(byte[] bytes, int[] at, StringBuilder content) {
    while (at[0] < bytes.length) {
      var digits = line(bytes, at).strip().replaceAll("[^0-9A-Fa-f].*", "");
      long size = digits.isEmpty() || digits.length() > 8 ? 0 : Long.parseLong(digits, 16);
      if (size == 0) {
        break;
      }
      take(bytes, at, size, content);
      line(bytes, at);
    }
    while (at[0] < bytes.length && !line(bytes, at).isEmpty()) {
      // A trailer.
    }
  }

  private static void take(byte[] bytes, int[] at, long size, StringBuilder into) {
    int end = (int) Math.min(bytes.length, at[0] + size);
    into.append(new String(bytes, at[0], end - at[0], StandardCharsets.ISO_8859_1));
    at[0] = end;
  }

  /// Up to the next line feed, without a CR before it.
  private static String line(byte[] bytes, int[] at) {
    int end = at[0];
    while (end < bytes.length && bytes[end] != '\n') {
      end++;
    }
    var line = new String(bytes, at[0], end - at[0], StandardCharsets.ISO_8859_1);
    at[0] = Math.min(bytes.length, end + 1);
    return line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
  }
}
