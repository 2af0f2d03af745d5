package io.ostiary.insight.store;

import io.ostiary.insight.ledger.Names;
import io.ostiary.insight.ledger.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;
import org.jspecify.annotations.Nullable;

/// The DuckDB file over the journal: one table of narrow columns for each segment. It holds nothing
/// that the journal does not, so a damaged one is moved aside and made anew.
///
/// One writer connection, confined to the store's thread; readers borrow connections of their own,
/// four at most, because a DuckDB connection must never be shared between threads.
final class Index implements AutoCloseable {
  private static final int READERS = 4;
  private static final int ROWS_IN_TRANSACTION = 100_000;

  private final DuckDBConnection writer;
  private final Map<String, Integer> ids = new ConcurrentHashMap<>();
  private final Map<Integer, String> texts = new ConcurrentHashMap<>();
  private final Map<Long, Long> ingested = new ConcurrentHashMap<>();
  private final Semaphore readers = new Semaphore(READERS);
  private final ArrayDeque<Connection> idle = new ArrayDeque<>();

  private Index(DuckDBConnection writer) {
    this.writer = writer;
  }

  static Index open(Path file, long memoryBytes) throws SQLException {
    var settings = new Properties();
    settings.setProperty("memory_limit", memoryBytes / 1_000_000 + "MB");
    settings.setProperty("threads", "1");
    settings.setProperty("preserve_insertion_order", "false");
    var connection =
        (DuckDBConnection) DriverManager.getConnection("jdbc:duckdb:" + file, settings);
    var index = new Index(connection);
    try {
      index.prepare();
    } catch (SQLException | RuntimeException e) {
      connection.close();
      throw e;
    }
    deleteExtractedLibrary();
    return index;
  }

  private void prepare() throws SQLException {
    try (var statement = writer.createStatement()) {
      statement.execute(
          "CREATE TABLE IF NOT EXISTS segments (number BIGINT PRIMARY KEY, ingested BIGINT)");
      statement.execute("CREATE TABLE IF NOT EXISTS names (id INTEGER, text VARCHAR)");
      try (var rows = statement.executeQuery("SELECT id, text FROM names")) {
        while (rows.next()) {
          ids.put(rows.getString(2), rows.getInt(1));
          texts.put(rows.getInt(1), rows.getString(2));
        }
      }
      try (var rows = statement.executeQuery("SELECT number, ingested FROM segments")) {
        while (rows.next()) {
          ingested.put(rows.getLong(1), rows.getLong(2));
        }
      }
    }
    writer.setAutoCommit(false);
  }

  /// The driver unpacks its 70 MB library into the temporary directory and deletes it at a normal
  /// exit only; once it is loaded the file is not needed, and a killed process leaves nothing.
  private static void deleteExtractedLibrary() {
    var temporary = Path.of(System.getProperty("java.io.tmpdir", "/tmp")).toAbsolutePath();
    try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
      var library =
          lines
              .filter(line -> line.contains("/libduckdb_java") && line.endsWith(".so"))
              .map(line -> Path.of(line.substring(line.indexOf('/'))))
              .filter(path -> path.startsWith(temporary))
              .findFirst();
      if (library.isPresent()) {
        Files.deleteIfExists(library.get());
      }
    } catch (IOException e) {
      // Not Linux, or no right to delete: the file stays until a normal exit, as the driver wants.
      return;
    }
  }

  /// How much of a segment is in the index, in bytes of its file.
  long ingested(Segment segment) {
    return ingested.getOrDefault(segment.number(), 0L);
  }

  /// Adds what the segment has and the index has not.
  void ingest(Segment segment) throws SQLException, IOException {
    long to = segment.size;
    if (ingested(segment) >= to) {
      return;
    }
    try (var frames = new Frames(segment.path())) {
      var translation = new Translation();
      boolean more = true;
      while (more) {
        more = transaction(segment, frames, translation, to);
      }
    } catch (SQLException | IOException | RuntimeException e) {
      writer.rollback();
      throw e;
    }
  }

  /// One transaction of bounded size; false when the segment is done.
  private boolean transaction(Segment segment, Frames frames, Translation translation, long to)
      throws SQLException, IOException {
    var table = "calls_" + segment.number();
    long from = ingested(segment);
    if (from == 0) {
      execute(
          "CREATE TABLE IF NOT EXISTS "
              + table
              + " (call BIGINT, pos BIGINT, api INTEGER, route INTEGER, consumer INTEGER, reason"
              + " INTEGER, upstream INTEGER, status SMALLINT, blame TINYINT, us BIGINT, rin BIGINT,"
              + " rout BIGINT, shi BIGINT, slo BIGINT)");
    }
    int count = 0;
    boolean more = false;
    try (var appender = writer.createAppender(table)) {
      while (frames.position() < to && frames.next()) {
        if (frames.frameAt() < from) {
          continue;
        }
        count += append(appender, frames, translation);
        if (count >= ROWS_IN_TRANSACTION) {
          more = true;
          break;
        }
      }
    }
    long done = more ? frames.position() : to;
    translation.save();
    execute("INSERT OR REPLACE INTO segments VALUES (" + segment.number() + ", " + done + ")");
    writer.commit();
    translation.committed();
    ingested.put(segment.number(), done);
    return more;
  }

  private int append(DuckDBAppender appender, Frames frames, Translation names)
      throws SQLException, IOException {
    var rows = frames.rows();
    int count = 0;
    for (int at = 0; at < rows.length; at += Row.getInt(rows, at)) {
      appender.beginRow();
      appender.append(Row.getLong(rows, at + Row.CALL));
      appender.append(frames.rowsAt() + at);
      names.append(appender, frames.names(), Row.getInt(rows, at + Row.API));
      names.append(appender, frames.names(), Row.getInt(rows, at + Row.ROUTE));
      names.append(appender, frames.names(), Row.getInt(rows, at + Row.CONSUMER));
      names.append(appender, frames.names(), Row.getInt(rows, at + Row.REASON));
      names.append(appender, frames.names(), Row.getInt(rows, at + Row.UPSTREAM));
      appender.append((short) Row.getShort(rows, at + Row.STATUS));
      appender.append(rows[at + Row.BLAME]);
      appender.append(Row.getLong(rows, at + Row.DURATION_MICROS));
      appender.append(Row.getLong(rows, at + Row.REQUEST_BYTES));
      appender.append(Row.getLong(rows, at + Row.RESPONSE_BYTES));
      int length = rows[at + Row.CLIENT_LENGTH];
      appender.append(Addresses.high(rows, at + Row.CLIENT, length));
      appender.append(Addresses.low(rows, at + Row.CLIENT, length));
      appender.endRow();
      count++;
    }
    return count;
  }

  /// From a segment's numbers of names to the index's. New ones become visible to others only when
  /// the transaction that holds them is committed.
  private final class Translation {
    private int[] global = new int[256];
    private final Map<String, Integer> added = new HashMap<>();

    void append(DuckDBAppender appender, Names names, int local) throws SQLException {
      if (local == 0) {
        appender.append(0);
        return;
      }
      if (local >= global.length) {
        global = java.util.Arrays.copyOf(global, Math.max(local + 1, global.length * 2));
      }
      if (global[local] == 0) {
        global[local] = id(names.textOrEmpty(local));
      }
      appender.append(global[local]);
    }

    private int id(String text) {
      var known = ids.get(text);
      if (known != null) {
        return known;
      }
      return added.computeIfAbsent(text, _ -> ids.size() + added.size() + 1);
    }

    void save() throws SQLException {
      if (added.isEmpty()) {
        return;
      }
      try (var insert = writer.prepareStatement("INSERT INTO names VALUES (?, ?)")) {
        for (var name : added.entrySet()) {
          insert.setInt(1, name.getValue());
          insert.setString(2, name.getKey());
          insert.execute();
        }
      }
    }

    void committed() {
      added.forEach((text, id) -> texts.put(id, text));
      ids.putAll(added);
      added.clear();
    }
  }

  void drop(Segment segment) throws SQLException {
    execute("DROP TABLE IF EXISTS calls_" + segment.number());
    execute("DELETE FROM segments WHERE number = " + segment.number());
    writer.commit();
    ingested.remove(segment.number());
  }

  /// Drops tables whose segments are gone, such as after files were deleted by hand.
  void keepOnly(java.util.Set<Long> numbers) throws SQLException {
    for (long number : java.util.List.copyOf(ingested.keySet())) {
      if (!numbers.contains(number)) {
        execute("DROP TABLE IF EXISTS calls_" + number);
        execute("DELETE FROM segments WHERE number = " + number);
        writer.commit();
        ingested.remove(number);
      }
    }
  }

  private void execute(String sql) throws SQLException {
    try (var statement = writer.createStatement()) {
      statement.execute(sql);
    }
  }

  /// The index's number of a name; null: no call has it.
  @Nullable Integer id(String text) {
    return ids.get(text);
  }

  @Nullable String text(int id) {
    return texts.get(id);
  }

  /// What is done with a borrowed connection.
  interface Question<T> {
    T ask(Connection connection) throws SQLException;
  }

  /// Runs a question on a connection of its own, or throws when all are busy for too long.
  <T> T ask(long waitMillis, Question<T> question) throws SQLException, InterruptedException {
    if (!readers.tryAcquire(waitMillis, TimeUnit.MILLISECONDS)) {
      throw new SQLException("all " + READERS + " connections are busy (expected: a free one)");
    }
    try {
      var connection = borrow();
      var answer = question.ask(connection);
      synchronized (idle) {
        idle.push(connection);
      }
      return answer;
    } finally {
      readers.release();
    }
  }

  private Connection borrow() throws SQLException {
    synchronized (idle) {
      var connection = idle.poll();
      return connection != null ? connection : writer.duplicate();
    }
  }

  @Override
  public void close() throws SQLException {
    synchronized (idle) {
      for (var connection : idle) {
        connection.close();
      }
      idle.clear();
    }
    writer.close();
  }
}
