package io.ostiary.control.records;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Optional;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DatabaseTest {
  @TempDir Path data;

  @Test
  void theVersionInTheCodeIsThatOfTheNewestScript() {
    var file = data.resolve("a.db");
    Database.open(file).close();
    var newest =
        Flyway.configure()
            .dataSource("jdbc:sqlite:" + file, null, null)
            .locations("classpath:io/ostiary/control/db")
            .load()
            .info()
            .all();
    assertThat(newest[newest.length - 1].getVersion().getVersion())
        .isEqualTo(Database.SCHEMA_VERSION);
    assertThat(newest).allMatch(info -> info.getState().isApplied());
  }

  @Test
  void aChangeThatThrowsLeavesNothing() {
    try (var database = Database.open(data.resolve("b.db"))) {
      assertThatThrownBy(() ->
              database.write(handle -> {
                Settings.put(handle.getConnection(), "a", "1");
                throw new IllegalArgumentException("no");
              }))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(database.<Optional<String>>ask(connection -> Settings.get(connection, "a")))
          .isEmpty();
    }
  }

  @Test
  void readersCannotWrite() {
    try (var database = Database.open(data.resolve("c.db"))) {
      assertThatThrownBy(() -> database.read(handle -> handle.execute("DELETE FROM team")))
          .isInstanceOf(StorageException.class);
    }
  }

  @Test
  void keysAreRecognisedByTheirChecksum() {
    for (int i = 0; i < 100; i++) {
      var key = KeyText.make(KeyText.KEY);
      assertThat(KeyText.wellFormed(KeyText.KEY, key)).isTrue();
      assertThat(key).matches("ost_[0-9A-Za-z]{36}");
      var wrong = key.charAt(10) == 'a' ? 'b' : 'a';
      assertThat(KeyText.wellFormed(KeyText.KEY, key.substring(0, 10) + wrong + key.substring(11)))
          .isFalse();
    }
  }
}
