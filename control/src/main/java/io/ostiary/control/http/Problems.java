package io.ostiary.control.http;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.ostiary.control.NotInForceException;
import io.ostiary.control.records.StorageException;
import io.ostiary.insight.HistoryUnavailableException;
import java.io.IOException;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Turns whatever ends a route into `application/problem+json`. What nobody foresaw is logged and
/// says nothing about our inside.
public final class Problems {
  private static final Logger LOG = LoggerFactory.getLogger(Problems.class);

  private Problems() {}

  public static void register(RoutesConfig routes) {
    routes.exception(ApiProblem.class, (problem, context) -> answer(context, problem));
    routes.exception(StorageException.class, (e, context) -> answer(context, of(e)));
    routes.exception(NotInForceException.class, (e, context) -> answer(context, of(e)));
    routes.exception(
        HistoryUnavailableException.class,
        (e, context) ->
            answer(
                context,
                ApiProblem.of(
                    503,
                    "history-unavailable",
                    "The history cannot be asked",
                    String.valueOf(e.getMessage()))));
    routes.exception(HttpResponseException.class, (e, context) -> answer(context, of(e, context)));
    routes.exception(IOException.class, (e, context) -> LOG.debug("{} left", context.path(), e));
    routes.exception(Exception.class, Problems::unforeseen);
  }

  private static ApiProblem of(StorageException e) {
    var detail = String.valueOf(e.getMessage());
    return switch (e.kind()) {
      case FULL -> ApiProblem.of(507, "storage-full", "No room left", detail);
      case CLASH -> ApiProblem.conflict(detail);
      case UNAVAILABLE -> {
        LOG.warn("{}", detail);
        LOG.debug("the failure", e);
        yield ApiProblem.of(503, "storage-unavailable", "The database does not answer", detail);
      }
    };
  }

  private static ApiProblem of(NotInForceException e) {
    return ApiProblem.of(
        409, "not-in-force", "The change was refused and undone", String.join("; ", e.problems()));
  }

  private static ApiProblem of(HttpResponseException e, Context context) {
    var seen = context.method() + " " + context.path();
    return switch (e.getStatus()) {
      case 404 -> ApiProblem.notFound("path", context.path());
      case 405 ->
          ApiProblem.of(
              405,
              "wrong-method",
              "Not with this method",
              seen + " (expected: a method that /api/openapi.json lists for this path)");
      case 413 ->
          ApiProblem.of(413, "request-too-large", "The body is too large", seen + ": too large");
      default ->
          ApiProblem.of(
              e.getStatus(),
              "http-" + e.getStatus(),
              "The request was refused",
              String.valueOf(e.getMessage()));
    };
  }

  private static void unforeseen(Exception e, Context context) {
    LOG.error("{} {} failed", context.method(), context.path(), e);
    answer(
        context,
        ApiProblem.of(
            500,
            "admin-failed",
            "Something is wrong in Ostiary",
            "the request could not be answered; the log says why (search for "
                + context.path().toLowerCase(Locale.ROOT)
                + ")"));
  }

  private static void answer(Context context, ApiProblem problem) {
    if (context.res().isCommitted()) {
      return;
    }
    if (problem.status() == 401) {
      context.header("WWW-Authenticate", "Bearer");
    }
    context
        .status(problem.status())
        .contentType("application/problem+json")
        .result(Json.writeBytes(problem.body()));
  }
}
