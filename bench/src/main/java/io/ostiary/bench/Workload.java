package io.ostiary.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;

/// What every candidate is asked to do: the same routes, the same keys, the same limit.
///
/// @param routes prefixes `/route-N/`
/// @param keys one key for each consumer
/// @param requestsPerSecond the limit of one consumer; high enough to refuse nobody, so that
///   counting is measured and not refusing
record Workload(int routes, List<String> keys, int requestsPerSecond) {
  static final String KEY_HEADER = "X-API-Key";

  static Workload of(int routes, int keys) {
    return new Workload(
        routes, IntStream.range(0, keys).mapToObj(Workload::key).toList(), 1_000_000);
  }

  /// Deterministic, so that every run has the same keys; they protect nothing.
  private static String key(int number) {
    return sha256("key" + number).substring(0, 40);
  }

  /// In lower-case hexadecimal digits, as Ostiary keeps keys.
  static String sha256(String text) {
    try {
      var hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /// Targets for h2load, one a line; all with the same key, since it sends one for all.
  void writeTargets(Path file) throws IOException {
    var targets = new StringBuilder();
    for (int i = 0; i < routes; i++) {
      targets.append("/route-").append(i).append("/orders?n=").append(i).append('\n');
    }
    Files.writeString(file, targets);
  }

  /// The field that carries the first key.
  String field() {
    return KEY_HEADER + ": " + keys.getFirst();
  }

  /// The script that makes wrk walk over all routes and keys with no work per request worth
  /// mentioning: requests are built once.
  void writeScript(Path file) throws IOException {
    writeScript(file, "", "");
  }

  /// @param query added to the one of each target
  /// @param field one more header field in Lua, such as `Connection = "close"`; empty: none
  void writeScript(Path file, String query, String field) throws IOException {
    var script =
        new StringBuilder(
            """
            local requests, n = {}, 0
            init = function(args)
              for i = 1, #keys do
                local path = "/route-" .. (i * 7919 %% %d) .. "/orders?n=" .. i .. "%s"
                requests[i] = wrk.format("GET", path,
                  { ["%s"] = keys[i], ["Host"] = "bench.test", %s })
              end
            end
            request = function()
              n = n %% #requests + 1
              return requests[n]
            end
            keys = {
            """
                .formatted(routes, query, KEY_HEADER, field));
    for (var key : keys) {
      script.append('"').append(key).append("\",\n");
    }
    Files.writeString(file, script.append("}\n"));
  }
}
