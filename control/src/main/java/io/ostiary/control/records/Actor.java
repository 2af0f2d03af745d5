package io.ostiary.control.records;

/// Who does something, for permission and for the audit.
///
/// @param from the address of the request; empty for the process itself
public record Actor(String who, Role role, Team team, String from) {
  /// The process: configuration that was read, bans that ended.
  public static final Actor SYSTEM = new Actor("ostiary", Role.ADMIN, Team.DEFAULT, "");
}
