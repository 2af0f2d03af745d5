package io.ostiary.server;

import io.ostiary.model.FloodReport;
import io.ostiary.model.PacketView;
import io.ostiary.model.ServiceView;
import java.util.List;
import java.util.function.ToDoubleFunction;

/// What the kernel side decided, but for the counts of interfaces: by rule, by service and target,
/// and about SYN floods. At most 200 rules, and 200 targets of services, are told apart; what is
/// beyond is left out, and counted.
final class PacketMetrics {
  private static final int MOST = 200;

  private final MetricText out = new MetricText();

  /// A target and the service that it is of.
  private record Placed(String service, ServiceView.TargetStatus target) {}

  private PacketMetrics() {}

  static String of(PacketView packets) {
    var metrics = new PacketMetrics();
    var rules = packets.ruleHits();
    metrics.rules(rules.subList(0, Math.min(MOST, rules.size())));
    metrics.floods(packets.flood());
    var services = packets.services().services();
    var targets =
        services.stream()
            .flatMap(one -> one.targets().stream().map(t -> new Placed(one.service().name(), t)))
            .toList();
    metrics.services(services.subList(0, Math.min(MOST, services.size())));
    metrics.targets(targets.subList(0, Math.min(MOST, targets.size())));
    int left = Math.max(0, rules.size() - MOST) + Math.max(0, targets.size() - MOST);
    metrics.out.gauge(
        "kernel_series_omitted", "rules and targets of services beyond the 200 told apart");
    metrics.out.sample("kernel_series_omitted", left);
    return metrics.out.toString();
  }

  private void rules(List<PacketView.RuleHits> rules) {
    out.counter("kernel_rule_packets_total", "packets that a rule decided, by its place");
    for (var rule : rules) {
      out.sample(
          "kernel_rule_packets_total", rule.packets(), "rule", Integer.toString(rule.rule() + 1));
    }
    out.counter(
        "kernel_rule_dropped_packets_total", "those of them that it dropped, or would have");
    for (var rule : rules) {
      out.sample(
          "kernel_rule_dropped_packets_total",
          rule.droppedPackets(),
          "rule",
          Integer.toString(rule.rule() + 1));
    }
  }

  private void floods(FloodReport report) {
    var cookies = report.cookies();
    out.gauge("kernel_syn_flood", "1 while SYNs are answered with cookies");
    out.sample("kernel_syn_flood", cookies.state() == FloodReport.State.ANSWERING ? 1 : 0);
    out.counter("kernel_syn_cookies_total", "SYN cookies, by what became of them");
    out.sample("kernel_syn_cookies_total", cookies.answered(), "result", "sent");
    out.sample("kernel_syn_cookies_total", cookies.completed(), "result", "completed");
    out.sample("kernel_syn_cookies_total", cookies.invalid(), "result", "invalid");
    out.gauge("kernel_sources", "different source addresses of the last second, estimated");
    out.sample("kernel_sources", report.sources());
  }

  private void services(List<ServiceView.Status> services) {
    out.counter("service_events_total", "what happened at a service, by kind");
    for (var status : services) {
      var name = status.service().name();
      var events = status.events();
      event(name, "attempt", events.attempts());
      event(name, "proven", events.proven());
      event(name, "stateless", events.stateless());
      event(name, "without-target", events.withoutTarget());
      event(name, "without-room", events.withoutRoom());
      event(name, "stray", events.strays());
      event(name, "flood", events.flood());
      event(name, "local", events.local());
    }
  }

  private void event(String service, String kind, long count) {
    out.sample("service_events_total", count, "service", service, "event", kind);
  }

  private void targets(List<Placed> targets) {
    out.counter("service_connections_total", "connections that a target was given");
    each(targets, "service_connections_total", ServiceView.TargetStatus::connections);
    out.gauge("service_open_connections", "connections in flight at a target");
    each(targets, "service_open_connections", ServiceView.TargetStatus::open);
    out.gauge("service_target_weight", "its share now, out of the weight that is configured");
    each(targets, "service_target_weight", ServiceView.TargetStatus::weightNow);
    out.gauge("service_target_healthy", "1 while it gets new connections");
    each(targets, "service_target_healthy", PacketMetrics::healthy);
    out.gauge("service_target_round_trip_seconds", "SYN to SYN-ACK; 0: not known");
    each(targets, "service_target_round_trip_seconds", target -> target.rttMicros() / 1e6);
    out.gauge("service_target_answer_seconds", "first byte there to first byte back; 0: not known");
    each(targets, "service_target_answer_seconds", target -> target.answerMicros() / 1e6);
  }

  private static double healthy(ServiceView.TargetStatus target) {
    return switch (target.state()) {
      case HEALTHY, STARTING -> 1;
      case UNHEALTHY, DRAINING, LEAVING -> 0;
    };
  }

  private void each(
      List<Placed> targets, String name, ToDoubleFunction<ServiceView.TargetStatus> value) {
    for (var placed : targets) {
      out.sample(
          name,
          value.applyAsDouble(placed.target),
          "service",
          placed.service,
          "target",
          placed.target.target().toString());
    }
  }
}
