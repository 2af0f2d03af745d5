package io.ostiary.policies;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Pages that may call, by their origin. Immutable.
///
/// @param all every page
/// @param exact origins as browsers write them
record CorsPages(boolean all, Set<String> exact, List<Several> several) {
  private static final Pattern ORIGIN =
      Pattern.compile(
          "(?<scheme>[a-z][a-z0-9+.-]*)://(?<below>\\*\\.)?"
              + "(?<host>[a-z0-9._-]+|\\[[0-9a-f:.]+])(:(?<port>[0-9]{1,5}|\\*))?");

  /// `https://*.example.com`, `http://localhost:*`, or both at once.
  ///
  /// @param start scheme and `://`
  /// @param below whether only hosts below `host` are meant, which begins with its dot then
  /// @param port with its colon; empty: the scheme's own; `:*`: any
  private record Several(String start, boolean below, String host, String port) {
    boolean holds(String origin) {
      if (!origin.startsWith(start)) {
        return false;
      }
      int colon = origin.lastIndexOf(':');
      // A colon within brackets belongs to an IPv6 address, that of the scheme to the start.
      boolean written = colon >= start.length() && origin.indexOf(']', colon) < 0;
      var own = written ? origin.substring(colon) : "";
      boolean fits = port.equals(":*") ? number(own) : own.equals(port);
      return fits && named(origin.substring(start.length(), origin.length() - own.length()));
    }

    private static boolean number(String port) {
      return port.isEmpty()
          || (port.length() > 1 && port.chars().skip(1).allMatch(c -> c >= '0' && c <= '9'));
    }

    private boolean named(String name) {
      if (!below) {
        return name.equals(host);
      }
      int length = name.length() - host.length();
      return length > 0
          && name.endsWith(host)
          && name.chars()
              .limit(length)
              .allMatch(c -> c == '.' || c == '-' || c == '_' || Character.isLetterOrDigit(c));
    }
  }

  static CorsPages of(List<String> texts) {
    var exact = new ArrayList<String>();
    var several = new ArrayList<Several>();
    for (var text : texts) {
      if (text.equals("*")) {
        continue;
      }
      var parts = ORIGIN.matcher(text.toLowerCase(Locale.ROOT));
      if (!parts.matches()) {
        throw new IllegalArgumentException(
            "cors.origins: '"
                + text
                + "' (expected: '*', https://app.example.com, https://*.example.com or"
                + " http://localhost:*, without a path)");
      }
      var port = port(parts);
      boolean below = parts.group("below") != null;
      var start = parts.group("scheme") + "://";
      if (below || port.equals(":*")) {
        several.add(new Several(start, below, (below ? "." : "") + parts.group("host"), port));
      } else {
        exact.add(start + parts.group("host") + port);
      }
    }
    return new CorsPages(texts.contains("*"), Set.copyOf(exact), List.copyOf(several));
  }

  /// As browsers write it: the scheme's own port is left out (RFC 6454 section 6.2).
  private static String port(Matcher parts) {
    var port = parts.group("port");
    var usual =
        switch (parts.group("scheme")) {
          case "http" -> "80";
          case "https" -> "443";
          default -> "";
        };
    return port == null || port.equals(usual) ? "" : ":" + port;
  }

  boolean hold(String origin) {
    if (all || exact.contains(origin)) {
      return true;
    }
    for (int i = 0; i < several.size(); i++) {
      if (several.get(i).holds(origin)) {
        return true;
      }
    }
    return false;
  }
}
