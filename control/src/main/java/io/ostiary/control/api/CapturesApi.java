package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.access.Access;
import io.ostiary.control.access.Guard;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.http.Fields;
import io.ostiary.control.http.Query;
import io.ostiary.control.records.Audit;
import io.ostiary.control.records.Database;
import io.ostiary.insight.InsightView;
import io.ostiary.model.CallId;
import io.ostiary.model.Cidr;
import io.ostiary.model.LedgerEntry;
import io.ostiary.model.Listener;
import io.ostiary.model.Require;
import io.ostiary.model.capture.CallNames;
import io.ostiary.model.capture.Capture;
import io.ostiary.model.capture.CaptureRefusedException;
import io.ostiary.model.capture.CaptureRequest;
import io.ostiary.model.capture.CaptureRequest.Verdicts;
import io.ostiary.model.capture.PacketCaptures;
import io.ostiary.model.capture.PacketDetail;
import io.ostiary.model.capture.PacketLine;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// `captures`: packets as evidence. What packets carry is for admins alone, and who began, read or
/// removed a capture stands in the audit.
final class CapturesApi {
  private static final Duration EARLIER = Duration.ofMinutes(10);

  private final PacketCaptures captures;
  private final InsightView insight;
  private final SnapshotSource source;
  private final Database database;
  private final Clock clock;

  CapturesApi(
      PacketCaptures captures,
      InsightView insight,
      SnapshotSource source,
      Database database,
      Clock clock) {
    this.captures = captures;
    this.insight = insight;
    this.source = source;
    this.database = database;
    this.clock = clock;
  }

  List<Route> routes() {
    return List.of(
        Route.get("/api/v1/captures", Access.VIEWER, this::list),
        Route.post("/api/v1/captures", Access.ADMIN, this::start),
        Route.get("/api/v1/captures/{capture}", Access.VIEWER, this::one),
        Route.delete("/api/v1/captures/{capture}", Access.ADMIN, this::delete),
        Route.post("/api/v1/captures/{capture}/stop", Access.ADMIN, this::stop),
        Route.get("/api/v1/captures/{capture}/file", Access.ADMIN, this::file),
        Route.get("/api/v1/captures/{capture}/packets", Access.ADMIN, this::packets),
        Route.get("/api/v1/captures/{capture}/packets/{packet}", Access.ADMIN, this::packet));
  }

  record View(
      String id,
      String by,
      String filter,
      Instant started,
      @Nullable Instant ended,
      String state,
      String why,
      long packets,
      long bytes,
      long lost,
      boolean bodiesKept,
      @Nullable String api,
      @Nullable String call) {
    static View of(Capture capture) {
      return new View(
          capture.id(),
          capture.by(),
          capture.filter(),
          capture.started(),
          capture.ended(),
          capture.state().name().toLowerCase(Locale.ROOT),
          capture.why(),
          capture.packets(),
          capture.bytes(),
          capture.lost(),
          capture.bodiesKept(),
          capture.api(),
          capture.call());
    }
  }

  record ListView(
      boolean possible,
      String sentence,
      long lastSeconds,
      long packetsPerSecondMax,
      long skipped,
      long bytes,
      long bytesMax,
      List<View> items) {}

  record PacketsView(List<PacketLine> items, @Nullable Long next) {}

  record LayerView(
      String part,
      String protocol,
      String title,
      int offset,
      int length,
      List<io.ostiary.model.capture.Layer.Field> fields) {}

  record PacketView(PacketLine line, List<LayerView> layers, String hex, String note) {
    static PacketView of(PacketDetail detail) {
      var layers = new ArrayList<LayerView>();
      for (var layer : detail.layers()) {
        layers.add(
            new LayerView(
                layer.part().name().toLowerCase(Locale.ROOT),
                layer.protocol(),
                layer.title(),
                layer.offset(),
                layer.length(),
                layer.fields()));
      }
      return new PacketView(detail.line(), layers, detail.hex(), detail.note());
    }
  }

  private void list(Context context) {
    Query.of(context);
    var status = captures.status();
    context.json(
        new ListView(
            status.possible(),
            status.sentence(),
            status.lastSeconds().toSeconds(),
            status.packetsPerSecondMax(),
            status.skipped(),
            status.bytes(),
            status.bytesMax(),
            captures.list().stream().map(View::of).toList()));
  }

  private Capture find(Context context) {
    var id = context.pathParam("capture");
    return captures.find(id).orElseThrow(() -> ApiProblem.notFound("capture", id));
  }

  private void one(Context context) {
    Query.of(context);
    context.json(View.of(find(context)));
  }

  private void start(Context context) {
    Query.of(context);
    var request = read(context);
    var actor = Guard.principal(context).actor();
    try {
      var begun = captures.start(request, actor.who());
      try {
        audit(context, "capture-started", begun.id(), begun.filter());
      } catch (RuntimeException e) {
        // Nothing is captured of which nobody could tell by whom.
        captures.delete(begun.id());
        throw e;
      }
      context.status(201).json(View.of(begun));
    } catch (CaptureRefusedException e) {
      throw refused(e);
    }
  }

  private static ApiProblem refused(CaptureRefusedException e) {
    return ApiProblem.conflict(String.valueOf(e.getMessage()));
  }

  private CaptureRequest read(Context context) {
    var fields =
        Fields.of(
            context,
            Fields.BODY_BYTES_MAX,
            "source",
            "ports",
            "peerPort",
            "rule",
            "reasons",
            "verdicts",
            "interface",
            "api",
            "call",
            "snap",
            "oneOf",
            "seconds",
            "packets",
            "lastSeconds");
    var source = fields.text("source", "", 1, 50);
    fields.checked("source", () -> block(source));
    var ports = fields.texts("ports", CaptureRequest.PORTS_MAX, CapturesApi::port);
    var reasons = fields.texts("reasons", 16, reason -> Require.notBlank("reason", reason));
    var api = fields.text("api", "", 1, 64);
    fields.checked("api", () -> portsOf(api));
    var call = fields.text("call", "", 1, 20);
    fields.checked("call", () -> callOf(call));
    var verdicts = fields.text("verdicts", "all", 1, 10);
    fields.checked("verdicts", () -> verdicts(verdicts));
    long rule = fields.number("rule", 0, 1, 65_535);
    fields.checked("rule", () -> numberOf(rule));
    long peerPort = fields.number("peerPort", 0, 1, 65_535);
    long snap = fields.number("snap", 2048, 64, CaptureRequest.SNAP_MAX);
    long oneOf = fields.number("oneOf", 1, 1, 1_000_000);
    long seconds = fields.number("seconds", 60, 1, CaptureRequest.DURATION_MAX.toSeconds());
    long packets = fields.number("packets", 100_000, 1, CaptureRequest.PACKETS_MAX);
    boolean lastSeconds = fields.flag("lastSeconds", true);
    var device = fields.text("interface", "", 1, 15);
    fields.done();
    var entry = callOf(call);
    return new CaptureRequest(
        entry == null
            ? block(source)
            : new Cidr(entry.peer(), entry.peer().getAddress().length * 8),
        api.isEmpty() ? ports.stream().map(CapturesApi::port).toList() : portsOf(api),
        entry == null ? (int) peerPort : entry.peerPort(),
        rule == 0 ? null : (int) rule,
        reasons,
        verdicts(verdicts),
        device.isEmpty() ? null : device,
        api.isEmpty() ? null : api,
        call.isEmpty() ? null : call,
        (int) snap,
        (int) oneOf,
        Duration.ofSeconds(seconds),
        packets,
        lastSeconds);
  }

  private static @Nullable Cidr block(String text) {
    return text.isEmpty() ? null : Cidr.parse(text);
  }

  private static int port(String text) {
    try {
      return Require.port("port", Integer.parseInt(text));
    } catch (NumberFormatException e) {
      throw Require.invalid("port", text, "1-65535");
    }
  }

  private static Verdicts verdicts(String text) {
    return switch (text) {
      case "all" -> Verdicts.ALL;
      case "passed" -> Verdicts.PASSED;
      case "dropped" -> Verdicts.DROPPED;
      default -> throw new IllegalArgumentException(text + " (expected: all, passed or dropped)");
    };
  }

  /// The kernel knows no APIs: it takes what meets a listener, and what is of other APIs is left
  /// out when the capture is read.
  private List<Integer> portsOf(String api) {
    if (api.isEmpty()) {
      return List.of();
    }
    var running = source.state().running();
    if (running == null || running.apis().stream().noneMatch(one -> one.name().equals(api))) {
      throw new IllegalArgumentException(api + " (expected: an API of the configuration in force)");
    }
    return running.listeners().stream()
        .filter(listener -> !listener.local())
        .map(Listener::port)
        .distinct()
        .limit(CaptureRequest.PORTS_MAX)
        .toList();
  }

  /// A rule that is not there would decide about nothing, and the capture stay empty.
  private long numberOf(long rule) {
    var running = source.state().running();
    int rules = running == null ? 0 : running.kernel().rules().size();
    if (rule > rules) {
      throw new IllegalArgumentException(
          rule + " (expected: " + (rules == 0 ? "none, there are no rules)" : "1-" + rules + ")"));
    }
    return rule;
  }

  private @Nullable LedgerEntry callOf(String call) {
    if (call.isEmpty()) {
      return null;
    }
    return insight
        .calls()
        .find(CallId.parse(call))
        .orElseThrow(
            () -> new IllegalArgumentException(call + " (expected: a call in the ledger)"));
  }

  private void stop(Context context) {
    Query.of(context);
    var id = find(context).id();
    var stopped = captures.stop(id).orElseThrow(() -> ApiProblem.notFound("capture", id));
    audit(context, "capture-stopped", id, stopped.filter());
    context.json(View.of(stopped));
  }

  private void delete(Context context) {
    Query.of(context);
    var id = find(context).id();
    try {
      var deleted = captures.delete(id).orElseThrow(() -> ApiProblem.notFound("capture", id));
      audit(context, "capture-deleted", id, deleted.filter());
    } catch (CaptureRefusedException e) {
      throw refused(e);
    }
    context.status(204);
  }

  private void file(Context context) throws IOException {
    boolean follow =
        Query.of(context, "follow").word("follow", "no", List.of("yes", "no")).equals("yes");
    var capture = find(context);
    audit(context, "capture-read", capture.id(), "the file: " + capture.filter());
    context.contentType("application/x-pcapng");
    context.header(
        "Content-Disposition", "attachment; filename=\"ostiary-" + capture.id() + ".pcapng\"");
    try {
      captures.write(capture.id(), calls(capture), follow, context.res().getOutputStream());
    } catch (CaptureRefusedException e) {
      throw refused(e);
    }
  }

  private CallNames calls(Capture capture) {
    return new LedgerCalls(insight.calls(), capture.started().minus(EARLIER), clock);
  }

  private void packets(Context context) throws IOException {
    var query = Query.of(context, "after", "limit");
    int after = query.number("after", 0, 0, Integer.MAX_VALUE);
    int limit = query.number("limit", 200, 1, 1000);
    var capture = find(context);
    if (after == 0) {
      audit(context, "capture-read", capture.id(), "in the console: " + capture.filter());
    }
    try {
      var lines = captures.packets(capture.id(), calls(capture), after, limit);
      boolean more = lines.size() == limit;
      context.json(new PacketsView(lines, more ? lines.getLast().number() : null));
    } catch (CaptureRefusedException e) {
      throw refused(e);
    }
  }

  private void packet(Context context) throws IOException {
    Query.of(context);
    var capture = find(context);
    var text = context.pathParam("packet");
    try {
      long number = Long.parseLong(text);
      var detail =
          captures
              .packet(capture.id(), calls(capture), number)
              .orElseThrow(() -> ApiProblem.notFound("packet", text));
      context.json(PacketView.of(detail));
    } catch (NumberFormatException e) {
      throw ApiProblem.notFound("packet", text);
    } catch (CaptureRefusedException e) {
      throw refused(e);
    }
  }

  private void audit(Context context, String action, String capture, String detail) {
    var actor = Guard.principal(context).actor();
    database.write(handle -> {
      Audit.add(handle, clock.instant(), actor, action, capture, detail);
      return capture;
    });
  }
}
