package io.ostiary.control.api;

import io.ostiary.insight.LiveTick;
import io.ostiary.model.Peers;
import java.util.ArrayList;
import java.util.List;

/// The journey of the last second as bands: sources, kernel, gateway, outcomes and upstreams.
record River(List<Link> links) {
  private static final int SOURCES = 6;
  private static final int UPSTREAMS = 8;
  private static final Node KERNEL = new Node("kernel", "kernel");
  private static final Node GATEWAY = new Node("gateway", "gateway");

  record Node(String kind, String name) {}

  record Link(Node from, Node to, String unit, double perSecond) {}

  static River of(LiveTick tick) {
    var links = new ArrayList<Link>();
    packets(tick, links);
    calls(tick, links);
    return new River(links);
  }

  private static void packets(LiveTick tick, List<Link> links) {
    long dropped = LiveViews.dropped(tick.point());
    long rest = tick.point().packetsPassed() + dropped;
    for (var source : tick.sources().stream().limit(SOURCES).toList()) {
      var node = new Node("source", Peers.text(source.address()));
      add(links, node, KERNEL, "packets", (double) source.packetsPerSecond());
      rest -= source.packetsPerSecond();
    }
    add(links, new Node("source", "(other)"), KERNEL, "packets", (double) rest);
    for (var drop : tick.point().drops()) {
      add(links, KERNEL, new Node("drop", drop.reason()), "packets", (double) drop.packets());
    }
    add(links, KERNEL, GATEWAY, "packets", (double) tick.point().packetsPassed());
  }

  private static void calls(LiveTick tick, List<Link> links) {
    double seconds = Math.max(1, tick.point().seconds());
    for (var outcome : tick.point().outcomes()) {
      var name =
          outcome.cause().equals("none")
              ? outcome.status()
              : outcome.status() + " " + outcome.cause();
      add(links, GATEWAY, new Node("outcome", name), "calls", outcome.calls() / seconds);
    }
    for (var answered : tick.answered().stream().limit(UPSTREAMS).toList()) {
      var node = new Node("upstream", answered.upstream());
      add(links, GATEWAY, node, "calls", answered.calls() / seconds);
    }
  }

  private static void add(List<Link> links, Node from, Node to, String unit, double perSecond) {
    if (perSecond > 0) {
      links.add(new Link(from, to, unit, perSecond));
    }
  }
}
