package io.ostiary.policies;

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
import java.nio.charset.StandardCharsets;
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
