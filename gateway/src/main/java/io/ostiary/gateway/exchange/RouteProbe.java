package io.ostiary.gateway.exchange;

import io.netty.buffer.Unpooled;
import io.ostiary.gateway.route.HostTable;
import io.ostiary.gateway.route.RouteTable;
import io.ostiary.gateway.wire.Bytes;
import io.ostiary.gateway.wire.HeadFault;
import io.ostiary.gateway.wire.RequestHead;
import io.ostiary.model.Api;
import io.ostiary.model.Conditions;
import io.ostiary.model.Conditions.Expectation;
import io.ostiary.model.PathPattern;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Route;
import io.ostiary.model.RouteAnswer;
import io.ostiary.model.RouteAnswer.Asked;
import io.ostiary.model.RouteAnswer.Candidate;
import io.ostiary.model.RouteAnswer.Chosen;
import io.ostiary.model.RouteAnswer.Share;
import io.ostiary.model.RouteAnswer.Verdict;
import io.ostiary.model.RouteQuestion;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Asks a plan which route a request would get, and says why. The request goes through the same
/// parser and the same tables as a real one; only the reasons are found by looking at every route.
/// For one question; runs on a control-plane thread.
public final class RouteProbe {
  private final Plan plan;
  private final RouteQuestion question;
  private final RequestHead head = new RequestHead();
  private final RouteGuard.Asker asker;

  private record Match(Api api, Route route, String host, List<Asked> conditions) {
    private boolean holds() {
      return conditions.stream().allMatch(Asked::holds);
    }
  }

  private RouteProbe(Plan plan, RouteQuestion question) {
    this.plan = plan;
    this.question = question;
    asker = question::client;
  }

  public static RouteAnswer ask(Plan plan, RouteQuestion question) {
    return new RouteProbe(plan, question).answer();
  }

  private RouteAnswer answer() {
    var settings = plan.settings();
    head.start(settings.headBytesMax(), settings.headFieldsMax());
    var text = Unpooled.wrappedBuffer(Bytes.of(request()));
    if (head.read(text) != RequestHead.Progress.COMPLETE) {
      return refused(head.fault());
    }
    var host = HostTable.name(authority());
    var path = Bytes.text(head.bytes(), head.pathStart(), head.pathEnd());
    if (head.asterisk()) {
      return new RouteAnswer(
          204, "OPTIONS * is answered by the gateway itself.", host, path, null, List.of());
    }
    var routing = new Routing(asker);
    var found = routing.find(plan.routes(), head);
    if (Routing.refusesSlash(found, head)) {
      return refused(HeadFault.PATH_ENCODING);
    }
    var matches = matches(host, path);
    if (found == null) {
      return nothing(routing, host, path, matches);
    }
    return new RouteAnswer(
        200,
        sentence(found, routing.preflight(), matches),
        host,
        path,
        chosen(found, routing),
        candidates(found, matches));
  }

  private static RouteAnswer refused(HeadFault fault) {
    return new RouteAnswer(
        fault.status(),
        "Refused before any route is asked, as " + fault.code() + ": " + fault.detail(),
        "",
        null,
        null,
        List.of());
  }

  /// The head as a client would send it.
  private String request() {
    var url = question.url();
    var host = "";
    int scheme = url.indexOf("://");
    if (scheme > 0 && url.indexOf('/') > scheme) {
      int end = scheme + 3;
      while (end < url.length() && "/?#".indexOf(url.charAt(end)) < 0) {
        end++;
      }
      host = url.substring(scheme + 3, end);
    }
    var out = new StringBuilder();
    out.append(question.method()).append(' ').append(url).append(" HTTP/1.1\r\n");
    boolean named =
        question.headers().stream().anyMatch(header -> header.name().equalsIgnoreCase("host"));
    if (!named) {
      out.append("Host: ").append(host.isEmpty() ? "localhost" : host).append("\r\n");
    }
    for (var header : question.headers()) {
      out.append(header.name()).append(": ").append(header.value()).append("\r\n");
    }
    return out.append("\r\n").toString();
  }

  private String authority() {
    return Bytes.text(head.bytes(), head.authorityStart(), head.authorityEnd());
  }

  private RouteAnswer nothing(Routing routing, String host, String path, List<Match> matches) {
    if (routing.pathKnown()) {
      var sentence =
          "The best pattern for this path does not take %s, but %s."
              .formatted(question.method(), routing.allow());
      return new RouteAnswer(405, sentence, host, path, null, candidates(null, matches));
    }
    var sentence =
        matches.isEmpty()
            ? "No API is published for this host and path."
            : "No condition holds of any route with this host and path.";
    return new RouteAnswer(404, sentence, host, path, null, candidates(null, matches));
  }

  private String sentence(RoutePlan found, boolean preflight, List<Match> matches) {
    var name = "Route '%s' of API '%s'".formatted(found.route().id(), found.api().name());
    if (preflight) {
      return name + ": a browser's question beforehand goes to the route it is about.";
    }
    return matches.size() == 1
        ? name + ": no other has this host and path."
        : name + ": the most particular of %d with this host and path.".formatted(matches.size());
  }

  private Chosen chosen(RoutePlan found, Routing routing) {
    head.upstream().begin(found.stripBytes(), found.api().encodedSlashes());
    Map<String, String> parameters = new LinkedHashMap<>();
    for (int i = 0; i < found.parameters().size(); i++) {
      var value = routing.parameter(i, head);
      if (value != null) {
        parameters.put(found.parameters().get(i), value);
      }
    }
    var policies = new ArrayList<>(found.api().policies());
    policies.addAll(found.route().policies());
    var split = found.route().split();
    if (split.to().isEmpty() && found.route().upstream() == null) {
      split = found.api().split();
    }
    return new Chosen(
        found.api().name(),
        found.route().id(),
        head.upstream().path(),
        parameters,
        found.api().upstream(found.route()),
        split.to().stream()
            .map(share -> new Share(share.upstream(), share.percent(), holds(share.when())))
            .toList(),
        policies.stream().map(PolicyUse::name).toList());
  }

  private boolean holds(Conditions conditions) {
    var guard = RouteGuard.of(conditions);
    return guard != null && guard.admits(head, asker);
  }

  // Why not the others.

  private List<Match> matches(String host, String path) {
    var matches = new ArrayList<Match>();
    var segments = path.equals("/") ? List.<String>of() : List.of(path.substring(1).split("/", -1));
    for (var api : plan.snapshot().apis()) {
      var published = published(api, host);
      if (published == null) {
        continue;
      }
      for (var route : api.routes()) {
        if (RoutePattern.of(api, route).matches(segments)) {
          matches.add(new Match(api, route, published, asked(route.conditions())));
        }
      }
    }
    return matches;
  }

  /// The most particular host of the API that stands for this one; null: none does.
  private static @Nullable String published(Api api, String host) {
    if (api.hosts().isEmpty()) {
      return "";
    }
    return api.hosts().stream()
        .filter(
            name -> name.startsWith("*.") ? host.endsWith(name.substring(1)) : name.equals(host))
        .max(Comparator.comparingInt(RouteProbe::rank))
        .orElse(null);
  }

  /// Of hosts that stand for the same name.
  private static int rank(String host) {
    if (host.isEmpty()) {
      return 0;
    }
    return host.startsWith("*.") ? host.length() : 1000;
  }

  private List<Asked> asked(Conditions conditions) {
    var all = new ArrayList<Asked>();
    for (var test : conditions.headers()) {
      all.add(
          asked(
              "header " + text(test),
              new Conditions(List.of(test), List.of(), List.of(), List.of(), null)));
    }
    for (var test : conditions.query()) {
      all.add(
          asked(
              "query " + text(test),
              new Conditions(List.of(), List.of(test), List.of(), List.of(), null)));
    }
    for (var test : conditions.cookies()) {
      all.add(
          asked(
              "cookie " + text(test),
              new Conditions(List.of(), List.of(), List.of(test), List.of(), null)));
    }
    if (!conditions.from().isEmpty()) {
      all.add(
          asked(
              "from " + conditions.from(),
              new Conditions(List.of(), List.of(), List.of(), conditions.from(), null)));
    }
    if (conditions.path() != null) {
      all.add(
          asked(
              "path matches " + conditions.path(),
              new Conditions(List.of(), List.of(), List.of(), List.of(), conditions.path())));
    }
    return all;
  }

  private Asked asked(String text, Conditions one) {
    return new Asked(text, holds(one));
  }

  private static String text(Conditions.Test test) {
    return test.name()
        + switch (test.value()) {
          case Expectation.Is(var value) -> " is '" + value + "'";
          case Expectation.Matches(var pattern) -> " matches " + pattern;
          case Expectation.Present() -> " is there";
        };
  }

  private List<Candidate> candidates(@Nullable RoutePlan found, List<Match> matches) {
    Match best = null;
    for (var match : matches) {
      if (found != null && found.api().equals(match.api) && found.route().equals(match.route)) {
        best = match;
      }
    }
    var candidates = new ArrayList<Candidate>();
    for (var match : matches) {
      candidates.add(candidate(match, best));
    }
    candidates.sort(Comparator.comparing(Candidate::verdict));
    return candidates.size() > RouteAnswer.CANDIDATES_MAX
        ? candidates.subList(0, RouteAnswer.CANDIDATES_MAX)
        : candidates;
  }

  private Candidate candidate(Match match, @Nullable Match best) {
    var methods = match.route.methods();
    boolean takes =
        methods.isEmpty()
            || methods.contains(question.method())
            || (question.method().equals("HEAD") && methods.contains("GET"));
    Verdict verdict;
    String why;
    if (match.equals(best)) {
      verdict = Verdict.CHOSEN;
      why = "";
    } else if (!match.holds()) {
      verdict = Verdict.CONDITION_FAILS;
      why =
          match.conditions.stream()
              .filter(asked -> !asked.holds())
              .findFirst()
              .orElseThrow()
              .text();
    } else if (!takes) {
      verdict = Verdict.METHOD_DIFFERS;
      why = "takes " + String.join(", ", new TreeSet<>(methods));
    } else {
      verdict = Verdict.LESS_PARTICULAR;
      why = best == null ? "a better pattern for the path refuses the method" : lesser(match, best);
    }
    return new Candidate(
        match.api.name(),
        match.route.id(),
        match.host,
        match.route.path().under(match.api.path()).text(),
        List.copyOf(new TreeSet<>(methods)),
        match.conditions,
        verdict,
        why);
  }

  /// The first line of the precedence in `docs/routing.md` that tells the two apart.
  private static String lesser(Match match, Match best) {
    if (rank(match.host) != rank(best.host)) {
      return "its host is less particular";
    }
    var path =
        RoutePattern.of(match.api, match.route).lesser(RoutePattern.of(best.api, best.route));
    if (path != null) {
      return path;
    }
    if (match.route.methods().isEmpty() != best.route.methods().isEmpty()) {
      return "names no method";
    }
    var mine = match.route.conditions();
    var others = best.route.conditions();
    if (mine.headers().size() != others.headers().size()) {
      return "asks for fewer header fields";
    }
    if (mine.query().size() != others.query().size()) {
      return "asks for fewer query parameters";
    }
    if (mine.cookies().size() + mine.from().size() + (mine.path() == null ? 0 : 1)
        != others.cookies().size() + others.from().size() + (others.path() == null ? 0 : 1)) {
      return "asks for fewer cookies, addresses or expressions";
    }
    return "stands later in the file";
  }

  /// A route's whole pattern, segment by segment.
  ///
  /// @param base whether it is that of the API alone, to which an empty segment may be added
  private record RoutePattern(List<String> segments, boolean open, boolean base) {
    static RoutePattern of(Api api, Route route) {
      var pattern = route.path().under(api.path());
      var segments = new ArrayList<String>();
      for (var segment : pattern.segments()) {
        segments.add(PathPattern.templated(segment) ? segment : RouteTable.spelled(segment));
      }
      boolean base = route.path().text().equals("/") && !api.path().equals("/");
      return new RoutePattern(segments, pattern.openEnded(), base);
    }

    boolean matches(List<String> asked) {
      int own = segments.size();
      boolean ended = base && asked.size() == own + 1 && asked.get(own).isEmpty();
      var path = ended ? asked.subList(0, own) : asked;
      if (open ? path.size() < segments.size() : path.size() != segments.size()) {
        return false;
      }
      for (int i = 0; i < segments.size(); i++) {
        var segment = segments.get(i);
        boolean fits =
            PathPattern.templated(segment) ? !path.get(i).isEmpty() : segment.equals(path.get(i));
        if (!fits) {
          return false;
        }
      }
      return true;
    }

    /// How this pattern is less particular than another one for the same path; null: it is not.
    @Nullable String lesser(RoutePattern other) {
      int both = Math.min(segments.size(), other.segments.size());
      for (int i = 0; i < both; i++) {
        boolean mine = PathPattern.templated(segments.get(i));
        boolean others = PathPattern.templated(other.segments.get(i));
        if (mine != others) {
          return "%s stands where the chosen one has '%s'"
              .formatted(segments.get(i), other.segments.get(i));
        }
      }
      if (segments.size() < other.segments.size()) {
        return "its /* begins earlier in the path";
      }
      return open != other.open ? "ends in /* where the chosen one ends exactly" : null;
    }
  }
}
