package io.ostiary.kernel.sets;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.ostiary.model.Cidr;
import io.ostiary.model.CidrFile;
import io.ostiary.model.KernelSet;
import io.ostiary.model.KernelSet.Supply;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SetLibraryTest {
  private static final Duration HOUR = Duration.ofHours(1);

  @TempDir Path folder;

  @Test
  void readsFilesAndTellsWhatIsWrongWithThem() throws Exception {
    var good = Files.writeString(folder.resolve("good.txt"), "# drop\n198.18.0.0/15 ; SBL1\n\n");
    var bad = Files.writeString(folder.resolve("bad.txt"), "198.18.0.0/15\n  198.18.0.1/15\n");
    try (var library = new SetLibrary(folder.resolve("sets"), () -> {})) {
      var held =
          library.become(
              List.of(
                  new KernelSet("good", new Supply.File(good, HOUR)),
                  new KernelSet("bad", new Supply.File(bad, HOUR)),
                  new KernelSet("own", new Supply.Inline(List.of(Cidr.parse("::1"))))));
      assertThat(held)
          .containsEntry("good", List.of(Cidr.parse("198.18.0.0/15")))
          .containsEntry("bad", List.of())
          .containsEntry("own", List.of(Cidr.parse("::1")));
      assertThat(library.sentence()).contains("Set bad is as it was (0 blocks)", "bad.txt:2:3: ");
    }
  }

  @Test
  void doesNotReadAgainWhatTheConfigurationHasRead() throws Exception {
    var file = Files.writeString(folder.resolve("list.txt"), "198.18.0.0/15\n");
    var read = CidrFile.read("list.txt", file);
    // The same time and size, which nobody writes by chance: only a second reading would tell.
    Files.writeString(file, "198.51.0.0/16\n");
    Files.setLastModifiedTime(file, read.modified());
    var set = new KernelSet("list", new Supply.File(file, HOUR, read));
    try (var library = new SetLibrary(folder.resolve("sets"), () -> {})) {
      assertThat(library.become(List.of(set)))
          .containsEntry("list", List.of(Cidr.parse("198.18.0.0/15")));
      assertThat(library.become(List.of())).isEmpty();
      Files.setLastModifiedTime(file, FileTime.fromMillis(read.modified().toMillis() + 1000));
      assertThat(library.become(List.of(set)))
          .as("changed since")
          .containsEntry("list", List.of(Cidr.parse("198.51.0.0/16")));
    }
  }

  @Test
  void fetchesKeepsAndStartsWithoutNetwork() throws Exception {
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          var text = "203.0.113.0/24\n".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, text.length);
          try (var body = exchange.getResponseBody()) {
            body.write(text);
          }
        });
    server.start();
    var address = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/list");
    var sets = List.of(new KernelSet("bots", new Supply.Web(address, HOUR)));
    var changes = new Semaphore(0);
    try (var library = new SetLibrary(folder.resolve("sets"), changes::release)) {
      assertThat(library.become(sets)).containsEntry("bots", List.of());
      assertThat(changes.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      assertThat(library.now()).containsEntry("bots", List.of(Cidr.parse("203.0.113.0/24")));
    } finally {
      server.stop(0);
    }
    try (var library = new SetLibrary(folder.resolve("sets"), () -> {})) {
      assertThat(library.become(sets)).containsEntry("bots", List.of(Cidr.parse("203.0.113.0/24")));
    }
  }

  @Test
  void doesNotWaitForAnAnswerThatNeverEnds() throws Exception {
    var ended = new Semaphore(0);
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 1000);
          exchange.getResponseBody().write("203.0.113.0/24\n".getBytes(StandardCharsets.UTF_8));
          exchange.getResponseBody().flush();
          ended.acquireUninterruptibly();
        });
    server.start();
    var address = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/list");
    var patience = Duration.ofSeconds(1);
    try (var library = new SetLibrary(folder.resolve("sets"), () -> {}, patience)) {
      library.become(List.of(new KernelSet("bots", new Supply.Web(address, HOUR))));
      long limit = System.nanoTime() + Duration.ofSeconds(10).toNanos();
      while (library.sentence().isEmpty() && System.nanoTime() < limit) {
        Thread.sleep(20);
      }
      assertThat(library.sentence()).contains("Set bots", "not all of it came within 1 s");
    } finally {
      ended.release();
      server.stop(0);
    }
  }

  @Test
  void refusesAMillionLinesAndOne() throws IOException {
    var text = new StringBuilder();
    for (int i = 0; i <= 1_000_000; i++) {
      text.append(i >> 16 & 255).append('.').append(i >> 8 & 255).append('.').append(i & 255);
      text.append(".1\n");
    }
    var file = Files.writeString(folder.resolve("many.txt"), text);
    try (var library = new SetLibrary(folder.resolve("sets"), () -> {})) {
      library.become(List.of(new KernelSet("many", new Supply.File(file, HOUR))));
      assertThat(library.sentence())
          .contains("many.txt:1000001:1: one block too many (expected: at most 1,000,000)");
    }
  }
}
