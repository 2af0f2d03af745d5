package io.ostiary.control.records;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/// What a start asks and writes, over plain JDBC: making a Jdbi and its first statement, which
/// wakes its parser and the flight recorder, take a fifth of the time that a start may take.
final class Rows {
  private Rows() {}

  /// One row to a value.
  @FunctionalInterface
  interface Reader<T> {
    T read(ResultSet row) throws SQLException;
  }

  /// @param parameters for each `?`, in order
  static <T> List<T> of(Connection connection, String sql, Reader<T> reader, Object... parameters) {
    try (var statement = connection.prepareStatement(sql)) {
      set(statement, parameters);
      var all = new ArrayList<T>();
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          all.add(reader.read(rows));
        }
      }
      return all;
    } catch (SQLException e) {
      throw StorageException.of(e);
    }
  }

  /// Changes rows.
  ///
  /// @param parameters for each `?`, in order
  static void change(Connection connection, String sql, Object... parameters) {
    try (var statement = connection.prepareStatement(sql)) {
      set(statement, parameters);
      statement.executeUpdate();
    } catch (SQLException e) {
      throw StorageException.of(e);
    }
  }

  private static void set(PreparedStatement statement, Object... parameters) throws SQLException {
    for (int i = 0; i < parameters.length; i++) {
      statement.setObject(i + 1, parameters[i]);
    }
  }
}
