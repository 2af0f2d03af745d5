package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.access.Access;
import io.ostiary.control.access.HostCheck;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.http.Query;
import io.ostiary.model.Listener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// `try`: sends a request of the documentation's try-it to the gateway's own listener, so that the
/// console needs neither CORS at the API nor a hole in its content security policy.
///
/// It reaches nothing else: of the URL only the port (which must be a listener's), the path and the
/// query are used. What comes back is shown in a sandbox, for it is written by an upstream and
/// would otherwise run with the console's rights.
final class TryApi implements AutoCloseable {
  private static final int REQUEST_BYTES_MAX = 1024 * 1024;
  private static final int RESPONSE_BYTES_MAX = 8 * 1024 * 1024;
  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final Duration ANSWER = Duration.ofSeconds(60);

  /// Not the browser's business with the API: our cookie, what it says about our page, and what
  /// belongs to this hop or is set by the client.
  private static final Set<String> KEPT_BACK =
      Set.of(
          "accept-encoding",
          "connection",
          "content-length",
          "cookie",
          "expect",
          "host",
          "http2-settings",
          "keep-alive",
          "origin",
          "proxy-authorization",
          "proxy-connection",
          "referer",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  private static final Set<String> NOT_RETURNED =
      Set.of(
          "connection",
          "content-length",
          "content-security-policy",
          "content-security-policy-report-only",
          "keep-alive",
          "set-cookie",
          "set-cookie2",
          "strict-transport-security",
          "clear-site-data",
          "service-worker-allowed",
          "transfer-encoding",
          "trailer",
          "upgrade");

  private final SnapshotSource source;
  private @Nullable HttpClient client;

  TryApi(SnapshotSource source) {
    this.source = source;
  }

  List<Route> routes() {
    var routes = new ArrayList<Route>();
    for (var method : List.of("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")) {
      routes.add(new Route(method, "/api/v1/try", Access.VIEWER_BY_SESSION, this::send));
    }
    return routes;
  }

  private void send(Context context) throws IOException, InterruptedException {
    Query.of(context, "scalar_url");
    var request = request(context, target(context));
    try {
      // The body is a stream, so closing it early also ends an answer that is too long.
      var response = client().send(request, HttpResponse.BodyHandlers.ofInputStream());
      try (var body = response.body()) {
        answer(context, response, body.readNBytes(RESPONSE_BYTES_MAX + 1));
      }
    } catch (IOException e) {
      throw ApiProblem.of(
          502,
          "gateway-unreachable",
          "The gateway did not answer",
          request.uri() + ": " + e.getMessage());
    }
  }

  private URI target(Context context) {
    var text = Query.of(context, "scalar_url").text("scalar_url", "");
    try {
      var uri = new URI(text);
      int port = uri.getPort() < 0 ? 80 : uri.getPort();
      var listener = listener(uri, port, context);
      if (listener != null) {
        var path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        var query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
        var host = Addresses.reach(listener);
        var literal = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return new URI("http://" + literal + ":" + port + path + query);
      }
    } catch (URISyntaxException e) {
      // Falls through to the same problem.
    }
    throw ApiProblem.invalid(
        "query",
        "scalar_url",
        "scalar_url: "
            + text
            + " (expected: an http URL of one of the gateway's own listeners without TLS)");
  }

  private @Nullable Listener listener(URI uri, int port, Context context) {
    var running = source.state().running();
    var host = uri.getHost();
    if (running == null || host == null || !"http".equalsIgnoreCase(uri.getScheme())) {
      return null;
    }
    var listener = Addresses.at(port, running);
    var bare = HostCheck.withoutPort(host.startsWith("[") ? host : host + ":0");
    var asked = context.header("Host");
    boolean ours =
        (asked != null && bare.equalsIgnoreCase(HostCheck.withoutPort(asked)))
            || (listener != null && bare.equals(Addresses.reach(listener)))
            || loopback(bare);
    boolean plain = listener != null && listener.tls() == null;
    return ours && plain ? listener : null;
  }

  private static boolean loopback(String host) {
    if (host.equalsIgnoreCase("localhost")) {
      return true;
    }
    try {
      return InetAddress.ofLiteral(host).isLoopbackAddress();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static HttpRequest request(Context context, URI target) throws IOException {
    byte[] body = context.req().getInputStream().readNBytes(REQUEST_BYTES_MAX + 1);
    if (body.length > REQUEST_BYTES_MAX) {
      throw ApiProblem.of(
          413,
          "request-too-large",
          "The body is too large",
          "body: more than " + REQUEST_BYTES_MAX + " bytes (expected: at most that)");
    }
    var publisher =
        body.length == 0
            ? HttpRequest.BodyPublishers.noBody()
            : HttpRequest.BodyPublishers.ofByteArray(body);
    var request = HttpRequest.newBuilder(target).method(context.req().getMethod(), publisher);
    for (var name : java.util.Collections.list(context.req().getHeaderNames())) {
      var lower = name.toLowerCase(Locale.ROOT);
      if (!KEPT_BACK.contains(lower) && !lower.startsWith("sec-")) {
        for (var value : java.util.Collections.list(context.req().getHeaders(name))) {
          request.header(name, value);
        }
      }
    }
    return request.timeout(ANSWER).build();
  }

  private static void answer(Context context, HttpResponse<?> response, byte[] body) {
    if (body.length > RESPONSE_BYTES_MAX) {
      throw ApiProblem.of(
          502,
          "answer-too-large",
          "The answer is too large to show",
          "answer: more than " + RESPONSE_BYTES_MAX + " bytes (expected: at most that). Use curl.");
    }
    context.status(response.statusCode());
    for (var field : response.headers().map().entrySet()) {
      var name = field.getKey();
      if (!name.startsWith(":") && !NOT_RETURNED.contains(name.toLowerCase(Locale.ROOT))) {
        field.getValue().forEach(value -> context.res().addHeader(name, value));
      }
    }
    context.header("Content-Security-Policy", "sandbox; default-src 'none'");
    context.header("X-Content-Type-Options", "nosniff");
    context.header("Cache-Control", "no-store");
    context.disableCompression();
    context.result(body);
  }

  private synchronized HttpClient client() {
    var made = client;
    if (made == null) {
      made =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .followRedirects(HttpClient.Redirect.NEVER)
              .connectTimeout(CONNECT)
              .build();
      client = made;
    }
    return made;
  }

  @Override
  public synchronized void close() {
    if (client != null) {
      client.shutdownNow();
    }
  }
}
