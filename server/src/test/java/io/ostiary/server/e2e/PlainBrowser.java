package io.ostiary.server.e2e;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// What of a browser a sign-in needs: it keeps cookies, follows redirects and fills in the forms of
/// the provider. Unlike a browser it sends cookies marked `Secure` without TLS.
final class PlainBrowser implements AutoCloseable {
  private static final int STEPS_MAX = 20;
  private static final Pattern PROMPT = Pattern.compile("name=\"prompt\" value=\"([a-z]+)\"");

  private final HttpClient client =
      HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).build();

  /// By authority and name.
  private final Map<String, String> cookies = new ConcurrentHashMap<>();

  private final List<String> forms = new ArrayList<>();

  /// Another one with the same cookies.
  PlainBrowser copy() {
    var copy = new PlainBrowser();
    copy.cookies.putAll(cookies);
    return copy;
  }

  /// Which forms were filled in.
  List<String> forms() {
    return forms;
  }

  /// Goes to a page, and where it is led to sign in, does so under this name.
  HttpResponse<String> visit(URI page, String name) throws IOException, InterruptedException {
    var answer = ask(page);
    for (int step = 0; step < STEPS_MAX; step++) {
      var location = answer.headers().firstValue("location");
      var prompt = PROMPT.matcher(answer.body());
      if (location.isPresent()) {
        answer = ask(answer.uri().resolve(location.get()));
      } else if (prompt.find()) {
        forms.add(prompt.group(1));
        var form = "prompt=" + prompt.group(1) + "&login=" + name + "&password=any";
        answer =
            kept(
                client.send(
                    request(answer.uri())
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .POST(BodyPublishers.ofString(form))
                        .build(),
                    BodyHandlers.ofString()));
      } else {
        return answer;
      }
    }
    throw new IOException("led on and on: " + answer.uri());
  }

  HttpResponse<String> ask(URI page) throws IOException, InterruptedException {
    return kept(client.send(request(page).build(), BodyHandlers.ofString()));
  }

  /// As [#ask], but what the answer brings is not kept.
  CompletableFuture<HttpResponse<String>> begin(URI page) {
    return client.sendAsync(request(page).build(), BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(URI page) {
    var request =
        HttpRequest.newBuilder(page).timeout(Duration.ofSeconds(10)).header("Accept", "text/html");
    var own = page.getAuthority() + " ";
    var line =
        cookies.entrySet().stream()
            .filter(cookie -> cookie.getKey().startsWith(own))
            .map(cookie -> cookie.getKey().substring(own.length()) + "=" + cookie.getValue())
            .collect(Collectors.joining("; "));
    return line.isEmpty() ? request : request.header("Cookie", line);
  }

  HttpResponse<String> kept(HttpResponse<String> answer) {
    for (var line : answer.headers().allValues("set-cookie")) {
      var pair = line.split(";", 2)[0].split("=", 2);
      var name = answer.uri().getAuthority() + " " + pair[0].strip();
      if (pair[1].isEmpty()) {
        cookies.remove(name);
      } else {
        cookies.put(name, pair[1]);
      }
    }
    return answer;
  }

  @Override
  public void close() {
    client.close();
  }
}
