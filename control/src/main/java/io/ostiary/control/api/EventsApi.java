package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.SnapshotState.Change;
import io.ostiary.control.access.Access;
import io.ostiary.control.access.Guard;
import io.ostiary.control.access.Sessions;
import io.ostiary.control.api.LiveViews.CallLineView;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.http.Json;
import io.ostiary.control.http.Query;
import io.ostiary.control.records.StorageException;
import io.ostiary.insight.CallFilter;
import io.ostiary.insight.CallSample;
import io.ostiary.insight.Feed;
import io.ostiary.insight.InsightView;
import io.ostiary.insight.LiveTick;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/// `events`: what happens, as server-sent events. Each stream is one loop on one virtual thread. It
/// holds one tick and one sample at most: a reader that is late gets the newest, never a backlog.
final class EventsApi implements AutoCloseable {
  private static final int STREAMS_MAX = 32;
  private static final Set<String> TOPICS = Set.of("tick", "calls", "change");
  private static final Duration TURN = Duration.ofMillis(250);
  private static final long HEARTBEAT_NANOS = Duration.ofSeconds(15).toNanos();
  private static final long SESSION_CHECK_NANOS = Duration.ofSeconds(5).toNanos();
  private static final int MISSED_SECONDS_MAX = 900;

  private final InsightView insight;
  private final Live live;
  private final SnapshotSource source;
  private final Sessions sessions;
  private final Clock clock;
  private final Semaphore free = new Semaphore(STREAMS_MAX);
  private volatile boolean closed;

  EventsApi(InsightView insight, Live live, SnapshotSource source, Sessions sessions, Clock clock) {
    this.insight = insight;
    this.live = live;
    this.source = source;
    this.sessions = sessions;
    this.clock = clock;
  }

  List<Route> routes() {
    return List.of(Route.get("/api/v1/events", Access.VIEWER, this::stream));
  }

  private record Wish(Set<String> topics, CallFilter filter, int callsPerSecond) {
    boolean has(String topic) {
      return topics.contains(topic);
    }
  }

  record ChangeView(String what, long planVersion, Instant at) {}

  record SampleView(long matched, long leftOut, List<CallLineView> items) {}

  private void stream(Context context) throws IOException, InterruptedException {
    var wish = wish(context);
    if (!free.tryAcquire()) {
      throw tooMany();
    }
    try (var ticks = wish.has("tick") ? ticks() : null;
        var calls = wish.has("calls") ? calls(wish) : null) {
      var response = context.res();
      response.setContentType("text/event-stream");
      response.setCharacterEncoding("utf-8");
      response.setHeader("X-Accel-Buffering", "no");
      var stream = new Stream(context, response.getOutputStream(), ticks, calls);
      stream.missed(context.header("Last-Event-ID"));
      stream.run();
    } finally {
      free.release();
    }
  }

  private static Wish wish(Context context) {
    var query = Query.of(context, Filters.and("topics", "callsPerSecond"));
    var topics = Set.copyOf(List.of(query.text("topics", "tick,change").split(",", -1)));
    if (!TOPICS.containsAll(topics)) {
      throw ApiProblem.invalid(
          "query",
          "topics",
          "topics: " + query.text("topics") + " (expected: some of tick, calls, change)");
    }
    return new Wish(topics, Filters.read(query), query.number("callsPerSecond", 50, 1, 500));
  }

  private Feed<LiveTick> ticks() {
    try {
      return insight.live().ticks();
    } catch (IllegalStateException e) {
      throw tooMany();
    }
  }

  private Feed<CallSample> calls(Wish wish) {
    try {
      // Up to four samples a second.
      return insight.live().calls(wish.filter(), Math.max(1, wish.callsPerSecond() / 4));
    } catch (IllegalStateException e) {
      throw tooMany();
    }
  }

  private static ApiProblem tooMany() {
    return ApiProblem.of(
        503,
        "too-many-streams",
        "Too many live views",
        "streams: " + STREAMS_MAX + " are open. Close a console that nobody looks at.");
  }

  @Override
  public void close() {
    closed = true;
  }

  /// One connection. Confined to its thread.
  private final class Stream {
    private final Context context;
    private final OutputStream out;
    private final @Nullable Feed<LiveTick> ticks;
    private final @Nullable Feed<CallSample> calls;
    private final boolean changes;
    private long lastChange = source.state().last().number();
    private long writtenNanos = System.nanoTime();
    private long checkedNanos = System.nanoTime();

    Stream(
        Context context,
        OutputStream out,
        @Nullable Feed<LiveTick> ticks,
        @Nullable Feed<CallSample> calls) {
      this.context = context;
      this.out = out;
      this.ticks = ticks;
      this.calls = calls;
      this.changes = context.queryParam("topics") == null || wish(context).has("change");
    }

    void run() throws IOException, InterruptedException {
      // The head goes out at once, so that the reader knows that it is connected.
      send(": connected\n\n");
      while (!closed && mayStay()) {
        change();
        if (ticks != null) {
          tick(ticks.next(calls == null ? TURN : Duration.ofMillis(1)));
        }
        if (calls != null) {
          sample(calls.next(TURN));
        }
        if (ticks == null && calls == null) {
          Thread.sleep(TURN);
        }
        if (System.nanoTime() - writtenNanos > HEARTBEAT_NANOS) {
          send(": alive\n\n");
        }
      }
    }

    /// Sends the points since the tick that a reader saw last, before it lost its connection.
    void missed(@Nullable String lastId) throws IOException {
      if (lastId == null || ticks == null || !lastId.matches("[0-9]{1,12}")) {
        return;
      }
      long seconds = clock.instant().getEpochSecond() - Long.parseLong(lastId) - 1;
      if (seconds > 0) {
        var span = Duration.ofSeconds(Math.min(seconds, MISSED_SECONDS_MAX));
        send("points", live.series(span));
      }
    }

    private boolean mayStay() {
      if (System.nanoTime() - checkedNanos < SESSION_CHECK_NANOS) {
        return true;
      }
      checkedNanos = System.nanoTime();
      var session = Guard.principal(context).session();
      try {
        return session == null || sessions.stillOpen(session.hash());
      } catch (StorageException e) {
        // A session that cannot be checked is none.
        return false;
      }
    }

    private void change() throws IOException {
      Change last = source.state().last();
      if (changes && last.number() != lastChange) {
        lastChange = last.number();
        var what = last.what().name().toLowerCase(Locale.ROOT);
        send("change", new ChangeView(what, source.state().version(), last.at()));
      }
    }

    private void tick(@Nullable LiveTick tick) throws IOException {
      if (tick != null) {
        send("id: " + tick.point().at().getEpochSecond() + "\n");
        send("tick", live.tick(tick));
      }
    }

    private void sample(@Nullable CallSample sample) throws IOException {
      if (sample != null && sample.matched() > 0) {
        var lines =
            sample.calls().stream().map(line -> CallLineView.of(line, live::consumerName)).toList();
        send("calls", new SampleView(sample.matched(), sample.leftOut(), lines));
      }
    }

    private void send(String event, Object data) throws IOException {
      send("event: " + event + "\ndata: " + Json.write(data) + "\n\n");
    }

    private void send(String text) throws IOException {
      out.write(text.getBytes(StandardCharsets.UTF_8));
      out.flush();
      writtenNanos = System.nanoTime();
    }
  }
}
