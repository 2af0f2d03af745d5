package io.ostiary.kernel;

import io.ostiary.kernel.shield.MeterTotals;
import io.ostiary.kernel.shield.MeteredFlow;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelRule.Counted;
import io.ostiary.model.KernelRule.Limit;
import io.ostiary.model.RuleMatch;
import io.ostiary.model.RulePast;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Who sent what to which port in each ten seconds of the last five minutes, so that a rule can be
/// tried on it before it is in force. Fed with the meter's flows, whose source ports are put
/// together; what found no place is counted as untold.
///
/// Shared: one thread feeds it, others ask.
final class FlowHistory {
  static final int STEP_SECONDS = 10;
  static final int STEPS = 30;

  /// Of different senders, ports and interfaces. With these it takes at most some 6 MB.
  static final int PLACES = 8192;

  private static final int BUSIEST = 10;
  private static final int PREFIX_MORE_OF_IPV6 = 32;

  private final Map<Sent, Steps> sent = new HashMap<>();
  private final long[] came = new long[STEPS];
  private final long[] told = new long[STEPS];
  private Map<Flow, Sum> before = new HashMap<>();
  private long cameBefore = -1;
  private long step = -1;

  private record Sent(
      InetAddress source,
      InetAddress destination,
      int port,
      int protocol,
      int vlan,
      int interfaceIndex) {}

  private record Flow(Sent sent, int sourcePort) {}

  private record Sum(long packets, long bytes) {
    static final Sum NONE = new Sum(0, 0);
  }

  /// One number for each step, in turn.
  private static final class Steps {
    final int[] packets = new int[STEPS];
    final long[] bytes = new long[STEPS];
    final int[] connections = new int[STEPS];
  }

  /// To be called once in [#STEP_SECONDS].
  ///
  /// @param flows all that the meter lists
  synchronized void add(List<MeteredFlow> flows, MeterTotals totals) {
    step++;
    int at = (int) (step % STEPS);
    forget(at);
    var now = new HashMap<Flow, Sum>();
    for (var flow : flows) {
      if (flow.outgoing()) {
        continue;
      }
      var key = key(flow);
      now.put(key, new Sum(flow.packets(), flow.bytes()));
      if (cameBefore >= 0) {
        count(key, flow, before.get(key), at);
      }
    }
    came[at] = cameBefore < 0 ? 0 : Math.max(0, totals.packets() - cameBefore);
    cameBefore = totals.packets();
    before = now;
  }

  private static Flow key(MeteredFlow flow) {
    return new Flow(
        new Sent(
            flow.source(),
            flow.destination(),
            flow.destinationPort(),
            flow.protocol(),
            flow.vlan(),
            flow.interfaceIndex()),
        flow.sourcePort());
  }

  private void count(Flow key, MeteredFlow flow, @Nullable Sum last, int at) {
    // Where it counts less than before, it was evicted meanwhile and began again.
    var since = last != null && last.packets <= flow.packets() ? last : Sum.NONE;
    long packets = flow.packets() - since.packets;
    if (packets == 0) {
      return;
    }
    var steps = sent.get(key.sent);
    if (steps == null) {
      if (sent.size() >= PLACES) {
        return;
      }
      steps = new Steps();
      sent.put(key.sent, steps);
    }
    steps.packets[at] += (int) Math.min(packets, Integer.MAX_VALUE - steps.packets[at]);
    steps.bytes[at] += flow.bytes() - since.bytes;
    steps.connections[at] += since.packets == 0 ? 1 : 0;
    told[at] += packets;
  }

  private void forget(int at) {
    came[at] = 0;
    told[at] = 0;
    sent.values()
        .removeIf(steps -> {
          steps.packets[at] = 0;
          steps.bytes[at] = 0;
          steps.connections[at] = 0;
          return Arrays.stream(steps.packets).allMatch(packets -> packets == 0);
        });
  }

  /// @param sets what named sets hold
  /// @param interfaces the name of each, by index
  synchronized RulePast past(
      KernelRule rule, Map<String, List<Cidr>> sets, Map<Integer, String> interfaces) {
    var match = new RuleMatch(rule.match(), sets);
    var met = new HashMap<InetAddress, Steps>();
    sent.forEach((who, steps) -> {
      if (match.packet(
          who.source,
          who.destination,
          who.port,
          who.protocol,
          who.vlan,
          interfaces.getOrDefault(who.interfaceIndex, ""))) {
        add(met.computeIfAbsent(group(rule, who.source), key -> new Steps()), steps);
      }
    });
    var all =
        met.entrySet().stream()
            .map(entry -> met(rule, entry.getKey(), entry.getValue()))
            .filter(one -> one.packets() > 0)
            .sorted(Comparator.comparingLong(RulePast.Met::packets).reversed())
            .toList();
    long in = Arrays.stream(came).sum();
    return new RulePast(
        (long) STEP_SECONDS * Math.clamp(step, 0, STEPS),
        all.stream().mapToLong(RulePast.Met::packets).sum(),
        all.stream().mapToLong(RulePast.Met::bytes).sum(),
        in,
        Math.max(0, in - Arrays.stream(told).sum()),
        all.size(),
        all.stream().limit(BUSIEST).toList(),
        match.untold());
  }

  private static void add(Steps sum, Steps more) {
    for (int i = 0; i < STEPS; i++) {
      sum.packets[i] += more.packets[i];
      sum.bytes[i] += more.bytes[i];
      sum.connections[i] += more.connections[i];
    }
  }

  /// Who shares one rate; without a limit each source stands for itself.
  private static InetAddress group(KernelRule rule, InetAddress source) {
    if (!(rule instanceof Limit limit)) {
      return source;
    }
    var bytes = source.getAddress();
    int bits = limit.bits() + (bytes.length == 16 ? PREFIX_MORE_OF_IPV6 : 0);
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] &= (byte) (0xff << (8 - Math.clamp(bits - i * 8L, 0, 8)));
    }
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of 4 or 16 bytes", e);
    }
  }

  private static RulePast.Met met(KernelRule rule, InetAddress source, Steps steps) {
    long packets = 0;
    double bytes = 0;
    for (int i = 0; i < STEPS; i++) {
      long over = over(rule, steps, i);
      packets += over;
      bytes += steps.packets[i] == 0 ? 0 : (double) steps.bytes[i] * over / steps.packets[i];
    }
    return new RulePast.Met(source, packets, Math.round(bytes));
  }

  /// A limit lets in what ten seconds at its rate are; bursts within them are not seen. Of a limit
  /// on connections a SYN is dropped for each too many.
  private static long over(KernelRule rule, Steps steps, int step) {
    if (!(rule instanceof Limit limit)) {
      return steps.packets[step];
    }
    long counted =
        limit.counted() == Counted.PACKETS ? steps.packets[step] : steps.connections[step];
    return Math.max(0, counted - limit.perSecond() * STEP_SECONDS);
  }
}
