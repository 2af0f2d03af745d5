package io.ostiary.gateway.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.HttpAsk;
import io.ostiary.gateway.spi.HttpCalls;
import io.ostiary.gateway.spi.HttpReply;
import io.ostiary.model.Cidr;
import io.ostiary.model.OutboundSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Against the JDK's own HTTP server.
class OutboundTest {
  private static final OutboundSettings HERE =
      new OutboundSettings(List.of(Cidr.parse("127.0.0.0/8"), Cidr.parse("::1")), List.of());
  private static final Duration LIMIT = Duration.ofSeconds(5);

  private final Outbound outbound = new Outbound();
  private final HttpCalls calls = outbound.under(HERE);
  private final Set<InetSocketAddress> peers = ConcurrentHashMap.newKeySet();
  private final CountDownLatch released = new CountDownLatch(1);
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/fixed", exchange -> answer(exchange, 200, "fixed", 5));
    server.createContext("/chunked", exchange -> answer(exchange, 200, "in chunks", 0));
    server.createContext("/none", exchange -> answer(exchange, 204, "", -1));
    server.createContext(
        "/away",
        exchange -> {
          exchange.getResponseHeaders().add("Location", "/fixed");
          answer(exchange, 302, "", -1);
        });
    server.createContext(
        "/echo",
        exchange -> {
          var text = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          var said = exchange.getRequestMethod() + ' ' + exchange.getRequestURI() + ' ' + text;
          answer(exchange, 200, said, 0);
        });
    server.createContext(
        "/never",
        exchange -> {
          try {
            released.await(10, TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    released.countDown();
    outbound.close();
    server.stop(0);
  }

  private void answer(HttpExchange exchange, int status, String body, long length)
      throws IOException {
    peers.add(exchange.getRemoteAddress());
    exchange.sendResponseHeaders(status, length);
    try (var out = exchange.getResponseBody()) {
      out.write(body.getBytes(StandardCharsets.UTF_8));
    }
    exchange.close();
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
  }

  private HttpReply get(String path) throws Exception {
    return get(HttpAsk.get(uri(path), LIMIT, 1000));
  }

  private HttpReply get(HttpAsk ask) throws Exception {
    return wait(calls.send(ask));
  }

  private static HttpReply wait(CompletionStage<HttpReply> stage) throws Exception {
    try {
      return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw (Exception) e.getCause();
    }
  }

  @Test
  void readsAnswersOfEveryLengthOverOneConnection() throws Exception {
    assertThat(get("/fixed").body()).isEqualTo("fixed");
    assertThat(get("/chunked").body()).isEqualTo("in chunks");
    assertThat(get("/none"))
        .extracting(HttpReply::status, HttpReply::body)
        .containsExactly(204, "");
    assertThat(get("/nowhere").status()).isEqualTo(404);
    assertThat(peers).hasSize(1);
  }

  @Test
  void sendsMethodQueryFieldsAndBody() throws Exception {
    var ask =
        new HttpAsk(
            "POST",
            uri("/echo?a=%20b"),
            List.of(Field.of("Content-Type", "text/plain")),
            "grüß",
            LIMIT,
            1000,
            true);
    assertThat(get(ask).body()).isEqualTo("POST /echo?a=%20b grüß");
  }

  @Test
  void followsNoRedirect() throws Exception {
    var reply = get("/away");
    assertThat(reply.status()).isEqualTo(302);
    assertThat(reply.first(HeaderName.of("location"))).isEqualTo("/fixed");
  }

  @Test
  void endsInTimeAndSaysSo() {
    var ask = HttpAsk.get(uri("/never"), Duration.ofMillis(200), 1000);
    long before = System.nanoTime();
    assertThatThrownBy(() -> get(ask))
        .hasMessageContaining("127.0.0.1:")
        .hasMessageMatching("(?i).*(time|timed out).*");
    assertThat(System.nanoTime() - before).isLessThan(TimeUnit.SECONDS.toNanos(5));
  }

  @Test
  void refusesALongAnswer() {
    for (var path : List.of("/fixed", "/chunked")) {
      assertThatThrownBy(() -> get(HttpAsk.get(uri(path), LIMIT, 4)))
          .hasMessageContaining("longer than 4 bytes");
    }
  }

  @Test
  void sendsAgainOnceWhereAKeptConnectionIsDead() throws Exception {
    assertThat(get("/fixed").status()).isEqualTo(200);
    int port = server.getAddress().getPort();
    server.stop(0);
    server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    server.createContext("/fixed", exchange -> answer(exchange, 200, "again", 5));
    server.start();
    assertThat(get("/fixed").body()).isEqualTo("again");
  }

  @Test
  void limitsWhatIsInFlightToOneService() {
    var never = HttpAsk.get(uri("/never"), LIMIT, 1000);
    var stages = new ArrayList<CompletionStage<HttpReply>>();
    for (int i = 0; i < Outbound.IN_FLIGHT_PER_ORIGIN_MAX; i++) {
      stages.add(calls.send(never));
    }
    assertThatThrownBy(() -> get(never)).hasMessageContaining("too many calls");
    assertThat(stages).noneMatch(stage -> stage.toCompletableFuture().isDone());
  }

  @Test
  void callsNothingOnThisHostUnlessAllowed() {
    var ask = HttpAsk.get(uri("/fixed"), LIMIT, 1000);
    assertThatThrownBy(() -> wait(outbound.under(OutboundSettings.DEFAULT).send(ask)))
        .hasMessageContaining("127.0.0.1, which may not be called");
    var named = HttpAsk.get(URI.create("http://localhost:1/"), LIMIT, 1000);
    assertThatThrownBy(() -> wait(outbound.under(OutboundSettings.DEFAULT).send(named)))
        .hasMessageContaining("localhost: stands for");
    assertThat(peers).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1",
        "127.8.9.1",
        "0.0.0.0",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "ff02::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::1"
      })
  void refusesWhatNobodyMeansByAName(String address) {
    var guard = new AddressGuard(OutboundSettings.DEFAULT);
    assertThat(guard.admits(InetAddress.ofLiteral(address))).isFalse();
  }

  @Test
  void deniesMoreOnRequest() {
    var settings = new OutboundSettings(List.of(), List.of(Cidr.parse("10.0.0.0/8")));
    var guard = new AddressGuard(settings);
    assertThat(guard.admits(InetAddress.ofLiteral("10.1.2.3"))).isFalse();
    assertThat(guard.admits(InetAddress.ofLiteral("192.168.1.1"))).isTrue();
    assertThat(guard.admits(InetAddress.ofLiteral("2001:db8::1"))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"ftp://a/", "http:/a", "https://user@a/", "http://a/#f", "file:///etc/passwd"})
  void refusesOtherUrls(String text) {
    assertThatThrownBy(() -> HttpAsk.get(URI.create(text), LIMIT, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("url: ");
  }
}
