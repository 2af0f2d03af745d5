package io.ostiary.server;

import io.ostiary.control.Publication;
import io.ostiary.gateway.Gateway;
import io.ostiary.gateway.Published;
import io.ostiary.gateway.exchange.PlanFault;
import io.ostiary.insight.Insight;
import io.ostiary.model.Ban;
import io.ostiary.model.GatewaySettings;
import io.ostiary.model.Purge;
import io.ostiary.model.RouteAnswer;
import io.ostiary.model.RouteQuestion;
import io.ostiary.model.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings a snapshot into force in the gateway and in the kernel, or in neither: what the kernel
/// side refuses is taken back from the gateway. Called by one thread at a time.
final class BothPlanes implements Publication {
  private static final Logger LOG = LoggerFactory.getLogger(BothPlanes.class);

  /// How long a warning is shown.
  private static final Duration TOLD = Duration.ofMinutes(10);

  private final Gateway gateway;
  private final KernelSide kernel;
  private final Consumer<GatewaySettings> inForce;
  private final Progress progress;
  private final Insight insight;
  private @Nullable Snapshot before;

  BothPlanes(
      Gateway gateway,
      KernelSide kernel,
      Insight insight,
      Consumer<GatewaySettings> inForce,
      Progress progress) {
    this.gateway = gateway;
    this.insight = insight;
    this.kernel = kernel;
    this.inForce = inForce;
    this.progress = progress;
  }

  @Override
  public void tell(String sentence) {
    progress.say("%s", sentence);
  }

  @Override
  public List<Problem> publish(Snapshot snapshot) {
    var unopened = new ArrayList<String>();
    var prepared = insight.logs().prepare(snapshot.gateway().observation().logs(), unopened);
    var problems = unopened.isEmpty() ? putIntoForce(snapshot) : problems(unopened);
    if (problems.isEmpty()) {
      prepared.inForce();
      insight.inForce(snapshot);
    } else {
      prepared.discard();
    }
    return problems;
  }

  private static List<Problem> problems(List<String> sentences) {
    return sentences.stream().map(Problem::of).toList();
  }

  private List<Problem> putIntoForce(Snapshot snapshot) {
    var before = this.before;
    if (before == null) {
      return begin(snapshot);
    }
    kernel.prepare(snapshot);
    return sameGateway(snapshot, before)
        ? kernelFirst(snapshot, before)
        : gatewayFirst(snapshot, before);
  }

  /// Whether the gateway gets nothing that it has not taken before.
  static boolean sameGateway(Snapshot one, Snapshot other) {
    return one.gateway().equals(other.gateway())
        && one.listeners().equals(other.listeners())
        && one.upstreams().equals(other.upstreams())
        && one.apis().equals(other.apis())
        && one.consumers().equals(other.consumers())
        && one.keys().equals(other.keys())
        && one.bans().equals(other.bans());
  }

  /// Rules are waited for, and the gateway will not refuse what it runs already.
  private List<Problem> kernelFirst(Snapshot snapshot, Snapshot before) {
    var refused = kernel.apply(snapshot);
    if (!refused.isEmpty()) {
      return problems(refused);
    }
    if (gateway.publish(snapshot) instanceof Published.Refused(var faults)) {
      kernel
          .apply(before)
          .forEach(problem -> LOG.error("what the gateway refused stays: {}", problem));
      return refusals(faults);
    }
    done(snapshot);
    return List.of();
  }

  /// What the gateway refuses, the kernel never sees.
  private List<Problem> gatewayFirst(Snapshot snapshot, Snapshot before) {
    if (gateway.publish(snapshot) instanceof Published.Refused(var faults)) {
      return refusals(faults);
    }
    var refused = kernel.apply(snapshot);
    if (refused.isEmpty()) {
      done(snapshot);
      return List.of();
    }
    if (gateway.publish(before) instanceof Published.Refused(var faults)) {
      LOG.error("the gateway runs what the kernel side refused, and cannot go back: {}", faults);
    }
    return problems(refused);
  }

  private void done(Snapshot snapshot) {
    before = snapshot;
    inForce.accept(snapshot.gateway());
  }

  /// The first snapshot. Connections are watched, and what the kernel is to judge is judged, before
  /// a listener opens. Where there is nothing to judge, callers need not wait for the shield.
  private List<Problem> begin(Snapshot snapshot) {
    kernel.prepare(snapshot);
    boolean judges = KernelSide.judges(snapshot);
    var refused = judges ? kernel.apply(snapshot) : List.<String>of();
    if (!refused.isEmpty()) {
      return problems(refused);
    }
    if (gateway.publish(snapshot) instanceof Published.Refused(var faults)) {
      return refusals(faults);
    }
    refused = judges ? List.of() : kernel.apply(snapshot);
    if (refused.isEmpty()) {
      done(snapshot);
    }
    return problems(refused);
  }

  private static List<Problem> refusals(List<PlanFault> faults) {
    return faults.stream().map(fault -> new Problem(fault.message(), fault.policy())).toList();
  }

  /// The kernel first: it is what keeps a flood away, and takes microseconds.
  @Override
  public void ban(List<Ban> bans) {
    for (var ban : bans) {
      if (ban.place() == Ban.Place.KERNEL) {
        kernel.ban(ban).forEach(problem -> LOG.warn("only the gateway refuses it: {}", problem));
      }
    }
    gateway.ban(bans);
  }

  @Override
  public int purge(String api, Purge purge) {
    return gateway.purge(api, purge);
  }

  @Override
  public void unban(Ban ban) {
    if (ban.place() == Ban.Place.KERNEL) {
      kernel.unban(ban.source());
    }
    gateway.unban(ban);
  }

  @Override
  public RouteAnswer route(RouteQuestion question) {
    return gateway.route(question);
  }

  @Override
  public String metrics() {
    return GatewayMetrics.text(gateway, before)
        + UpstreamMetrics.of(gateway.upstreams(), gateway.loads())
        + PacketMetrics.of(kernel)
        + stalls();
  }

  private String stalls() {
    var out = new MetricText();
    out.metric("policy_stalls_total", "times that a policy held an event loop for over 100 ms");
    for (var stall : gateway.stalls()) {
      out.sample("policy_stalls_total", stall.count(), "policy", stall.policy());
    }
    return out.toString();
  }

  @Override
  public List<String> warnings() {
    var since = Instant.now().minus(TOLD);
    return gateway.stalls().stream()
        .filter(stall -> stall.lastAt().isAfter(since))
        .map(stall ->
            "Policy %s held an event loop for %d ms in call %s, and every other call on it with it."
                .formatted(stall.policy(), stall.longestMillis(), stall.lastCall()))
        .toList();
  }
}
