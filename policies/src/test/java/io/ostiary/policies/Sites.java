package io.ostiary.policies;

import io.ostiary.contract.config.ApiDocuments.Loaded;
import io.ostiary.contract.openapi.OpenApiReader;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Api;
import io.ostiary.model.ApiKey;
import io.ostiary.model.Conditions;
import io.ostiary.model.Consumer;
import io.ostiary.model.GatewaySettings;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.Listener;
import io.ostiary.model.PathPattern;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Route;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Split;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/// Places to compile policies for.
final class Sites {
  private Sites() {}

  static Route route(String id, String path, String... methods) {
    return new Route(
        id, Set.of(methods), new PathPattern(path), Conditions.NONE, null, null, List.of());
  }

  static Api api(List<Route> routes, PolicyUse... policies) {
    return new Api(
        "orders", List.of(), "/", "orders", Split.NONE, false, null, routes, List.of(policies));
  }

  static Snapshot snapshot(Api api, List<Consumer> consumers, List<ApiKey> keys) {
    return new Snapshot(
        1,
        Instant.EPOCH,
        GatewaySettings.DEFAULT,
        List.of(new Listener("127.0.0.1", 8080)),
        List.of(api),
        List.of(),
        consumers,
        keys,
        KernelSettings.OFF,
        List.of());
  }

  static FakeSite site(Snapshot snapshot) {
    var api = snapshot.apis().getFirst();
    return new FakeSite(snapshot, api, api.routes().getFirst(), new HashMap<>());
  }

  /// The API `orders` with its routes as a document says, which is written as `orders.yaml`.
  static Api described(Path directory, String document) throws IOException {
    var file = directory.resolve("orders.yaml");
    Files.writeString(file, document);
    var loaded = (Loaded.Understood) new OpenApiReader().load(file, "orders.yaml");
    return new Api(
        "orders",
        List.of(),
        "/",
        "orders",
        Split.NONE,
        true,
        loaded.document(),
        loaded.routes(),
        List.of());
  }

  /// The place of one route.
  static FakeSite site(Api api, String route) {
    var found = api.routes().stream().filter(one -> one.id().equals(route)).findFirst();
    return new FakeSite(
        snapshot(api, List.of(), List.of()), api, found.orElseThrow(), new HashMap<>());
  }

  static ApiKey key(String text, String consumer) {
    try {
      var hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.ISO_8859_1));
      return new ApiKey(HexFormat.of().formatHex(hash), consumer);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  static Problem problem(Verdict verdict) {
    if (verdict instanceof Verdict.Reply(Problem problem)) {
      return problem;
    }
    throw new AssertionError("expected a problem but was " + verdict);
  }

  static List<String> fields(Problem problem) {
    return problem.fields().stream().map(f -> f.name() + ": " + f.value()).toList();
  }
}
