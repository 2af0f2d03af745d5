package io.ostiary.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/// Asks a candidate whether it does what it will be measured at; a wrong one is not measured.
final class Check {
  private Check() {}

  static void run(Candidate candidate, Workload workload, int bodyBytes)
      throws IOException, InterruptedException {
    try (var client = HttpClient.newHttpClient()) {
      var path = "/route-3/orders";
      expect(candidate, "a good key", 200, ask(client, candidate, path, workload.keys().get(7)));
      var body = ask(client, candidate, path, workload.keys().getLast()).body();
      if (body.length() != bodyBytes) {
        throw new IOException(
            candidate.name() + ": a body of " + body.length() + " (expected: " + bodyBytes + ")");
      }
      if (candidate.featured()) {
        expect(candidate, "no key", 401, ask(client, candidate, path, ""));
        expect(candidate, "a wrong key", 401, ask(client, candidate, path, "wrong"));
      }
    }
  }

  private static HttpResponse<String> ask(
      HttpClient client, Candidate candidate, String path, String key)
      throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + candidate.port() + path))
            .timeout(Duration.ofSeconds(10));
    if (!key.isEmpty()) {
      request.header(Workload.KEY_HEADER, key);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static void expect(
      Candidate candidate, String what, int status, HttpResponse<String> answer)
      throws IOException {
    if (answer.statusCode() != status) {
      throw new IOException(
          "%s with %s: %d (expected: %d)"
              .formatted(candidate.name(), what, answer.statusCode(), status));
    }
  }
}
