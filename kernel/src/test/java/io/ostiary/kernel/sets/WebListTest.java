package io.ostiary.kernel.sets;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelSet;
import io.ostiary.model.KernelSet.Supply;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Lists from a web server that behaves as it is told.
final class WebListTest {
  private static final Duration HOUR = Duration.ofHours(1);
  private static final List<Cidr> ONE = List.of(Cidr.parse("203.0.113.0/24"));

  @TempDir Path folder;
  private HttpServer server;
  private volatile Answer answer = exchange -> send(exchange, 200, "203.0.113.0/24\n");
  private final List<String> asked = java.util.Collections.synchronizedList(new ArrayList<>());
  private final Semaphore ended = new Semaphore(0);

  private interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/",
        exchange -> {
          var tag = exchange.getRequestHeaders().getFirst("If-None-Match");
          asked.add(exchange.getRequestURI() + " " + tag);
          answer.to(exchange);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void end() {
    ended.release(10);
    server.stop(0);
  }

  private static void send(HttpExchange exchange, int status, String text) throws IOException {
    var bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    if (bytes.length > 0) {
      exchange.getResponseBody().write(bytes);
    }
  }

  private URI address(String path) {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
  }

  private WebList list() {
    return new WebList(address("/list"), folder.resolve("copy.txt"), Duration.ofSeconds(20));
  }

  private static void await(BooleanSupplier what) throws InterruptedException {
    long limit = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (!what.getAsBoolean() && System.nanoTime() < limit) {
      Thread.sleep(20);
    }
    assertThat(what.getAsBoolean()).isTrue();
  }

  @Test
  void fetchesKeepsAndStartsWithoutNetwork() throws Exception {
    var sets = List.of(new KernelSet("bots", new Supply.Web(address("/list"), HOUR)));
    var changes = new Semaphore(0);
    try (var library = new SetLibrary(folder.resolve("sets"), changes::release)) {
      assertThat(library.become(sets)).containsEntry("bots", List.of());
      assertThat(changes.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      assertThat(library.now()).containsEntry("bots", ONE);
    }
    server.stop(0);
    try (var library = new SetLibrary(folder.resolve("sets"), () -> {})) {
      assertThat(library.become(sets)).containsEntry("bots", ONE);
    }
  }

  @Test
  void doesNotFetchAgainWhatHasNotChanged() throws Exception {
    answer =
        exchange -> {
          exchange.getResponseHeaders().set("ETag", "\"v1\"");
          boolean known = "\"v1\"".equals(exchange.getRequestHeaders().getFirst("If-None-Match"));
          send(exchange, known ? 304 : 200, known ? "" : "203.0.113.0/24\n::1\n");
        };
    var list = list();
    assertThat(list.fetch().blocks()).hasSize(2);
    assertThat(list.fetch()).isNull();
    Files.delete(folder.resolve("copy.txt"));
    assertThat(list.fetch().blocks()).as("without its copy").hasSize(2);
    assertThat(asked).containsExactly("/list null", "/list \"v1\"", "/list null");
  }

  @Test
  void keepsTheCopyWhenAServerSendsNoList() throws Exception {
    var list = list();
    assertThat(list.fetch().blocks()).isEqualTo(ONE);
    var html = "<!DOCTYPE html><html><body>Please sign in</body></html>";
    assertFault(list, exchange -> send(exchange, 200, html), "list:1:1: cidr: <!DOCTYPE");
    assertFault(list, exchange -> send(exchange, 200, ""), ": no block in it");
    assertFault(list, exchange -> send(exchange, 200, "# nothing today\n"), ": no block in it");
    assertFault(list, exchange -> send(exchange, 503, "busy"), ": status 503 (expected: 200)");
    assertFault(list, exchange -> send(exchange, 304, ""), ": status 304 (expected: 200)");
    assertFault(
        list,
        exchange -> {
          exchange.sendResponseHeaders(200, 1000);
          exchange.getResponseBody().write("203.0.113.0/25\n".getBytes(StandardCharsets.UTF_8));
        },
        ": not fetched: ");
    assertFault(list, HttpExchange::close, ": not fetched: ");
    server.stop(0);
    assertFault(list, exchange -> {}, ": not fetched: ");
    assertThat(Files.readString(folder.resolve("copy.txt"))).isEqualTo("203.0.113.0/24\n");
    try (var files = Files.list(folder)) {
      assertThat(files).as("nothing is left behind").containsExactly(folder.resolve("copy.txt"));
    }
  }

  private void assertFault(WebList list, Answer answer, String fault) throws InterruptedException {
    this.answer = answer;
    var fetched = list.fetch();
    assertThat(fetched.blocks()).isEmpty();
    assertThat(fetched.faults()).isNotEmpty();
    assertThat(fetched.faults().getFirst()).contains(fault);
  }

  @Test
  void readsAMillionLinesThroughTheDisk() throws Exception {
    var text = new StringBuilder();
    for (int i = 0; i < 1_000_000; i++) {
      text.append(i >> 16 & 255).append('.').append(i >> 8 & 255).append('.').append(i & 255);
      text.append(".0/24\n");
    }
    answer = exchange -> send(exchange, 200, text.toString());
    assertThat(list().fetch())
        .satisfies(list -> {
          assertThat(list.faults()).isEmpty();
          assertThat(list.blocks()).hasSize(1_000_000);
        });
    answer = exchange -> send(exchange, 200, text + "203.0.113.0/24\n");
    assertThat(list().fetch().faults())
        .containsExactly(
            address("/list") + ":1000001:1: one block too many (expected: at most 1,000,000)");
  }

  @Test
  void refusesMoreThanThereIsRoomFor() throws Exception {
    var piece = "# nothing but comments\n".repeat(50_000).getBytes(StandardCharsets.UTF_8);
    answer =
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          for (int i = 0; i < 70; i++) {
            exchange.getResponseBody().write(piece);
          }
        };
    assertThat(list().fetch().faults().getFirst()).contains(": not fetched: ");
  }

  @Test
  void doesNotWaitForAnAnswerThatNeverEndsNorLetsOthersWait() throws Exception {
    answer =
        exchange -> {
          if (exchange.getRequestURI().getPath().equals("/good")) {
            send(exchange, 200, "203.0.113.0/24\n");
            return;
          }
          exchange.sendResponseHeaders(200, 1000);
          exchange.getResponseBody().write("203.0.113.0/24\n".getBytes(StandardCharsets.UTF_8));
          exchange.getResponseBody().flush();
          ended.acquireUninterruptibly();
        };
    var patience = Duration.ofSeconds(4);
    try (var library = new SetLibrary(folder.resolve("sets"), () -> {}, patience)) {
      library.become(
          List.of(
              new KernelSet("slow", new Supply.Web(address("/slow"), HOUR)),
              new KernelSet("good", new Supply.Web(address("/good"), HOUR))));
      await(() -> library.now().get("good").equals(ONE));
      assertThat(library.sentence()).as("while the other one is waited for").isEmpty();
      await(() -> library.sentence().contains("not all of it came within 4 s"));
      assertThat(library.sentence()).contains("Set slow");
    }
  }

  @Test
  void asksAgainSoonAfterAFailure() throws Exception {
    answer = exchange -> send(exchange, 500, "");
    var sets = List.of(new KernelSet("bots", new Supply.Web(address("/list"), HOUR)));
    try (var library = new SetLibrary(folder.resolve("sets"), () -> {})) {
      library.become(sets);
      await(() -> library.sentence().contains("status 500"));
      answer = exchange -> send(exchange, 200, "203.0.113.0/24\n");
      Thread.sleep(4000);
      await(() -> library.now().get("bots").equals(ONE));
      assertThat(library.sentence()).isEmpty();
      assertThat(asked).hasSize(2);
    }
  }
}
