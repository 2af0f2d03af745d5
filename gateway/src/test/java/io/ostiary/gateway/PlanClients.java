package io.ostiary.gateway;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import io.grpc.testing.integration.EmptyProtos.Empty;
import io.grpc.testing.integration.TestServiceGrpc;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLContext;

/// Clients of five kinds for [ReloadUnderLoadTest]: each looks at every answer, whether the plan
/// that sent the request on, the upstream that answered and the plan that let the answer through
/// are one. Shared by the threads of all clients.
final class PlanClients {
  static final Metadata.Key<String> ECHOED = key("x-grpc-test-echo-initial");
  private static final Metadata.Key<String> PLAN = key("x-plan");
  private static final int FRESH_EVERY = 100;

  final AtomicInteger http1 = new AtomicInteger();
  final AtomicInteger http2 = new AtomicInteger();
  final AtomicInteger grpc = new AtomicInteger();
  final AtomicInteger webSockets = new AtomicInteger();
  final AtomicInteger events = new AtomicInteger();
  final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();

  private final int plain;
  private final int secure;
  private final SSLContext trust;
  private final BooleanSupplier more;

  /// @param more whether there are calls to make
  PlanClients(int plain, int secure, SSLContext trust, BooleanSupplier more) {
    this.plain = plain;
    this.secure = secure;
    this.trust = trust;
    this.more = more;
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  int calls() {
    return http1.get() + http2.get() + grpc.get() + webSockets.get() + events.get();
  }

  /// A connection of plain text, read strictly.
  private static final class Line implements AutoCloseable {
    private final Socket socket;
    private final InputStream in;

    private Line(int port) throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(10_000);
      in = new BufferedInputStream(socket.getInputStream());
    }

    private void send(String text) throws IOException {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private String head() throws IOException {
      var head = new StringBuilder();
      while (head.length() < 4
          || head.charAt(head.length() - 1) != '\n'
          || head.charAt(head.length() - 3) != '\n') {
        int c = in.read();
        if (c < 0) {
          throw new EOFException("closed after '" + head + "'");
        }
        head.append((char) c);
      }
      return head.toString();
    }

    private String read(int length) throws IOException {
      return new String(in.readNBytes(length), StandardCharsets.ISO_8859_1);
    }

    /// The content: chunks begin and end anywhere.
    private String chunks() throws IOException {
      var all = new StringBuilder();
      for (int size = size(); size > 0; size = size()) {
        all.append(read(size));
        read(2);
      }
      return all.toString();
    }

    private int size() throws IOException {
      var digits = new StringBuilder();
      for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
        digits.append((char) c);
      }
      return Integer.parseInt(digits.toString().strip(), 16);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  private static String field(String head, String name) {
    int at = head.toLowerCase(Locale.ROOT).indexOf("\r\n" + name + ": ");
    if (at < 0) {
      return "no " + name;
    }
    int begin = at + name.length() + 4;
    return head.substring(begin, head.indexOf("\r\n", begin));
  }

  /// What the upstream says is `SERVER API-PLAN ROUTE-PLAN`.
  private void check(String kind, String said, String plan) {
    var words = said.strip().split(" ");
    if (words.length != 3
        || !words[1].equals(plan)
        || !words[2].equals(plan)
        || Long.parseLong(plan) % 2 != Long.parseLong(words[0])) {
      failures.add(kind + ": upstream '" + said + "', answer under plan " + plan);
    }
  }

  void http1() {
    while (more.getAsBoolean()) {
      try (var line = new Line(plain)) {
        for (int i = 0; i < FRESH_EVERY && more.getAsBoolean(); i++) {
          line.send("GET /a HTTP/1.1\r\nHost: t.example\r\n\r\n");
          var head = line.head();
          var said = line.read(Integer.parseInt(field(head, "content-length")));
          check("HTTP/1.1", said, field(head, "x-plan"));
          http1.incrementAndGet();
        }
      } catch (IOException | NumberFormatException e) {
        failures.add("HTTP/1.1: " + e);
      }
    }
  }

  /// Over TLS, so that certificates change under it, too.
  void http2() {
    while (more.getAsBoolean()) {
      try (var client = HttpClient.newBuilder().sslContext(trust).build()) {
        var request =
            HttpRequest.newBuilder(URI.create("https://localhost:" + secure + "/b")).build();
        for (int i = 0; i < FRESH_EVERY && more.getAsBoolean(); i++) {
          var answer = client.send(request, BodyHandlers.ofString());
          if (answer.version() != HttpClient.Version.HTTP_2) {
            failures.add("HTTP/2: " + answer.version());
          }
          check("HTTP/2", answer.body(), answer.headers().firstValue("x-plan").orElse("-1"));
          http2.incrementAndGet();
        }
      } catch (IOException | NumberFormatException e) {
        failures.add("HTTP/2: " + e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  void grpc() {
    ManagedChannel channel =
        Grpc.newChannelBuilderForAddress("127.0.0.1", plain, InsecureChannelCredentials.create())
            .overrideAuthority("grpc.example")
            .build();
    try {
      while (more.getAsBoolean()) {
        var heads = new AtomicReference<Metadata>();
        var tails = new AtomicReference<Metadata>();
        var stub =
            TestServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(10, TimeUnit.SECONDS)
                .withInterceptors(MetadataUtils.newCaptureMetadataInterceptor(heads, tails));
        stub.emptyCall(Empty.getDefaultInstance());
        check(
            "gRPC",
            Objects.toString(heads.get().get(ECHOED)),
            Objects.toString(heads.get().get(PLAN)));
        grpc.incrementAndGet();
      }
    } catch (RuntimeException e) {
      failures.add("gRPC: " + e);
    } finally {
      channel.shutdownNow();
    }
  }

  /// A tunnel stays under its plan: bytes go both ways while others are swapped.
  void webSocket() {
    while (more.getAsBoolean()) {
      try (var line = new Line(plain)) {
        line.send(
            "GET /ws HTTP/1.1\r\nHost: t.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n");
        var head = line.head();
        if (!head.startsWith("HTTP/1.1 101 ")) {
          failures.add("WebSocket: " + head);
        }
        check("WebSocket", field(head, "x-said"), field(head, "x-plan"));
        for (int i = 0; i < 5; i++) {
          line.send("frame" + i);
          var back = line.read(6);
          if (!back.equals("frame" + i)) {
            failures.add("WebSocket: came back as '" + back + "'");
          }
          Thread.sleep(10);
        }
        webSockets.incrementAndGet();
      } catch (IOException | NumberFormatException e) {
        failures.add("WebSocket: " + e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /// Server-sent events: each says which plan sent the request on.
  void events() {
    while (more.getAsBoolean()) {
      try (var line = new Line(plain)) {
        line.send("GET /events HTTP/1.1\r\nHost: t.example\r\nConnection: close\r\n\r\n");
        var head = line.head();
        var all = line.chunks();
        var said = all.lines().filter(text -> text.startsWith("data: ")).toList();
        if (said.size() != 5) {
          failures.add("events: " + said.size() + " of 5 came: " + head);
        }
        said.forEach(data -> check("events", data.substring(6), field(head, "x-plan")));
        events.incrementAndGet();
      } catch (IOException | NumberFormatException e) {
        failures.add("events: " + e);
      }
    }
  }
}
