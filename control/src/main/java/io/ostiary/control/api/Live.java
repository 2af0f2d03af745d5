package io.ostiary.control.api;

import io.ostiary.control.SnapshotSource;
import io.ostiary.control.api.LiveViews.NamedRate;
import io.ostiary.control.api.LiveViews.PointView;
import io.ostiary.control.api.LiveViews.Rate;
import io.ostiary.insight.InsightStatus;
import io.ostiary.insight.InsightView;
import io.ostiary.insight.LiveTick;
import io.ostiary.model.PacketView;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Puts the live view together with what the other rooms know: names, bans, the plan in force.
final class Live {
  private static final int TOP = 20;

  private final InsightView insight;
  private final PacketView packets;
  private final SnapshotSource source;
  private final Clock clock;

  Live(InsightView insight, PacketView packets, SnapshotSource source, Clock clock) {
    this.insight = insight;
    this.packets = packets;
    this.source = source;
    this.clock = clock;
  }

  record Tick(PointView point, State state, Top top, River river, Footer footer) {}

  record Now(
      Instant at,
      long windowSeconds,
      SeriesView series,
      State state,
      Top top,
      River river,
      Footer footer) {}

  record Top(
      int seconds,
      List<NamedRate> apis,
      List<NamedRate> routes,
      List<NamedRate> consumers,
      List<NamedRate> upstreams,
      List<NamedRate> statuses,
      List<SourceView> sources) {}

  record Footer(
      long planVersion,
      String kernelSentence,
      List<Interface> interfaces,
      long ledgerLagMillis,
      long ledgerLost,
      Store store) {}

  record Interface(String name, String mode) {}

  record Store(
      String state,
      String sentence,
      long rows,
      long bytes,
      long waiting,
      long lost,
      @Nullable Instant oldest) {
    static Store of(InsightStatus.Store store) {
      return new Store(
          store.state().name().toLowerCase(Locale.ROOT),
          store.sentence(),
          store.rows(),
          store.bytes(),
          store.waiting(),
          store.lost(),
          store.oldest());
    }
  }

  Now now(Duration window) {
    var tick = insight.live().latest();
    return new Now(
        clock.instant(),
        window.toSeconds(),
        series(window),
        State.of(tick, source.state(), packets.flood(), source.warnings()),
        top(tick),
        River.of(tick),
        footer(tick));
  }

  Tick tick(LiveTick tick) {
    return new Tick(
        PointView.of(tick.point(), packets.status().running()),
        State.of(tick, source.state(), packets.flood(), source.warnings()),
        top(tick),
        River.of(tick),
        footer(tick));
  }

  SeriesView series(Duration window) {
    return SeriesView.of(insight.live().series(window), packets.status().running());
  }

  private Top top(LiveTick tick) {
    return new Top(
        tick.groupSeconds(),
        named(tick.apis(), name -> name),
        named(tick.routes(), name -> name),
        named(tick.consumers(), id -> Objects.requireNonNullElse(consumerName(id), id)),
        named(tick.upstreams(), name -> name),
        named(tick.statuses(), name -> name),
        SourceView.join(List.of(), tick, source.live().bans(), TOP, clock.instant()));
  }

  private static List<NamedRate> named(List<LiveTick.Group> groups, UnaryOperator<String> title) {
    return groups.stream()
        .limit(TOP)
        .map(group -> new NamedRate(group.name(), title.apply(group.name()), Rate.of(group)))
        .toList();
  }

  @Nullable String consumerName(String id) {
    var consumer = source.live().consumer(id);
    return consumer == null ? null : consumer.name();
  }

  private Footer footer(LiveTick tick) {
    var kernel = packets.status();
    return new Footer(
        source.state().version(),
        kernel.sentence(),
        kernel.interfaces().stream().map(one -> new Interface(one.name(), one.mode())).toList(),
        tick.status().lagMillis(),
        tick.status().lost(),
        Store.of(tick.status().store()));
  }
}
