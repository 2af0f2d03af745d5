package io.ostiary.gateway.outbound;

import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.HttpReply;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads one answer (RFC 9112) from a stream, within bounds. What is ambiguous is a failure.
final class ReplyReader {
  private static final int HEAD_BYTES_MAX = 64 * 1024;
  private static final int INTERIM_MAX = 8;
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.([01]) ([1-5][0-9]{2})(?: .*)?");

  private final InputStream in;
  private final int bytesMax;
  private int headBytes;
  private boolean reusable;

  ReplyReader(InputStream in, int bytesMax) {
    this.in = in;
    this.bytesMax = bytesMax;
  }

  /// Whether another request may follow on the same connection.
  boolean reusable() {
    return reusable;
  }

  HttpReply read(String method) throws IOException {
    for (int i = 0; i < INTERIM_MAX; i++) {
      var line = STATUS.matcher(line());
      if (!line.matches()) {
        throw new IOException("the answer is not HTTP/1.1");
      }
      int status = Integer.parseInt(line.group(2));
      var fields = fields();
      if (status >= 200) {
        reusable = line.group(1).equals("1") && !says(fields, "Connection", "close");
        var body = body(fields, method.equals("HEAD") || status == 204 || status == 304);
        return new HttpReply(status, fields, new String(body, StandardCharsets.UTF_8));
      }
    }
    throw new IOException("too many interim answers");
  }

  private List<Field> fields() throws IOException {
    var fields = new ArrayList<Field>();
    for (var line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      if (colon <= 0) {
        throw new IOException("a field of the answer has no name");
      }
      try {
        fields.add(Field.of(line.substring(0, colon), line.substring(colon + 1).strip()));
      } catch (IllegalArgumentException e) {
        throw new IOException("a field of the answer is malformed", e);
      }
    }
    return fields;
  }

  private byte[] body(List<Field> fields, boolean none) throws IOException {
    if (none) {
      return new byte[0];
    }
    var length = first(fields, "Content-Length");
    if (first(fields, "Transfer-Encoding") != null) {
      if (length != null || !says(fields, "Transfer-Encoding", "chunked")) {
        throw new IOException("the answer's length is ambiguous");
      }
      return chunks();
    }
    if (length == null) {
      reusable = false;
      return rest();
    }
    if (!length.matches("[0-9]{1,10}") || Long.parseLong(length) > bytesMax) {
      throw tooLong();
    }
    return exactly(Integer.parseInt(length));
  }

  private byte[] chunks() throws IOException {
    var body = new ByteArrayOutputStream();
    while (true) {
      var line = line();
      int end = line.indexOf(';');
      var digits = (end < 0 ? line : line.substring(0, end)).strip();
      if (!digits.matches("[0-9a-fA-F]{1,8}")) {
        throw new IOException("a chunk of the answer is malformed");
      }
      long size = Long.parseLong(digits, 16);
      if (size + body.size() > bytesMax) {
        throw tooLong();
      }
      if (size == 0) {
        fields();
        return body.toByteArray();
      }
      body.writeBytes(exactly((int) size));
      if (!line().isEmpty()) {
        throw new IOException("a chunk of the answer is malformed");
      }
    }
  }

  private byte[] exactly(int size) throws IOException {
    var bytes = in.readNBytes(size);
    if (bytes.length < size) {
      throw new EOFException("the answer was cut short");
    }
    return bytes;
  }

  private byte[] rest() throws IOException {
    var bytes = in.readNBytes(bytesMax + 1);
    if (bytes.length > bytesMax) {
      throw tooLong();
    }
    return bytes;
  }

  private IOException tooLong() {
    return new IOException("the answer is longer than " + bytesMax + " bytes");
  }

  private String line() throws IOException {
    var line = new StringBuilder(80);
    while (true) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException("the connection ended before an answer");
      }
      if (++headBytes > HEAD_BYTES_MAX + bytesMax) {
        throw new IOException("the answer's head is too long");
      }
      if (b == '\n') {
        int length = line.length();
        boolean cr = length > 0 && line.charAt(length - 1) == '\r';
        return cr ? line.substring(0, length - 1) : line.toString();
      }
      if (line.length() > HEAD_BYTES_MAX) {
        throw new IOException("the answer's head is too long");
      }
      line.append((char) b);
    }
  }

  private static @Nullable String first(List<Field> fields, String name) {
    return fields.stream()
        .filter(field -> field.name().toString().equalsIgnoreCase(name))
        .map(Field::value)
        .findFirst()
        .orElse(null);
  }

  private static boolean says(List<Field> fields, String name, String word) {
    return fields.stream()
        .anyMatch(field ->
            field.name().toString().equalsIgnoreCase(name) && field.value().equalsIgnoreCase(word));
  }
}
