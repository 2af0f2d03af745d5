package io.ostiary.model;

import org.jspecify.annotations.Nullable;

/// Who may connect to a listener that is a Unix socket: whoever may write to its file.
///
/// @param mode the bits of rights, as chmod(1) has them
/// @param owner name of a user; null: who runs the gateway
/// @param group name of a group; null: that of who runs the gateway
public record SocketFile(int mode, @Nullable String owner, @Nullable String group) {
  /// Owner and group may connect.
  public static final SocketFile DEFAULT = new SocketFile(0660, null, null);

  public SocketFile {
    if ((mode & ~0777) != 0) {
      throw Require.invalid("mode", Integer.toOctalString(mode), "0-0777");
    }
    account("owner", owner);
    account("group", group);
  }

  /// As useradd(8) has them, dots and capitals besides.
  private static void account(String field, @Nullable String name) {
    if (name != null && !name.matches("[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\\$?")) {
      throw Require.invalid(field, "'" + name + "'", "the name of a user or group");
    }
  }
}
