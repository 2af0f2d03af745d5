package io.ostiary.server.bench;

import io.ostiary.contract.config.ConfigRead;
import io.ostiary.contract.config.ConfigReader;
import io.ostiary.contract.config.Configuration;
import io.ostiary.contract.openapi.OpenApiReader;
import io.ostiary.gateway.DataPlane;
import io.ostiary.gateway.Gateway;
import io.ostiary.gateway.Published;
import io.ostiary.gateway.loop.Transport;
import io.ostiary.gateway.route.RouteTable;
import io.ostiary.model.BanSink;
import io.ostiary.model.Conditions;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.PathPattern;
import io.ostiary.server.PolicyList;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;

/// What ten thousand routes cost: a lookup among them, and putting them into force. Every figure is
/// the smallest, the median and the largest of rounds that take turns, so that a busy moment of the
/// machine meets all candidates alike.
public final class RouteBench {
  private static final int ROUNDS = 15;
  private static final int LOOKUPS = 400_000;
  private static final int RELOADS = 30;
  private static final double RELOAD_MILLIS_MAX = 100;

  private final StringBuilder report = new StringBuilder();
  private long sink;
  private boolean good = true;

  private RouteBench() {}

  /// @param arguments the folder of the results
  public static void main(String[] arguments) throws IOException {
    var bench = new RouteBench();
    bench.lookups();
    bench.reloads();
    bench.files();
    var stamp =
        DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmm'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC)
            .format(Instant.now());
    var file = Path.of(arguments[0], stamp + "-routes.md");
    Files.writeString(file, bench.report);
    System.out.println("written to " + file);
    System.exit(bench.good ? 0 : 1);
  }

  private void say(String line) {
    System.out.println(line);
    report.append(line).append('\n');
  }

  // Lookups.

  /// A table and the paths that it is asked for.
  private static final class Table {
    private final int size;
    private final RouteTable<String> routes;

    /// Ten of its paths, the same in every table.
    private final byte[][] few;

    /// A path of every route, in a random order.
    private final byte[][] all;

    private Table(int size, RouteTable<String> routes, byte[][] few, byte[][] all) {
      this.size = size;
      this.routes = routes;
      this.few = few;
      this.all = all;
    }

    static Table of(int size) {
      var routes = new RouteTable<String>();
      var all = new ArrayList<byte[]>();
      for (int i = 0; i < size; i++) {
        // As APIs are: some segments, one of them a name, a hundred routes below one path.
        var pattern = "/service%d/v1/resource%d/{id}/parts".formatted(i / 100, i % 100);
        routes.add(new PathPattern(pattern), Set.of("GET"), Conditions.NONE, pattern);
        all.add(pattern.replace("{id}", "a1b2c3d4").getBytes(StandardCharsets.ISO_8859_1));
      }
      var few = all.subList(0, 10).toArray(byte[][]::new);
      java.util.Collections.shuffle(all, new Random(1));
      return new Table(size, routes, few, all.toArray(byte[][]::new));
    }
  }

  private void lookups() {
    var tables = List.of(Table.of(10), Table.of(100), Table.of(1000), Table.of(10_000));
    Map<String, double[]> nanos = new LinkedHashMap<>();
    for (int round = -5; round < ROUNDS; round++) {
      for (var table : tables) {
        double few = lookup(table.routes, table.few);
        double all = lookup(table.routes, table.all);
        if (round >= 0) {
          nanos.computeIfAbsent(table.size + " same", _ -> new double[ROUNDS])[round] = few;
          nanos.computeIfAbsent(table.size + " all", _ -> new double[ROUNDS])[round] = all;
        }
      }
    }
    say("# Routes: lookup and reload");
    say("");
    say("%d rounds of %,d lookups each, in turns, after 5 to warm up.".formatted(ROUNDS, LOOKUPS));
    say("");
    say("| routes | paths asked for | min ns | median ns | max ns |");
    say("|---|---|---|---|---|");
    for (var table : tables) {
      row(table.size + " | the same ten", of(nanos, table.size + " same"));
      row(table.size + " | every one, at random", of(nanos, table.size + " all"));
    }
    double ratio = median(of(nanos, "10000 same")) / median(of(nanos, "10 same"));
    say("");
    say(
        "The same ten paths among 10,000 routes cost %.2f times what they cost among 10."
            .formatted(ratio));
    say(
        "Asking for all 10,000 at random adds what the caches of the processor do not hold: %.2f."
            .formatted(median(of(nanos, "10000 all")) / median(of(nanos, "10 all"))));
    say("");
    if (ratio > 1.25) {
      good = false;
      say("NOT as it should be: at most 1.25.");
    }
  }

  private double lookup(RouteTable<String> routes, byte[][] paths) {
    var match = new RouteTable.Match<String>(_ -> true);
    long begun = System.nanoTime();
    for (int i = 0; i < LOOKUPS; i++) {
      var path = paths[i % paths.length];
      routes.find(path, 0, path.length, match);
      var route = match.route("GET");
      sink += route == null ? 1 : 0;
    }
    double each = (System.nanoTime() - begun) / (double) LOOKUPS;
    if (sink != 0) {
      throw new IllegalStateException("lookups that found nothing: " + sink);
    }
    return each;
  }

  // Reloads.

  private void reloads() throws IOException {
    Map<String, List<Configuration>> candidates = new LinkedHashMap<>();
    var keys = "key-auth: {}, ip: { deny: [ 198.18.0.0/15 ] }";
    var own =
        "rate-limit: { requests: 10, per: 1m, by: address },"
            + " headers: { request: { set: { X-Route: rROUTE } } }";
    var pages =
        "cors: { origins: 'https://a.example' },"
            + " rate-limit: { requests: 9, costs: { 'GET /r1/{id}': 3 } }";
    candidates.put("10 APIs of 10 routes", pair(10, 10, keys, ""));
    candidates.put("100 APIs of 100 routes", pair(100, 100, keys, ""));
    candidates.put("1 API of 10,000 routes", pair(1, 10_000, keys, ""));
    candidates.put("100 APIs of 100 routes, each with policies", pair(100, 100, keys, own));
    candidates.put("1 API of 10,000 routes, with cors and costs", pair(1, 10_000, pages, ""));
    Map<String, double[]> millis = new LinkedHashMap<>();
    Map<String, double[]> first = new LinkedHashMap<>();
    try (var gateway = gateway()) {
      long version = 0;
      for (int round = -10; round < RELOADS; round++) {
        for (var candidate : candidates.entrySet()) {
          // The first brings all of it, the second changes one API.
          double whole = publish(gateway, candidate.getValue().get(0), ++version);
          double change = publish(gateway, candidate.getValue().get(1), ++version);
          if (round >= 0) {
            first.computeIfAbsent(candidate.getKey(), _ -> new double[RELOADS])[round] = whole;
            millis.computeIfAbsent(candidate.getKey(), _ -> new double[RELOADS])[round] = change;
          }
        }
      }
    }
    say(
        "Compile and swap of a whole snapshot in a running gateway, %d rounds in turns."
            .formatted(RELOADS));
    say("");
    say("| snapshot | what changes | min ms | median ms | max ms |");
    say("|---|---|---|---|---|");
    for (var name : candidates.keySet()) {
      row(name + " | everything", of(first, name));
      row(name + " | one API", of(millis, name));
    }
    say("");
    for (var name : candidates.keySet()) {
      for (var all : List.of(of(first, name), of(millis, name))) {
        if (median(all) > RELOAD_MILLIS_MAX) {
          good = false;
          say("NOT as it should be, at most %.0f ms: %s".formatted(RELOAD_MILLIS_MAX, name));
        }
      }
    }
  }

  /// From a file that is written to its plan in force.
  private void files() throws IOException {
    var keys = "key-auth: {}, ip: { deny: [ 198.18.0.0/15 ] }";
    var own =
        "rate-limit: { requests: 10, per: 1m, by: address },"
            + " headers: { request: { set: { X-Route: rROUTE } } }";
    var candidates = new LinkedHashMap<String, List<String>>();
    candidates.put("100 APIs of 100 routes", texts(100, 100, keys, ""));
    candidates.put("100 APIs of 100 routes, each with policies", texts(100, 100, keys, own));
    var whole = new LinkedHashMap<String, double[]>();
    var read = new LinkedHashMap<String, double[]>();
    try (var gateway = gateway();
        var reloads = new FileReloads(gateway, 0)) {
      for (int round = -15; round < RELOADS; round++) {
        for (var candidate : candidates.entrySet()) {
          var reload = reloads.write(candidate.getValue().get(round & 1));
          if (round >= 0) {
            whole.computeIfAbsent(candidate.getKey(), _ -> new double[RELOADS])[round] =
                reload.whole();
            read.computeIfAbsent(candidate.getKey(), _ -> new double[RELOADS])[round] =
                reload.read();
          }
        }
      }
    }
    say("");
    say(
        "A file that is written, until its plan is in force; %d rounds in turns."
            .formatted(RELOADS));
    say("The watcher waits 15 ms for the writer to be done.");
    say("");
    say("| file | what | min ms | median ms | max ms |");
    say("|---|---|---|---|---|");
    for (var candidate : candidates.entrySet()) {
      var name =
          "%s, %,d bytes".formatted(candidate.getKey(), candidate.getValue().get(0).length());
      row(name + " | reading, compiling, publishing", of(read, candidate.getKey()));
      row(name + " | since it was written", of(whole, candidate.getKey()));
      if (median(of(whole, candidate.getKey())) > RELOAD_MILLIS_MAX) {
        good = false;
        say("");
        say("NOT as it should be, at most %.0f ms: %s".formatted(RELOAD_MILLIS_MAX, name));
      }
    }
  }

  /// As [#pair], in writing.
  private static List<String> texts(int apis, int routes, String ofApi, String ofRoute) {
    return List.of(
        text(apis, routes, ofApi, ofRoute, "/last"), text(apis, routes, ofApi, ofRoute, "/latest"));
  }

  private static Gateway gateway() {
    return new Gateway(
        new DataPlane(
            1,
            Transport.Kind.NIO,
            1024,
            ConnectionLens.NONE,
            PolicyList.load().all(),
            InstantSource.system(),
            BanSink.NONE));
  }

  private static double publish(Gateway gateway, Configuration configuration, long version) {
    var snapshot = configuration.snapshot(version, Instant.EPOCH, List.of(), List.of(), List.of());
    long begun = System.nanoTime();
    var published = gateway.publish(snapshot);
    double millis = (System.nanoTime() - begun) / 1e6;
    if (published instanceof Published.Refused(var faults)) {
      throw new IllegalStateException(faults.toString());
    }
    return millis;
  }

  /// Two configurations that differ in one route of the last API.
  private static List<Configuration> pair(int apis, int routes, String ofApi, String ofRoute)
      throws IOException {
    return List.of(
        configuration(apis, routes, ofApi, ofRoute, "/last"),
        configuration(apis, routes, ofApi, ofRoute, "/latest"));
  }

  /// @param ofApi policies of each API
  /// @param ofRoute policies of each route, with its number in place of `ROUTE`; empty: none
  private static Configuration configuration(
      int apis, int routes, String ofApi, String ofRoute, String last) throws IOException {
    var file = Files.createTempFile("ostiary-routes", ".yaml");
    try {
      Files.writeString(file, text(apis, routes, ofApi, ofRoute, last));
      var read = ConfigReader.read(file, PolicyList.load().settings(), new OpenApiReader());
      if (read instanceof ConfigRead.Understood(var configuration, _)) {
        return configuration;
      }
      throw new IllegalStateException(read.toString());
    } finally {
      Files.delete(file);
    }
  }

  private static String text(int apis, int routes, String ofApi, String ofRoute, String last) {
    var text = new StringBuilder("listeners: [ \"127.0.0.1:18299\" ]\n");
    text.append("upstreams: [ { name: u, targets: \"127.0.0.1:18298\" } ]\napis:\n");
    for (int api = 0; api < apis; api++) {
      text.append("  - { name: a%d, path: /a%d, upstream: u,\n".formatted(api, api));
      text.append("      policies: [ ").append(ofApi).append(" ], routes: [\n");
      for (int route = 0; route < routes; route++) {
        boolean latest = api == apis - 1 && route == routes - 1;
        var path = latest ? last : "/r%d/{id}".formatted(route);
        text.append("      { path: \"").append(path).append("\", methods: GET");
        if (!ofRoute.isEmpty()) {
          text.append(", policies: [ ").append(ofRoute.replace("ROUTE", "" + route)).append(" ]");
        }
        text.append(" },\n");
      }
      text.append("      ] }\n");
    }
    return text.toString();
  }

  // Figures.

  private static double[] of(Map<String, double[]> all, String name) {
    return Objects.requireNonNull(all.get(name));
  }

  private void row(String name, double[] all) {
    var sorted = all.clone();
    Arrays.sort(sorted);
    say(
        "| %s | %.1f | %.1f | %.1f |"
            .formatted(name, sorted[0], median(all), sorted[sorted.length - 1]));
  }

  private static double median(double[] all) {
    var sorted = all.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
