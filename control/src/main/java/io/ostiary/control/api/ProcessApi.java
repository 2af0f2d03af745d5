package io.ostiary.control.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.javalin.http.Context;
import io.ostiary.contract.tree.Limits;
import io.ostiary.contract.tree.Parsed;
import io.ostiary.contract.tree.TreeReader;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.access.Access;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.http.Json;
import io.ostiary.insight.InsightView;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// Health, metrics and this API's own document.
final class ProcessApi {
  private static final String DOCUMENT = "/io/ostiary/control/openapi.yaml";

  private final SnapshotSource source;
  private final InsightView insight;
  private volatile byte @Nullable [] document;

  ProcessApi(SnapshotSource source, InsightView insight) {
    this.source = source;
    this.insight = insight;
  }

  List<Route> routes() {
    return List.of(
        Route.get("/healthz", Access.ANYONE, context -> context.json(new Health("up", null))),
        Route.get("/readyz", Access.ANYONE, this::ready),
        Route.get("/metrics", Access.LOCAL, this::metrics),
        Route.get("/api/openapi.json", Access.ANYONE, this::document));
  }

  record Health(
      String status, @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Long planVersion) {}

  private void ready(Context context) {
    long version = source.state().version();
    if (version == 0) {
      throw ApiProblem.of(503, "not-ready", "Not ready", "no plan is in force yet");
    }
    context.json(new Health("up", version));
  }

  private void metrics(Context context) {
    context
        .contentType("text/plain; version=0.0.4; charset=utf-8")
        .result(insight.metrics() + source.metrics());
  }

  private void document(Context context) throws IOException {
    var bytes = document;
    if (bytes == null) {
      bytes = Json.writeBytes(openApi());
      document = bytes;
    }
    context.contentType("application/json").result(bytes);
  }

  /// The document as it was designed, in `openapi.yaml`.
  private static JsonNode openApi() throws IOException {
    try (InputStream in = ProcessApi.class.getResourceAsStream(DOCUMENT)) {
      if (in == null) {
        throw new IOException(DOCUMENT + " is not on the class path");
      }
      return switch (TreeReader.parse(in.readAllBytes(), "openapi.yaml", Limits.DOCUMENT)) {
        case Parsed.Tree(var root, var faults) when faults.isEmpty() ->
            io.ostiary.contract.tree.Json.node(root);
        case Parsed.Tree(var root, var faults) -> throw new IOException(faults.toString());
        case Parsed.Broken(var faults) -> throw new IOException(faults.toString());
      };
    }
  }
}
