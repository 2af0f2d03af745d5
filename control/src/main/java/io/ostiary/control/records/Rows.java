package io.ostiary.control.records;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;

/// Questions that a start waits for, asked over plain JDBC: the first statement of Jdbi wakes its
/// parser and the flight recorder, which takes a tenth of the time that a start may take.
final class Rows {
  private Rows() {}

  /// One row to a value.
  @FunctionalInterface
  interface Reader<T> {
    T read(ResultSet row) throws SQLException;
  }

  /// @param parameters for each `?`, in order
  static <T> List<T> of(Handle handle, String sql, Reader<T> reader, Object... parameters) {
    try (var statement = handle.getConnection().prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
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
}
