package io.ostiary.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.insight.testing.EntryBuilder;
import io.ostiary.insight.testing.FakeInsight;
import io.ostiary.model.Blame;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Server-sent events.
@Timeout(30)
final class EventsTest {
  @TempDir Path data;
  private Fixture fixture;

  @BeforeEach
  void start() throws Exception {
    fixture = new Fixture(data);
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  /// An open stream, read line by line.
  private final class Stream implements AutoCloseable {
    private final InputStream body;
    private final BufferedReader lines;

    Stream(String query, String... headers) throws Exception {
      var request = fixture.request("/api/v1/events" + query).timeout(Duration.ofSeconds(20));
      if (headers.length > 0) {
        request.headers(headers);
      }
      var response =
          fixture.client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.headers().firstValue("Content-Type").orElse(""))
          .startsWith("text/event-stream");
      body = response.body();
      lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
    }

    String until(String start) throws IOException {
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(start)) {
          return line;
        }
      }
      throw new AssertionError("the stream ended before: " + start);
    }

    @Override
    public void close() throws IOException {
      body.close();
    }
  }

  private void awaitFeeds(int count) throws InterruptedException {
    for (int i = 0; i < 250 && fixture.insight.feeds() != count; i++) {
      Thread.sleep(20);
    }
    assertThat(fixture.insight.feeds()).isEqualTo(count);
  }

  @Test
  void sendsTicksChangesAndCalls() throws Exception {
    try (var stream = new Stream("?topics=tick,calls,change&status=5xx")) {
      awaitFeeds(2);
      fixture.insight.tick(FakeInsight.emptyTick(Fixture.START.plusSeconds(5)));
      stream.until("id: " + Fixture.START.plusSeconds(5).getEpochSecond());
      assertThat(stream.until("event: ")).isEqualTo("event: tick");
      var tick = Fixture.JSON.readTree(stream.until("data: ").substring(6));
      assertThat(tick.get("state").get("level").asString()).isEqualTo("quiet");
      fixture.insight.add(new EntryBuilder().build());
      fixture.insight.add(
          new EntryBuilder()
              .at(Fixture.START, 77)
              .ended(503, 0, Blame.UPSTREAM, "connect-refused")
              .build());
      assertThat(stream.until("event: ")).isEqualTo("event: calls");
      var sample = Fixture.JSON.readTree(stream.until("data: ").substring(6));
      assertThat(sample.get("items").get(0).get("reason").asString()).isEqualTo("connect-refused");
      fixture.consumer("acme");
      assertThat(stream.until("event: ")).isEqualTo("event: change");
      assertThat(stream.until("data: ")).contains("\"what\":\"consumers\"");
    }
  }

  @Test
  void sendsThePointsThatAReaderMissed() throws Exception {
    var lastId = Long.toString(Fixture.START.getEpochSecond() - 30);
    try (var stream = new Stream("", "Last-Event-ID", lastId)) {
      assertThat(stream.until("event: ")).isEqualTo("event: points");
    }
  }

  @Test
  void closesItsFeedsWhenTheReaderIsGone() throws Exception {
    try (var stream = new Stream("?topics=tick,calls")) {
      stream.until(": connected");
      awaitFeeds(2);
    }
    // Nobody learns that a reader left before something is written to it.
    for (int i = 0; i < 100 && fixture.insight.feeds() > 0; i++) {
      fixture.insight.tick(FakeInsight.emptyTick(Fixture.START.plusSeconds(i)));
      Thread.sleep(50);
    }
    assertThat(fixture.insight.feeds()).isZero();
  }

  @Test
  void endsWithTheProcess() throws Exception {
    try (var stream = new Stream("")) {
      stream.until(": connected");
      long start = System.nanoTime();
      fixture.control.close();
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    }
    fixture.close();
    fixture = new Fixture(data);
  }

  @Test
  void refusesWhatItDoesNotKnow() throws Exception {
    assertThat(fixture.get("/api/v1/events?topics=nonsense").statusCode()).isEqualTo(400);
    assertThat(fixture.get("/api/v1/events?callsPerSecond=501").statusCode()).isEqualTo(400);
    assertThat(fixture.get("/api/v1/events?status=6xx").statusCode()).isEqualTo(400);
  }
}
