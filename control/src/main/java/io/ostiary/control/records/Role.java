package io.ostiary.control.records;

import java.util.Locale;

/// What somebody may do. Every route names the least role it needs.
public enum Role {
  /// Sees everything but secrets, and changes nothing.
  VIEWER,
  ADMIN;

  public boolean covers(Role needed) {
    return compareTo(needed) >= 0;
  }

  /// As it is written in JSON and in the database.
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Role of(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
