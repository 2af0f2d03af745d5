package io.ostiary.server;

import io.ostiary.model.FloodReport;
import io.ostiary.model.PacketView;
import io.ostiary.model.ServiceView;
import java.util.List;
import java.util.function.ToDoubleFunction;

/// What the kernel side decided, but for the counts of interfaces: by rule, by service and target,
/// and about SYN floods. At most 200 rules, services and targets of services are told apart; what
/// is beyond is left out, and counted.
final class PacketMetrics {
  private final MetricText out = new MetricText();

  /// A target and the service that it is of.
  private record Placed(String service, ServiceView.TargetStatus target) {}

  private PacketMetrics() {}

  static String of(PacketView packets) {
    var metrics = new PacketMetrics();
    var out = metrics.out;
    metrics.rules(out.first(packets.ruleHits()));
    metrics.floods(packets.flood());
    var services = packets.services().services();
    var targets =
        services.stream()
            .flatMap(one -> one.targets().stream().map(t -> new Placed(one.service().name(), t)))
            .toList();
    metrics.services(out.first(services));
    metrics.targets(out.first(targets));
    out.omitted(
        "kernel_series_omitted", "rules, services and their targets beyond the 200 told apart");
    return out.toString();
  }

  private void rules(List<PacketView.RuleHits> rules) {
    out.metric("kernel_rule_packets_total", "packets that a rule decided, by its place");
    for (var rule : rules) {
      out.sample(
          "kernel_rule_packets_total", rule.packets(), "rule", Integer.toString(rule.rule() + 1));
    }
    out.metric("kernel_rule_dropped_packets_total", "those of them that it dropped, or would have");
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
    out.metric("kernel_syn_flood", "1 while SYNs are answered with cookies");
    out.sample("kernel_syn_flood", cookies.state() == FloodReport.State.ANSWERING ? 1 : 0);
    out.metric("kernel_syn_cookies_total", "SYN cookies, by what became of them");
    out.sample("kernel_syn_cookies_total", cookies.answered(), "result", "sent");
    out.sample("kernel_syn_cookies_total", cookies.completed(), "result", "completed");
    out.sample("kernel_syn_cookies_total", cookies.invalid(), "result", "invalid");
    out.metric("kernel_sources", "different source addresses of the last second, estimated");
    out.sample("kernel_sources", report.sources());
  }

  private void services(List<ServiceView.Status> services) {
    out.metric("service_events_total", "what happened at a service, by kind");
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
    out.metric("service_connections_total", "connections that a target was given");
    each(targets, "service_connections_total", ServiceView.TargetStatus::connections);
    out.metric("service_open_connections", "connections in flight at a target");
    each(targets, "service_open_connections", ServiceView.TargetStatus::open);
    out.metric("service_target_weight", "its share now, out of the weight that is configured");
    each(targets, "service_target_weight", ServiceView.TargetStatus::weightNow);
    out.metric("service_target_healthy", "1 while it gets new connections");
    each(targets, "service_target_healthy", PacketMetrics::healthy);
    out.metric("service_target_round_trip_seconds", "SYN to SYN-ACK; 0: not known");
    each(targets, "service_target_round_trip_seconds", target -> target.rttMicros() / 1e6);
    out.metric(
        "service_target_answer_seconds", "first byte there to first byte back; 0: not known");
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
