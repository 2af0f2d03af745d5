package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.access.Access;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.http.Fields;
import io.ostiary.model.RouteAnswer;
import io.ostiary.model.RouteQuestion;
import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `route`: which route a request would get, and why. Changes nothing and calls nobody.
final class RouteApi {
  private static final String LOCALHOST = "127.0.0.1";

  private final SnapshotSource source;

  RouteApi(SnapshotSource source) {
    this.source = source;
  }

  List<Route> routes() {
    return List.of(Route.post("/api/v1/route", Access.VIEWER, this::ask));
  }

  record View(
      int status,
      String sentence,
      String host,
      @Nullable String path,
      @Nullable Chosen chosen,
      List<Candidate> candidates) {}

  record Chosen(
      String api,
      String route,
      String upstreamPath,
      Map<String, String> parameters,
      @Nullable String upstream,
      List<RouteAnswer.Share> shares,
      List<String> policies) {}

  record Candidate(
      String api,
      String route,
      String host,
      String pattern,
      List<String> methods,
      List<RouteAnswer.Asked> conditions,
      String verdict,
      String why) {}

  private void ask(Context context) {
    var fields = Fields.of(context, Fields.BODY_BYTES_MAX, "method", "url", "headers", "client");
    var method = fields.text("method", "GET", 1, 32);
    var url = fields.text("url", 1, 8192);
    var headers =
        fields.objects("headers", 0, RouteQuestion.HEADERS_MAX, "name", "value").stream()
            .map(one ->
                new RouteQuestion.Header(one.text("name", 1, 256), one.text("value", "", 0, 8192)))
            .toList();
    var client = fields.text("client", LOCALHOST, 2, 45);
    fields.done();
    if (source.state().running() == null) {
      throw ApiProblem.of(
          503, "not-ready", "Nothing is served yet", "No configuration has been in force.");
    }
    var answer = source.route(question(method, url, headers, client));
    if (answer == null) {
      throw ApiProblem.of(
          503, "not-ready", "No gateway runs here", "Nothing here routes requests.");
    }
    context.json(view(answer));
  }

  private static RouteQuestion question(
      String method, String url, List<RouteQuestion.Header> headers, String client) {
    try {
      return new RouteQuestion(method, url, headers, InetAddress.ofLiteral(client));
    } catch (IllegalArgumentException e) {
      throw ApiProblem.invalid("body", "", String.valueOf(e.getMessage()));
    }
  }

  private static View view(RouteAnswer answer) {
    var chosen = answer.chosen();
    return new View(
        answer.status(),
        answer.sentence(),
        answer.host(),
        answer.path(),
        chosen == null
            ? null
            : new Chosen(
                chosen.api(),
                chosen.route(),
                chosen.upstreamPath(),
                chosen.parameters(),
                chosen.upstream(),
                chosen.shares(),
                chosen.policies()),
        answer.candidates().stream()
            .map(one ->
                new Candidate(
                    one.api(),
                    one.route(),
                    one.host(),
                    one.pattern(),
                    one.methods(),
                    one.conditions(),
                    one.verdict().name().toLowerCase(Locale.ROOT).replace('_', '-'),
                    one.why()))
            .toList());
  }
}
