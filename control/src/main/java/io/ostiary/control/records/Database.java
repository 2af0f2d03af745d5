package io.ostiary.control.records;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.flywaydb.core.Flyway;
import org.jdbi.v3.core.ConnectionFactory;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/// The database file: one writer and a few readers, as SQLite in WAL mode wants it. Shared by all
/// control-plane threads; every wait has a limit. A failure becomes a [StorageException].
public final class Database implements AutoCloseable {
  /// The newest script in `db/`. A database that has it is opened without waking Flyway, which
  /// would take a good part of the time that a start may take.
  static final String SCHEMA_VERSION = "4";

  private static final String SCRIPTS = "classpath:io/ostiary/control/db";
  private static final int READERS = 4;
  private static final int WAIT_MILLIS = 2000;

  private final Late writer;
  private final Connection writing;
  private final ReentrantLock writeLock = new ReentrantLock();
  private final Late reader;
  private final BlockingQueue<Connection> idleReaders = new ArrayBlockingQueue<>(READERS);

  private Database(SQLiteDataSource writable, SQLiteDataSource readOnly) throws SQLException {
    writing = writable.getConnection();
    writer = new Late(new Kept(() -> writing, connection -> {}));
    for (int i = 0; i < READERS; i++) {
      var connection = readOnly.getConnection();
      try (var statement = connection.createStatement()) {
        statement.execute("PRAGMA query_only = true");
      }
      idleReaders.add(connection);
    }
    reader = new Late(new Kept(this::takeReader, idleReaders::add));
  }

  /// Opens the file, makes or updates its tables, and lets nobody but its owner read it.
  public static Database open(Path file) {
    try {
      if (Files.notExists(file)) {
        // The write-ahead log and the shared memory beside it take over these permissions.
        Files.createFile(
            file,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      }
      var writable = source(file, false);
      if (!upToDate(writable)) {
        migrate(writable);
      }
      return new Database(writable, source(file, true));
    } catch (IOException | SQLException e) {
      throw new IllegalStateException(
          "cannot open the database "
              + file
              + ": "
              + e.getMessage()
              + " (expected: a file that"
              + " this user can write, in a directory that exists)",
          e);
    }
  }

  private static SQLiteDataSource source(Path file, boolean readOnly) {
    var config = new SQLiteConfig();
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    // A change that was confirmed survives a power cut; there are few of them.
    config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
    config.setBusyTimeout(WAIT_MILLIS);
    config.enforceForeignKeys(true);
    config.setTransactionMode(SQLiteConfig.TransactionMode.IMMEDIATE);
    if (readOnly) {
      config.setTransactionMode(SQLiteConfig.TransactionMode.DEFERRED);
    }
    var source = new SQLiteDataSource(config);
    source.setUrl("jdbc:sqlite:" + file);
    return source;
  }

  private static boolean upToDate(SQLiteDataSource source) throws SQLException {
    try (var connection = source.getConnection();
        var statement = connection.createStatement();
        var tables =
            statement.executeQuery(
                "SELECT name FROM sqlite_master WHERE name = 'flyway_schema_history'")) {
      if (!tables.next()) {
        return false;
      }
    }
    try (var connection = source.getConnection();
        var statement =
            connection.prepareStatement(
                "SELECT 1 FROM flyway_schema_history WHERE version = ? AND success = 1")) {
      statement.setString(1, SCHEMA_VERSION);
      try (var row = statement.executeQuery()) {
        return row.next();
      }
    }
  }

  private static void migrate(SQLiteDataSource source) {
    Flyway.configure(Database.class.getClassLoader())
        .dataSource(source)
        .locations(SCRIPTS)
        .load()
        .migrate();
  }

  /// Asks the database something; never waits for a writer.
  public <T> T read(Function<Handle, T> question) {
    try {
      return reader.made().withHandle(question::apply);
    } catch (JdbiException e) {
      throw StorageException.of(e);
    }
  }

  /// Changes the database in one transaction: all of it, or, where `change` throws, nothing.
  public <T> T write(Function<Handle, T> change) {
    lockWriter();
    try {
      return writer.made().inTransaction(change::apply);
    } catch (JdbiException e) {
      throw StorageException.of(e);
    } finally {
      writeLock.unlock();
    }
  }

  /// As [#read], over plain JDBC: see [Rows].
  public <T> T ask(Function<Connection, T> question) {
    Connection connection;
    try {
      connection = takeReader();
    } catch (SQLException e) {
      throw StorageException.of(e);
    }
    try {
      return question.apply(connection);
    } finally {
      idleReaders.add(connection);
    }
  }

  /// As [#write], over plain JDBC: see [Rows].
  public void change(Consumer<Connection> change) {
    lockWriter();
    try {
      inTransaction(change);
    } catch (SQLException e) {
      throw StorageException.of(e);
    } finally {
      writeLock.unlock();
    }
  }

  private void inTransaction(Consumer<Connection> change) throws SQLException {
    writing.setAutoCommit(false);
    boolean done = false;
    try {
      change.accept(writing);
      writing.commit();
      done = true;
    } finally {
      if (!done) {
        writing.rollback();
      }
      writing.setAutoCommit(true);
    }
  }

  /// Bounds the file, as a full disk would.
  public void limit(int pagesMax) {
    lockWriter();
    try (var statement = writing.createStatement()) {
      statement.execute("PRAGMA max_page_count = " + pagesMax);
    } catch (SQLException e) {
      throw StorageException.of(e);
    } finally {
      writeLock.unlock();
    }
  }

  private void lockWriter() {
    try {
      if (writeLock.tryLock(WAIT_MILLIS, TimeUnit.MILLISECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw StorageException.of(e);
    }
    throw StorageException.of(new SQLException("another change takes too long"));
  }

  private Connection takeReader() throws SQLException {
    try {
      var connection = idleReaders.poll(WAIT_MILLIS, TimeUnit.MILLISECONDS);
      if (connection != null) {
        return connection;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new SQLException("all " + READERS + " readers are busy");
  }

  @Override
  public void close() {
    lockWriter();
    try {
      var connections = new ArrayList<Connection>();
      idleReaders.drainTo(connections);
      connections.add(writing);
      for (var connection : connections) {
        connection.close();
      }
    } catch (SQLException e) {
      throw StorageException.of(e);
    } finally {
      writeLock.unlock();
    }
  }

  /// A Jdbi that is made when something is first asked of it: a start does without, see [Rows].
  private static final class Late {
    private final ConnectionFactory connections;
    private @Nullable Jdbi jdbi;

    Late(ConnectionFactory connections) {
      this.connections = connections;
    }

    synchronized Jdbi made() {
      var made = jdbi;
      if (made == null) {
        made = Jdbi.create(connections);
        jdbi = made;
      }
      return made;
    }
  }

  /// Keeps connections open between handles.
  private record Kept(Take take, Give give) implements ConnectionFactory {
    interface Take {
      Connection take() throws SQLException;
    }

    interface Give {
      void give(Connection connection);
    }

    @Override
    public Connection openConnection() throws SQLException {
      return take.take();
    }

    @Override
    public void closeConnection(Connection connection) {
      give.give(connection);
    }
  }
}
