package io.ostiary.contract.config;

import io.ostiary.model.Discovery;
import io.ostiary.model.HealthCheck;
import io.ostiary.model.Outliers;
import io.ostiary.model.Overload;
import io.ostiary.model.Require;
import io.ostiary.model.Retries;
import io.ostiary.model.Spread;
import io.ostiary.model.Target;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is written about an upstream's targets and the choice among them, to what is meant.
final class Upstreams {
  private Upstreams() {}

  static Target target(Written.Target written) {
    return new Target(
        written.address().host(),
        written.address().port(),
        written.weight(),
        written.drain(),
        written.zone(),
        written.priority());
  }

  static Discovery discovery(Written.@Nullable Discovery written) {
    if (written == null) {
      return Discovery.NONE;
    }
    var dns = written.dns();
    return new Discovery(
        dns == null ? null : dns.host(),
        dns == null ? 0 : dns.port(),
        written.srv(),
        written.servers().stream().map(Upstreams::server).toList(),
        written.least(),
        written.most());
  }

  private static Discovery.Server server(Address address) {
    try {
      InetAddress.ofLiteral(address.host());
    } catch (IllegalArgumentException e) {
      throw Require.invalid("discovery.servers", "'" + address.host() + "'", "an IP address");
    }
    return new Discovery.Server(address.host(), address.port());
  }

  static HealthCheck check(Written.Health written) {
    var path = written.path();
    return new HealthCheck(
        path == null ? "/" : path,
        written.every(),
        written.timeout(),
        written.unhealthyAfter(),
        written.healthyAfter(),
        new HealthCheck.Expected(
            written.kind(),
            written.port(),
            written.status().stream().map(HealthCheck.Statuses::parse).toList(),
            orEmpty(written.body()),
            orEmpty(written.host()),
            written.headers(),
            orEmpty(written.service()),
            written.tls()));
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  static Spread spread(Written.Spread written) {
    var sticky = written.sticky();
    var hash = written.hash();
    return new Spread(
        hash == null ? Spread.HashKey.CLIENT : new Spread.HashKey(hash.by(), orEmpty(hash.name())),
        sticky == null ? null : new Spread.Sticky(sticky.cookie(), sticky.lasts(), sticky.secret()),
        written.slowStart(),
        written.panic(),
        written.zone(),
        written.spill());
  }

  static Outliers outliers(Written.Outliers written) {
    return new Outliers(
        written.failures(),
        written.errors(),
        written.deviations(),
        written.slower(),
        written.calls(),
        written.every(),
        written.rest(),
        written.restMax(),
        written.share());
  }

  static Retries retries(Written.Retry written) {
    var hedge = written.hedge();
    return new Retries(
        written.attempts(),
        written.on(),
        written.statuses(),
        written.grpc(),
        written.methods(),
        written.perTry(),
        written.backOff(),
        written.backOffMax(),
        written.budget(),
        written.budgetMin(),
        written.retryAfterMax(),
        hedge == null ? Retries.Hedge.NONE : new Retries.Hedge(hedge.after(), hedge.percentile()));
  }

  /// Warns of settings that say what a failure is, where `on` leaves that kind of failure out.
  static void warnOfIdle(Written.Retry written, String pointer, Notes notes) {
    for (var name : List.of("statuses", "grpc")) {
      if (Notes.has(notes.at(pointer), name) && !written.on().contains(Retries.On.STATUS)) {
        notes.warning(
            pointer + "/" + name, name + " has no effect: retry.on does not name 'status'");
      }
    }
    if (!written.perTry().isZero() && !written.on().contains(Retries.On.TIMEOUT)) {
      notes.warning(
          pointer + "/per-try",
          "per-try ends an attempt, and none follows it: retry.on does not name 'timeout'");
    }
  }

  static Overload overload(Written.Overload written, List<Overload.Rule> rules) {
    var adaptive = written.adaptive();
    return new Overload(
        written.targetCalls(),
        written.calls(),
        written.queue(),
        written.queueTime(),
        written.retries(),
        adaptive == null
            ? null
            : new Overload.Adaptive(
                adaptive.least(), adaptive.most(), adaptive.tolerance(), adaptive.every()),
        new Overload.Priorities(written.priorityHeader(), rules));
  }

  static Overload.Rule priority(Written.PriorityRule rule) {
    return new Overload.Rule(rule.priority(), rule.apis(), rule.routes(), rule.consumers());
  }
}
