package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.access.Access;
import io.ostiary.control.http.Query;
import io.ostiary.model.Ban;
import io.ostiary.model.Cidr;
import io.ostiary.model.FloodReport;
import io.ostiary.model.PacketView;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// `sources/flood`: who sends the packets of the last second, and what SYN cookies answer.
final class FloodApi {
  private static final int LIST_MAX = 1000;

  private final PacketView packets;
  private final SnapshotSource source;

  FloodApi(PacketView packets, SnapshotSource source) {
    this.packets = packets;
    this.source = source;
  }

  List<Route> routes() {
    return List.of(Route.get("/api/v1/sources/flood", Access.VIEWER, this::flood));
  }

  record Flood(
      boolean available,
      String sentence,
      double seconds,
      long packetsPerSecond,
      long connectionsPerSecond,
      long sources,
      double sourcesError,
      int sampledOneOf,
      Cookies cookies,
      List<Share> items) {}

  record Cookies(
      String state,
      String sentence,
      @Nullable Instant since,
      long answered,
      long completed,
      long invalid) {}

  record Share(
      String prefix,
      int bits,
      double share,
      double error,
      long packetsPerSecond,
      long connectionsPerSecond,
      double droppedShare,
      boolean held,
      @Nullable String ban) {}

  private void flood(Context context) {
    var query = Query.of(context, "limit", "bits");
    int limit = query.number("limit", 100, 1, LIST_MAX);
    int bits = query.number("bits", 0, 0, 128);
    var status = packets.status();
    var report = packets.flood();
    var bans = source.live().bans();
    context.json(
        new Flood(
            status.running(),
            status.sentence(),
            report.seconds(),
            report.packetsPerSecond(),
            report.connectionsPerSecond(),
            report.sources(),
            report.sourcesError(),
            report.sampledOneOf(),
            cookies(report.cookies()),
            report.shares().stream()
                .filter(share -> bits == 0 || share.prefix().prefix() == bits)
                .limit(limit)
                .map(share -> share(share, bans))
                .toList()));
  }

  private static Cookies cookies(FloodReport.Cookies cookies) {
    return new Cookies(
        cookies.state().name().toLowerCase(Locale.ROOT),
        cookies.sentence(),
        cookies.sinceMillis() == 0 ? null : Instant.ofEpochMilli(cookies.sinceMillis()),
        cookies.answered(),
        cookies.completed(),
        cookies.invalid());
  }

  private static Share share(FloodReport.Share share, List<Ban> bans) {
    return new Share(
        share.prefix().toString(),
        share.prefix().prefix(),
        share.share(),
        share.error(),
        share.packetsPerSecond(),
        share.connectionsPerSecond(),
        share.droppedShare(),
        share.held(),
        ban(share.prefix(), bans));
  }

  private static @Nullable String ban(Cidr prefix, List<Ban> bans) {
    for (var ban : bans) {
      if (ban.source().prefix() <= prefix.prefix() && ban.source().contains(prefix.address())) {
        return ban.id();
      }
    }
    return null;
  }
}
