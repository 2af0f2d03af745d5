package io.ostiary.model;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/// To which protocols a client of an API may change its connection (RFC 9110 section 7.8), and how
/// long the tunnel that comes of it may rest.
///
/// @param protocols names in lower case; none: an offer to change is not passed on
/// @param idle without a byte in either direction; above it the tunnel is closed
public record Upgrades(List<String> protocols, Duration idle) {
  private static final Pattern NAME =
      Pattern.compile("[a-z0-9!#$%&'*+.^_`|~-]{1,64}(/[0-9.]{1,8})?");

  public static final Upgrades DEFAULT = new Upgrades(List.of("websocket"), Duration.ofMinutes(5));

  public Upgrades {
    protocols =
        protocols.stream().map(protocol -> protocol.toLowerCase(Locale.ROOT)).distinct().toList();
    protocols.forEach(Upgrades::check);
    Require.between("upgrade.protocols (count)", protocols.size(), 0, 16);
    Require.between("upgrade.idle (ms)", idle.toMillis(), 100, 86_400_000);
  }

  /// Requests inside a tunnel of HTTP would pass no policy, and inside TLS nobody could see them.
  private static void check(String protocol) {
    boolean http = protocol.equals("h2c") || protocol.startsWith("http/");
    if (!NAME.matcher(protocol).matches() || http || protocol.startsWith("tls/")) {
      throw Require.invalid(
          "upgrade.protocols",
          "'" + protocol + "'",
          "a protocol such as websocket, but neither HTTP nor TLS: their requests would pass no"
              + " policy");
    }
  }
}
