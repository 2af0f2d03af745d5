package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.contract.bind.SettingRow;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.access.Access;
import io.ostiary.control.access.Guard;
import io.ostiary.control.api.LiveViews.Rate;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.http.Fields;
import io.ostiary.control.http.Json;
import io.ostiary.control.http.Query;
import io.ostiary.control.records.Audit;
import io.ostiary.control.records.Database;
import io.ostiary.insight.InsightView;
import io.ostiary.insight.LiveTick;
import io.ostiary.model.Api;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Purge;
import io.ostiary.model.Snapshot;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// `apis`: what is published, with each one's OpenAPI document.
final class ApisApi {
  private static final Pattern URL = Pattern.compile("https?://([^/?#\\s]+)([^#\\s]*)(#.*)?");

  private final SnapshotSource source;
  private final InsightView insight;
  private final Database database;
  private final Clock clock;

  ApisApi(SnapshotSource source, InsightView insight, Database database, Clock clock) {
    this.source = source;
    this.insight = insight;
    this.database = database;
    this.clock = clock;
  }

  List<Route> routes() {
    return List.of(
        Route.get("/api/v1/apis", Access.VIEWER, this::list),
        Route.get("/api/v1/apis/{api}", Access.VIEWER, this::one),
        Route.get("/api/v1/apis/{api}/openapi.json", Access.VIEWER, this::document),
        Route.post("/api/v1/apis/{api}/purge", Access.ADMIN, this::purge));
  }

  record Listed(List<Summary> items) {}

  record Summary(
      String name,
      String path,
      @Nullable String upstream,
      String address,
      @Nullable String title,
      @Nullable String version,
      boolean document,
      int routes,
      List<String> policies,
      Rate rate) {}

  /// @param documented all settings that there are, as on the policy's page
  record Use(String name, JsonNode settings, List<SettingRow> documented) {
    /// Records are read by reflection, each once.
    private static final ClassValue<List<SettingRow>> DOCUMENTED =
        new ClassValue<>() {
          @Override
          protected List<SettingRow> computeValue(Class<?> type) {
            return SettingRow.of(type.asSubclass(Record.class));
          }
        };

    static List<Use> of(List<PolicyUse> uses) {
      return uses.stream()
          .map(use ->
              new Use(
                  use.name(),
                  Json.settings(use.settings()),
                  DOCUMENTED.get(use.settings().getClass())))
          .toList();
    }
  }

  record RouteView(
      String id,
      List<String> methods,
      String path,
      @Nullable String operation,
      List<Use> policies) {}

  record View(Summary summary, @Nullable String file, List<Use> policies, List<RouteView> routes) {}

  private void list(Context context) {
    Query.of(context);
    var snapshot = source.state().running();
    var tick = insight.live().latest();
    context.json(
        new Listed(
            snapshot == null
                ? List.of()
                : snapshot.apis().stream()
                    .map(api -> summary(context, snapshot, api, tick))
                    .toList()));
  }

  private static Summary summary(Context context, Snapshot snapshot, Api api, LiveTick tick) {
    var document = api.document();
    return new Summary(
        api.name(),
        api.path(),
        api.upstream(),
        address(context, snapshot, api),
        document == null ? null : document.title(),
        document == null ? null : document.version(),
        document != null,
        api.routes().size(),
        api.policies().stream().map(PolicyUse::name).toList(),
        Rate.of(api.name(), tick.apis()));
  }

  private static String address(Context context, Snapshot snapshot, Api api) {
    return Addresses.of(context, snapshot) + (api.path().equals("/") ? "" : api.path());
  }

  private void one(Context context) {
    Query.of(context);
    var found = find(context);
    var api = found.api();
    var document = api.document();
    var routes =
        api.routes().stream()
            .map(route ->
                new RouteView(
                    route.id(),
                    List.copyOf(new TreeSet<>(route.methods())),
                    route.path().under(api.path()).text(),
                    route.operation(),
                    Use.of(route.policies())))
            .toList();
    context.json(
        new View(
            summary(context, found.snapshot(), api, insight.live().latest()),
            document == null ? null : document.file(),
            Use.of(api.policies()),
            routes));
  }

  /// Throws away what the API's cache keeps.
  private void purge(Context context) {
    Query.of(context);
    var fields = Fields.of(context, Fields.BODY_BYTES_MAX, "url", "prefix", "tag");
    var url = fields.text("url", "", 0, 2000);
    var prefix = fields.text("prefix", "", 0, 2000);
    var tag = fields.text("tag", "", 0, 128);
    fields.done();
    var api = find(context).api().name();
    if (source.purge(api, purge(url, prefix, tag)) == 0) {
      throw ApiProblem.of(
          404,
          "not-found",
          "No such thing",
          "cache: " + api + " keeps nothing (expected: an API with the policy cache)");
    }
    var actor = Guard.principal(context).actor();
    database.write(handle -> {
      Audit.add(handle, clock.instant(), actor, "cache-purge", api, detail(url, prefix, tag));
      return 0;
    });
    context.status(204);
  }

  private static Purge purge(String url, String prefix, String tag) {
    if (Stream.of(url, prefix, tag).filter(text -> !text.isEmpty()).count() > 1) {
      throw ApiProblem.invalid(
          "body", "", "several of url, prefix and tag (expected: one of them, or none for all)");
    }
    if (!url.isEmpty()) {
      return new Purge.Address(address("/url", url));
    }
    if (!prefix.isEmpty()) {
      return new Purge.Below(address("/prefix", prefix));
    }
    return tag.isEmpty() ? new Purge.Everything() : new Purge.Tagged(tag);
  }

  private static String detail(String url, String prefix, String tag) {
    return (prefix.isEmpty() ? "" : "below ") + (tag.isEmpty() ? "" : "tag ") + url + prefix + tag;
  }

  /// Host, path and query, as calls ask for them.
  private static String address(String pointer, String url) {
    var parts = URL.matcher(url);
    if (!parts.matches()) {
      throw ApiProblem.invalid(
          "body",
          pointer,
          url + " (expected: an address such as http://api.example.com/orders?page=1)");
    }
    var rest = parts.group(2);
    return parts.group(1).toLowerCase(Locale.ROOT) + (rest.startsWith("/") ? rest : "/" + rest);
  }

  private record Found(Snapshot snapshot, Api api) {}

  private Found find(Context context) {
    var name = context.pathParam("api");
    var snapshot = source.state().running();
    if (snapshot != null) {
      for (var api : snapshot.apis()) {
        if (api.name().equals(name)) {
          return new Found(snapshot, api);
        }
      }
    }
    throw ApiProblem.notFound("api", name);
  }

  /// `servers` are replaced, also those of single paths and operations, for they name where the
  /// upstream once was.
  private void document(Context context) {
    Query.of(context);
    var found = find(context);
    var document = found.api().document();
    if (document == null) {
      throw ApiProblem.of(
          404,
          "not-found",
          "No such thing",
          "api: " + found.api().name() + " has no OpenAPI document");
    }
    if (!(Json.readDocument(document.json()) instanceof ObjectNode root)) {
      throw new IllegalStateException(document.file() + ": an OpenAPI document is an object");
    }
    if (root.get("paths") instanceof ObjectNode paths) {
      paths.values().forEach(ApisApi::removeServers);
    }
    root.putArray("servers")
        .addObject()
        .put("url", address(context, found.snapshot(), found.api()));
    context.contentType("application/json").result(Json.writeBytes(root));
  }

  private static void removeServers(JsonNode path) {
    if (path instanceof ObjectNode object) {
      object.remove("servers");
      object
          .values()
          .forEach(operation -> {
            if (operation instanceof ObjectNode fields) {
              fields.remove("servers");
            }
          });
    }
  }
}
