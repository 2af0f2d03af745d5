package io.ostiary.model;

import java.net.InetAddress;
import java.util.List;

/// A request that somebody thinks of: which route would it get?
///
/// @param url a path, or an absolute URL
/// @param client its address, for conditions that ask for it
public record RouteQuestion(String method, String url, List<Header> headers, InetAddress client) {
  public static final int HEADERS_MAX = 100;

  public RouteQuestion {
    headers = List.copyOf(headers);
    printable("method", method);
    printable("url", url);
    Require.between("headers (count)", headers.size(), 0, HEADERS_MAX);
  }

  public record Header(String name, String value) {
    public Header {
      printable("header", name);
      printable("header", value);
    }
  }

  private static void printable(String name, String text) {
    if (text.length() > 8192 || text.chars().anyMatch(c -> c == '\r' || c == '\n' || c > 0xff)) {
      throw Require.invalid(
          name, "'" + text + "'", "at most 8,192 characters of ISO-8859-1 in one line");
    }
  }
}
