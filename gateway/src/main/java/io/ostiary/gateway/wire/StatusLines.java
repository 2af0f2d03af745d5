package io.ostiary.gateway.wire;

import java.nio.charset.StandardCharsets;

/// Status lines with the reason phrases of RFC 9110 section 15, ready to be copied.
public final class StatusLines {
  private static final byte[][] LINES = new byte[600][];

  static {
    known("100 Continue", "101 Switching Protocols", "103 Early Hints");
    known("200 OK", "201 Created", "202 Accepted", "203 Non-Authoritative Information");
    known("204 No Content", "205 Reset Content", "206 Partial Content");
    known("300 Multiple Choices", "301 Moved Permanently", "302 Found", "303 See Other");
    known("304 Not Modified", "307 Temporary Redirect", "308 Permanent Redirect");
    known("400 Bad Request", "401 Unauthorized", "402 Payment Required", "403 Forbidden");
    known("404 Not Found", "405 Method Not Allowed", "406 Not Acceptable");
    known("408 Request Timeout", "409 Conflict", "410 Gone", "411 Length Required");
    known("412 Precondition Failed", "413 Content Too Large", "414 URI Too Long");
    known("415 Unsupported Media Type", "417 Expectation Failed", "421 Misdirected Request");
    known("422 Unprocessable Content", "426 Upgrade Required", "428 Precondition Required");
    known("429 Too Many Requests", "431 Request Header Fields Too Large");
    known("500 Internal Server Error", "501 Not Implemented", "502 Bad Gateway");
    known("503 Service Unavailable", "504 Gateway Timeout", "505 HTTP Version Not Supported");
  }

  private StatusLines() {}

  private static void known(String... lines) {
    for (var line : lines) {
      LINES[Integer.parseInt(line.substring(0, 3))] = Bytes.of("HTTP/1.1 " + line + "\r\n");
    }
  }

  /// The reason phrase alone; for a status without one, the status.
  public static String reason(int status) {
    var line = LINES[status];
    return line == null
        ? "Status " + status
        : new String(line, 13, line.length - 15, StandardCharsets.ISO_8859_1);
  }

  static void write(HeadText out, int status, byte[] bytes, int reasonStart, int reasonEnd) {
    var line = LINES[status];
    if (line != null) {
      out.put(line);
      return;
    }
    out.put(PREFIX).decimal(status).put(' ');
    out.put(bytes, reasonStart, reasonEnd - reasonStart).endLine();
  }

  private static final byte[] PREFIX = Bytes.of("HTTP/1.1 ");
}
