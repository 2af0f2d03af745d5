package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.PolicyUse;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Whatever way a client spells a path: routing and policies see the very bytes that the upstream
/// reads, or the call is refused. `docs/routing.md` has the table.
class SameBytesTest {
  /// Tells the client which route the gateway took and which path its policies saw.
  private static final class Telling implements PlainPolicy {
    private static final HeaderName ROUTE = HeaderName.of("X-Route");
    private static final HeaderName SEEN = HeaderName.of("X-Seen");

    @Override
    public String name() {
      return "telling";
    }

    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.RESPONSE);
    }

    @Override
    public Verdict response(Exchange exchange) {
      exchange.responseHeaders().set(ROUTE, exchange.route().id());
      exchange.responseHeaders().set(SEEN, exchange.path());
      return Verdict.CONTINUE;
    }
  }

  private static final List<String> SEPARATORS =
      List.of(
          "/",
          "//",
          "///",
          "/./",
          "/.//",
          "/x/../",
          "/x/%2e%2E/",
          "/%2e/",
          "/x/.%2e/",
          "/%2f/",
          "%2f",
          "%2F",
          "\\",
          "%5c",
          "%5C",
          "/;/",
          "/.;/",
          "/..;/",
          "/..;a=b/",
          "/%2e;/",
          "/%00/",
          "%00",
          "/%c0%ae%c0%ae/",
          "%c0%af",
          "%e0%80%af",
          "/%252e%252e/",
          "%252f",
          "/../",
          "/../../",
          "/a/b/../../",
          ";/",
          "/;v=1/",
          "/%20/",
          "/%09/",
          "/:/",
          "/@/",
          "/|/",
          "/[/",
          "/%7c/",
          "/%/",
          "/%4/",
          "/%zz/",
          "/%u002f/",
          "/\u00e9/",
          "/\u007f/",
          "/\"/",
          "/<>/",
          "/{}/",
          "/^/",
          "/`/",
          "/~/",
          "/%7E/",
          "/+/",
          "/%2b/",
          "/*/",
          "/$/",
          "/!/",
          "/'/",
          "/(/",
          "/,/",
          "/=/",
          "/&/",
          "/%26/",
          "/#/",
          "/?/");

  private static final List<String> WORDS =
      List.of(
          "admin",
          "%61dmin",
          "a%64min",
          "ad%6din",
          "ad%6Din",
          "%61%64%6d%69%6e",
          "ADMIN",
          "%41dmin",
          "admin%20",
          "admin.",
          "admin;x",
          "%2561dmin");

  private static Set<String> targets() {
    var targets = new LinkedHashSet<String>();
    for (var separator : SEPARATORS) {
      for (var word : WORDS) {
        targets.add("/" + word + separator + "users");
      }
      targets.add(separator + "admin/users");
      targets.add("/public" + separator + "admin");
      targets.add("http://t.example" + separator + "admin/users");
      targets.add("/public" + separator + ".." + separator + "admin/users");
      targets.add("/admin" + separator);
    }
    for (var end : List.of("", "/", "?", "?q", "#f", "?q#f", "/.", "/..", "/%2e", "/..?x", ";")) {
      targets.add("/admin" + end);
      targets.add("HTTPS://t.example:81/admin" + end);
      targets.add("http://t.example" + end);
    }
    targets.addAll(
        List.of("admin", "*", "http:/admin", "http:admin", "ftp://t.example/", "//", ""));
    return targets;
  }

  @Test
  void whatIsRoutedIsWhatGoesUpstreamOrItIsRefused() {
    var wrong = new ArrayList<String>();
    int refused = 0;
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream, new Telling())) {
      kit.uses = List.of(new PolicyUse("telling", new PlainPolicy.None()));
      kit.routes =
          List.of(
              Kit.route("admin", "/admin/*"),
              Kit.route("users", "/public/{name}/users"),
              Kit.route("public", "/public/*"),
              Kit.route("rest", "/*"));
      kit.publish();
      var targets = targets();
      assertThat(targets).hasSizeGreaterThan(900);
      for (var target : targets) {
        int before = upstream.heads().size();
        var answer = kit.get(target);
        if (answer.startsWith("HTTP/1.1 400")) {
          refused++;
          if (upstream.heads().size() != before) {
            wrong.add(target + ": refused, but the upstream was asked");
          }
          continue;
        }
        check(target, answer, wrong);
      }
    }
    assertThat(wrong).isEmpty();
    // Neither everything nor nothing: the test looks at both.
    assertThat(refused).isBetween(100, 700);
  }

  private static void check(String target, String answer, List<String> wrong) {
    if (!answer.startsWith("HTTP/1.1 200")) {
      wrong.add(target + ": " + answer.lines().findFirst().orElse("no answer"));
      return;
    }
    var sent = answer.substring(answer.indexOf("\r\n\r\n") + 4);
    var path = sent.contains("?") ? sent.substring(0, sent.indexOf('?')) : sent;
    if (!field(answer, "X-Seen").equals(path)) {
      wrong.add(target + ": policies saw " + field(answer, "X-Seen") + ", went " + path);
    }
    var route = field(answer, "X-Route");
    if (!route.equals(model(path))) {
      wrong.add(target + ": route " + route + ", but " + path + " is one of " + model(path));
    }
    var lenient = lenient(path);
    if (!route.equals(model(lenient))) {
      wrong.add(target + ": route " + route + ", but a lenient server reads " + lenient);
    }
  }

  private static String field(String answer, String name) {
    int at = answer.indexOf("\r\n" + name + ": ") + name.length() + 4;
    return answer.substring(at, answer.indexOf("\r\n", at));
  }

  /// The route of a path, read off the documentation and not by the gateway's own code.
  private static String model(String path) {
    var segments = List.of(path.substring(1).split("/", -1));
    if (segments.getFirst().equals("admin")) {
      return "admin";
    }
    if (!segments.getFirst().equals("public")) {
      return "rest";
    }
    boolean users = segments.size() == 3 && segments.get(2).equals("users");
    return users && !segments.get(1).isEmpty() ? "users" : "public";
  }

  /// How a server reads a path that decodes it once, takes `\` for `/`, runs of slashes for one,
  /// and then resolves dot segments.
  private static String lenient(String path) {
    var bytes = new ByteArrayOutputStream();
    for (int i = 0; i < path.length(); i++) {
      if (path.charAt(i) == '%') {
        bytes.write(Integer.parseInt(path.substring(i + 1, i + 3), 16));
        i += 2;
      } else {
        bytes.write(path.charAt(i));
      }
    }
    var decoded = bytes.toString(StandardCharsets.ISO_8859_1).replace('\\', '/');
    var stack = new ArrayDeque<String>();
    for (var segment : decoded.split("/", -1)) {
      if (segment.equals("..")) {
        stack.pollLast();
      } else if (!segment.isEmpty() && !segment.equals(".")) {
        stack.addLast(segment);
      }
    }
    return "/" + String.join("/", stack);
  }
}
