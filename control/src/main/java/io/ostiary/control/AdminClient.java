package io.ostiary.control;

import io.ostiary.control.access.AdminToken;
import io.ostiary.control.http.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// What the command line asks a running Ostiary, over the admin API, with the token of its data
/// directory. Answers are JSON as `openapi.yaml` describes it. Confined to one thread.
public final class AdminClient implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(3);
  private static final Duration ANSWER = Duration.ofSeconds(30);
  private static final int PAGE = 500;

  private final String address;
  private final String token;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT).build();

  private AdminClient(String address, String token) {
    this.address = address;
    this.token = token;
  }

  /// @param data the directory of the running process
  /// @param address such as `http://127.0.0.1:9080`; null: the one that the process left in `data`
  public static AdminClient of(Path data, @Nullable String address) throws AdminException {
    try {
      var token = AdminToken.read(data);
      return new AdminClient(address == null ? leftIn(data) : address, token);
    } catch (NoSuchFileException e) {
      throw AdminException.unasked(
          e.getFile()
              + ": does not exist (expected: the data directory of a running Ostiary). Start it by"
              + " ./ostiary run, or name its directory by --data DIR.");
    } catch (AccessDeniedException e) {
      throw new AdminException(
          0, e.getFile() + ": not readable (expected: the user who runs Ostiary, or root)");
    } catch (IOException e) {
      throw new AdminException(0, String.valueOf(e.getMessage()));
    }
  }

  private static String leftIn(Path data) throws IOException, AdminException {
    var file = data.resolve(Control.ADDRESS);
    if (Files.notExists(file)) {
      throw AdminException.unasked(
          "Ostiary does not run with " + data + ". Start it by ./ostiary run.");
    }
    return Files.readString(file).strip();
  }

  /// One call with its explanation.
  public JsonNode explain(String call) throws AdminException {
    return get("/api/v1/calls/" + encode(call));
  }

  /// The same as text, drawn for a terminal.
  public String explain(String call, int width) throws AdminException {
    var path = "/api/v1/calls/" + encode(call) + "?width=" + width;
    var response = exchange("GET", path, null, "text/plain");
    if (response.statusCode() < 400) {
      return new String(response.body(), StandardCharsets.UTF_8);
    }
    return understood(response, path).toString();
  }

  /// Which route a request would get.
  ///
  /// @param question as `RouteQuestion` of `openapi.yaml`
  public JsonNode route(Map<String, Object> question) throws AdminException {
    return send("POST", "/api/v1/route", question);
  }

  /// Throws away what an API's cache keeps.
  ///
  /// @param what `url`, `prefix` or `tag` with its value; empty: all
  public JsonNode purge(String api, Map<String, String> what) throws AdminException {
    return send("POST", "/api/v1/apis/" + encode(api) + "/purge", what);
  }

  public JsonNode now(int windowSeconds) throws AdminException {
    return get("/api/v1/now?window=" + windowSeconds);
  }

  /// Who sent the packets of the last second, the widest share first.
  public JsonNode flood(int limit) throws AdminException {
    return get("/api/v1/sources/flood?limit=" + limit);
  }

  /// Active bans, the newest first.
  public List<JsonNode> bans() throws AdminException {
    return all("/api/v1/bans?limit=" + PAGE);
  }

  /// @param rates `packetsPerSecond` and `callsPerSecond` of a limit; empty: refused altogether
  public JsonNode ban(
      String source, String reason, long seconds, List<String> calls, Map<String, Integer> rates)
      throws AdminException {
    var body = new LinkedHashMap<String, Object>();
    body.put("source", source);
    body.put("reason", reason);
    body.put("seconds", seconds);
    body.put("calls", calls);
    if (!rates.isEmpty()) {
      body.put("action", "limit");
      body.putAll(rates);
    }
    return post("/api/v1/bans", body);
  }

  /// Lets a ban end so many seconds from now.
  public JsonNode extend(String ban, long seconds) throws AdminException {
    return send("PATCH", "/api/v1/bans/" + encode(ban), Map.of("seconds", seconds));
  }

  /// @param idOrSource a ban's id, or the block or address it is about
  /// @return what was lifted
  public JsonNode unban(String idOrSource) throws AdminException {
    for (var ban : bans()) {
      var source = ban.get("source").asString();
      if (ban.get("id").asString().equals(idOrSource)
          || source.equals(idOrSource)
          || source.substring(0, source.indexOf('/')).equals(idOrSource)) {
        send("DELETE", "/api/v1/bans/" + encode(ban.get("id").asString()), null);
        return ban;
      }
    }
    throw new AdminException(
        404, "ban: " + idOrSource + " (expected: an id or a source that ./ostiary bans lists)");
  }

  /// Makes a key, and the consumer of this name where there is none.
  ///
  /// @return the key with its `key`, which is never shown again
  public JsonNode createKey(String consumerName, String note) throws AdminException {
    var id = consumer(consumerName);
    return post("/api/v1/consumers/" + encode(id) + "/keys", Map.of("name", note));
  }

  /// Adds a user name and a password to a consumer.
  public JsonNode createPassword(String consumerName, String user, String password)
      throws AdminException {
    var id = consumer(consumerName);
    return post(
        "/api/v1/consumers/" + encode(id) + "/credentials",
        Map.of("kind", "password", "id", user, "password", password));
  }

  /// The id of the consumer of this name, made where there is none.
  private String consumer(String consumerName) throws AdminException {
    String id = null;
    for (var consumer : all("/api/v1/consumers?limit=" + PAGE + "&q=" + encode(consumerName))) {
      if (consumer.get("name").asString().equals(consumerName)) {
        id = consumer.get("id").asString();
      }
    }
    if (id == null) {
      var made = post("/api/v1/consumers", Map.of("name", consumerName));
      id = made.get("id").asString();
    }
    return id;
  }

  /// A fresh link to the console that signs in once.
  public String signInLink() throws AdminException {
    return post("/api/v1/session/codes", Map.of()).get("link").asString();
  }

  /// Begins a capture.
  public JsonNode capture(Map<String, ?> wanted) throws AdminException {
    return post("/api/v1/captures", wanted);
  }

  public JsonNode stopCapture(String id) throws AdminException {
    return post("/api/v1/captures/" + encode(id) + "/stop", Map.of());
  }

  public JsonNode captureNow(String id) throws AdminException {
    return get("/api/v1/captures/" + encode(id));
  }

  /// Writes what a capture took, and what a running one will still take, until it ends.
  ///
  /// @throws IOException when `to` takes no more
  public void followCapture(String id, OutputStream to) throws AdminException, IOException {
    var path = "/api/v1/captures/" + encode(id) + "/file?follow=yes";
    var request =
        HttpRequest.newBuilder(URI.create(address + path))
            .header("Authorization", "Bearer " + token)
            .build();
    HttpResponse<InputStream> response;
    try {
      response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
    } catch (IOException e) {
      throw new AdminException(0, "Ostiary does not answer at " + address + ": " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AdminException(0, "interrupted while asking " + address);
    }
    try (var body = response.body()) {
      if (response.statusCode() >= 400) {
        throw new AdminException(
            response.statusCode(), address + path + ": answered " + response.statusCode());
      }
      var buffer = new byte[64 * 1024];
      for (int read = body.read(buffer); read >= 0; read = body.read(buffer)) {
        to.write(buffer, 0, read);
        to.flush();
      }
    }
  }

  public JsonNode get(String path) throws AdminException {
    return send("GET", path, null);
  }

  public JsonNode post(String path, Map<String, ?> body) throws AdminException {
    return send("POST", path, body);
  }

  /// All items of a paged list.
  private List<JsonNode> all(String path) throws AdminException {
    var items = new ArrayList<JsonNode>();
    String cursor = null;
    do {
      var page = get(cursor == null ? path : path + "&cursor=" + encode(cursor));
      page.get("items").forEach(items::add);
      cursor = page.get("next").isNull() ? null : page.get("next").asString();
    } while (cursor != null);
    return items;
  }

  private JsonNode send(String method, String path, @Nullable Map<String, ?> body)
      throws AdminException {
    return understood(exchange(method, path, body, "application/json"), path);
  }

  private HttpResponse<byte[]> exchange(
      String method, String path, @Nullable Map<String, ?> body, String accept)
      throws AdminException {
    var request =
        HttpRequest.newBuilder(URI.create(address + path))
            .timeout(ANSWER)
            .header("Authorization", "Bearer " + token)
            .header("Accept", accept);
    if (body == null) {
      request.method(method, HttpRequest.BodyPublishers.noBody());
    } else {
      request
          .header("Content-Type", "application/json")
          .method(method, HttpRequest.BodyPublishers.ofByteArray(Json.writeBytes(body)));
    }
    try {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    } catch (IOException e) {
      var message =
          "Ostiary does not answer at "
              + address
              + (e.getMessage() == null ? "" : ": " + e.getMessage())
              + " (expected: a running process). Start it by ./ostiary run, or name its address by"
              + " --control ADDRESS.";
      throw e instanceof ConnectException
          ? AdminException.unasked(message)
          : new AdminException(0, message);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AdminException(0, "interrupted while asking " + address);
    }
  }

  private JsonNode understood(HttpResponse<byte[]> response, String path) throws AdminException {
    int status = response.statusCode();
    JsonNode body;
    try {
      body =
          Json.readDocument(response.body().length == 0 ? new byte[] {'{', '}'} : response.body());
    } catch (JacksonException e) {
      throw new AdminException(
          status, address + path + ": answered " + status + " without JSON (expected: Ostiary)");
    }
    if (status < 400) {
      return body;
    }
    if (status == 401) {
      throw new AdminException(
          status,
          "the token of the data directory is not the one of the process at "
              + address
              + " (expected: --data and --control of the same process)");
    }
    var detail = body.get("detail");
    throw new AdminException(
        status, detail == null ? address + path + ": answered " + status : detail.asString());
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
