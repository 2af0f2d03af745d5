package io.ostiary.model;

import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// How calls spread over an upstream's targets, beside the way of choosing itself.
///
/// @param hash the key of the call that [Balance#RING_HASH] and [Balance#MAGLEV] hash
/// @param sticky null: calls of one client are not kept together by a cookie
/// @param slowStart how long the weight of a target that came back grows to what was written
/// @param panic per cent of healthy weight below which every target is asked; 0: nobody is then
/// @param zone where this gateway stands; targets of the same zone are preferred; null: no zone is
/// @param spill per cent of healthy weight below which calls spill to the next priority or zone
public record Spread(
    HashKey hash,
    @Nullable Sticky sticky,
    Duration slowStart,
    int panic,
    @Nullable String zone,
    int spill) {
  public static final Spread DEFAULT =
      new Spread(HashKey.CLIENT, null, Duration.ZERO, 50, null, 70);

  public Spread {
    Require.between("spread.slow-start (ms)", slowStart.toMillis(), 0, 3_600_000);
    Require.between("spread.panic (per cent)", panic, 0, 100);
    Require.between("spread.spill (per cent)", spill, 1, 100);
    if (zone != null) {
      Require.name("spread.zone", zone);
    }
  }

  /// What a call is hashed by; a call without it goes to a target that is drawn.
  ///
  /// @param name of the header, cookie, query or path parameter; empty where `by` needs none
  public record HashKey(By by, String name) {
    public static final HashKey CLIENT = new HashKey(By.CLIENT, "");

    public HashKey {
      if (by.named() == name.isEmpty()) {
        throw Require.invalid(
            "spread.hash.name",
            name.isEmpty() ? "nothing" : name,
            by.named() ? "a name" : "nothing");
      }
      if (by.named() && name.isBlank()) {
        throw Require.invalid("spread.hash.name", "'" + name + "'", "a name");
      }
      if ((by == By.HEADER || by == By.COOKIE) && !FieldName.fits(name)) {
        throw Require.invalid(
            "spread.hash.name",
            "'" + name + "'",
            "the name of a " + by.name().toLowerCase(Locale.ROOT));
      }
    }

    /// Whose value is hashed.
    public enum By {
      CLIENT(false),
      PEER(false),
      CONSUMER(false),
      HEADER(true),
      COOKIE(true),
      QUERY(true),
      PATH_PARAMETER(true);

      private final boolean named;

      By(boolean named) {
        this.named = named;
      }

      public boolean named() {
        return named;
      }
    }
  }

  /// A cookie of the gateway's own, by which a client meets the same target again.
  ///
  /// @param cookie its name
  /// @param lasts how long the client keeps it; zero: until its session ends
  /// @param secret what the cookie's values are made with; null: chosen at each start
  public record Sticky(String cookie, Duration lasts, @Nullable String secret) {
    private static final java.util.regex.Pattern TOKEN =
        java.util.regex.Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}");

    public Sticky {
      if (!TOKEN.matcher(cookie).matches()) {
        throw Require.invalid(
            "spread.sticky.cookie", "'" + cookie + "'", "1-64 characters of a token");
      }
      Require.between("spread.sticky.lasts (s)", lasts.toSeconds(), 0, 31_536_000);
      if (secret != null) {
        Require.between("spread.sticky.secret (characters)", secret.length(), 16, 1024);
      }
    }
  }
}
