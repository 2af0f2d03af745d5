package io.ostiary.insight.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;
import org.jspecify.annotations.Nullable;

/// The DuckDB file over the journal: sums by window, key and step of latency, three tables for each
/// segment. Calls are told for each step, all other sums only at the first step of a key. It holds
/// nothing that the journal does not, so a damaged one is moved aside and made anew.
///
/// One writer connection, confined to the store's thread; readers borrow connections of their own,
/// four at most, because a DuckDB connection must never be shared between threads.
final class Index implements AutoCloseable {
  private static final int READERS = 4;

  private final DuckDBConnection writer;
  private final Known names;
  private final Map<Long, Long> summed = new ConcurrentHashMap<>();
  private final Semaphore readers = new Semaphore(READERS);
  private final ArrayDeque<Connection> idle = new ArrayDeque<>();

  private Index(DuckDBConnection writer, Known names) {
    this.writer = writer;
    this.names = names;
  }

  /// The names that a file holds, kept while it is closed: there are as many as consumers, and it
  /// is opened once a minute.
  static final class Known {
    private final Map<String, Integer> ids = new ConcurrentHashMap<>();
    private final Map<Integer, String> texts = new ConcurrentHashMap<>();

    private void read(Statement statement) throws SQLException {
      try (var count = statement.executeQuery("SELECT count(*) FROM names")) {
        if (count.next() && count.getInt(1) == ids.size()) {
          return;
        }
      }
      ids.clear();
      texts.clear();
      try (var rows = statement.executeQuery("SELECT id, text FROM names")) {
        while (rows.next()) {
          ids.put(rows.getString(2), rows.getInt(1));
          texts.put(rows.getInt(1), rows.getString(2));
        }
      }
    }
  }

  /// @param names of the same file, or none
  static Index open(Path file, long memoryBytes, Known names) throws SQLException {
    var settings = new Properties();
    settings.setProperty("memory_limit", memoryBytes / 1_000_000 + "MB");
    settings.setProperty("threads", "1");
    settings.setProperty("preserve_insertion_order", "false");
    var connection =
        (DuckDBConnection) DriverManager.getConnection("jdbc:duckdb:" + file, settings);
    var index = new Index(connection, names);
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
          "CREATE TABLE IF NOT EXISTS summed (segment BIGINT PRIMARY KEY, bytes BIGINT)");
      statement.execute("CREATE TABLE IF NOT EXISTS names (id INTEGER, text VARCHAR)");
      names.read(statement);
      try (var rows = statement.executeQuery("SELECT segment, bytes FROM summed")) {
        while (rows.next()) {
          summed.put(rows.getLong(1), rows.getLong(2));
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

  /// How much of a segment is summed in the index, in bytes of its file.
  long summed(Segment segment) {
    return summed.getOrDefault(segment.number(), 0L);
  }

  /// Adds sums of a segment and, in the same transaction, how far in its file they reach.
  ///
  /// @param between called now and then; it must leave the rollup as it is
  void write(Segment segment, Rollup rollup, long to, Runnable between) throws SQLException {
    try {
      var pauses = new Pauses(between);
      create(segment.number());
      var translation = new Translation(rollup.texts());
      try (var appender = writer.createAppender("apis_" + segment.number())) {
        rollup.apis.forEach((first, second, values) -> {
          key(appender, first, second, values.step(), translation);
          values(appender, values);
          pauses.row();
        });
      }
      try (var appender = writer.createAppender("routes_" + segment.number())) {
        rollup.routes.forEach((first, second, values) -> {
          key(appender, first, second, values.step(), translation);
          appender.append(translation.id((int) (second >>> 32) & 0xffff));
          appender.append(translation.id((int) (second >>> 48)));
          values(appender, values);
          pauses.row();
        });
      }
      try (var appender = writer.createAppender("consumers_" + segment.number())) {
        rollup.consumers.forEach((first, second, values) -> {
          key(appender, first, second, values.step(), translation);
          appender.append(translation.id((int) (second >>> 32) & 0xffff));
          values(appender, values);
          pauses.row();
        });
      }
      translation.save();
      execute("INSERT OR REPLACE INTO summed VALUES (" + segment.number() + ", " + to + ")");
      writer.commit();
      translation.committed();
      summed.put(segment.number(), to);
    } catch (SQLException | RuntimeException e) {
      writer.rollback();
      throw e;
    }
  }

  /// So many rows take some milliseconds.
  private static final class Pauses {
    private static final int ROWS = 4096;

    private final Runnable between;
    private int left = ROWS;

    Pauses(Runnable between) {
      this.between = between;
    }

    void row() {
      if (--left == 0) {
        left = ROWS;
        between.run();
      }
    }
  }

  private void create(long number) throws SQLException {
    if (summed.containsKey(number)) {
      return;
    }
    var keys = "span INTEGER, step SMALLINT, status SMALLINT, blame TINYINT, api INTEGER,";
    var values =
        "calls INTEGER, longest BIGINT, rin BIGINT, rout BIGINT, pin BIGINT, pout BIGINT,"
            + " resent BIGINT)";
    execute("CREATE TABLE apis_%d (%s reason INTEGER, %s".formatted(number, keys, values));
    execute(
        "CREATE TABLE routes_%d (%s reason INTEGER, route INTEGER, upstream INTEGER, %s"
            .formatted(number, keys, values));
    execute(
        "CREATE TABLE consumers_%d (%s reason INTEGER, consumer INTEGER, %s"
            .formatted(number, keys, values));
  }

  private static void key(
      DuckDBAppender appender, long first, long second, int step, Translation names)
      throws SQLException {
    appender.beginRow();
    appender.append((int) (first >>> 32));
    appender.append((short) step);
    appender.append((short) ((first & 0xffff) >>> 3));
    appender.append((byte) (first & 7));
    appender.append(names.id((int) second & 0xffff));
    appender.append(names.id((int) (second >>> 16) & 0xffff));
  }

  private static void values(DuckDBAppender appender, RollTable.Values values) throws SQLException {
    appender.append(values.calls());
    for (int i = 0; i < values.count(); i++) {
      appender.append(values.value(i));
    }
    appender.endRow();
  }

  /// From a rollup's numbers of names to the index's. New ones become visible to others only when
  /// the transaction that holds them is committed.
  private final class Translation {
    private final List<String> local;
    private final int[] global;
    private final Map<String, Integer> added = new LinkedHashMap<>();

    Translation(List<String> local) {
      this.local = local;
      global = new int[local.size()];
    }

    int id(int number) {
      if (number != 0 && global[number] == 0) {
        var text = local.get(number);
        var known = names.ids.get(text);
        int next = names.ids.size() + added.size() + 1;
        global[number] = known != null ? known : added.computeIfAbsent(text, _ -> next);
      }
      return global[number];
    }

    void save() throws SQLException {
      if (added.isEmpty()) {
        return;
      }
      try (var appender = writer.createAppender("names")) {
        for (var name : added.entrySet()) {
          appender.beginRow();
          appender.append(name.getValue().intValue());
          appender.append(name.getKey());
          appender.endRow();
        }
      }
    }

    void committed() {
      added.forEach((text, id) -> names.texts.put(id, text));
      names.ids.putAll(added);
      added.clear();
    }
  }

  void drop(Segment segment) throws SQLException {
    drop(segment.number());
  }

  private void drop(long number) throws SQLException {
    execute("DROP TABLE IF EXISTS apis_" + number);
    execute("DROP TABLE IF EXISTS routes_" + number);
    execute("DROP TABLE IF EXISTS consumers_" + number);
    execute("DELETE FROM summed WHERE segment = " + number);
    writer.commit();
    summed.remove(number);
  }

  /// Drops tables whose segments are gone, such as after files were deleted by hand.
  void keepOnly(java.util.Set<Long> numbers) throws SQLException {
    for (long number : java.util.List.copyOf(summed.keySet())) {
      if (!numbers.contains(number)) {
        drop(number);
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
    return names.ids.get(text);
  }

  @Nullable String text(int id) {
    return names.texts.get(id);
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
      try {
        var answer = question.ask(connection);
        synchronized (idle) {
          idle.push(connection);
        }
        return answer;
      } catch (SQLException | RuntimeException e) {
        connection.close();
        throw e;
      }
    } finally {
      readers.release();
    }
  }

  private Connection borrow() throws SQLException {
    synchronized (idle) {
      var connection = idle.poll();
      if (connection != null) {
        return connection;
      }
      var made = writer.duplicate();
      // The writer's own setting goes over to the copy, which would look at one state for ever.
      made.setAutoCommit(true);
      return made;
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
