package io.ostiary.kernel.balance;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.Service;
import io.ostiary.model.ServiceView.Events;
import io.ostiary.model.ServiceView.TargetStatus;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadFactory;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A service in its slot of the kernel's tables. Targets keep their slots as long as connections
/// may still go to them. Guarded by the balancer.
final class RunningService {
  private static final int EVENT_NO_ROOM = 4;

  final int index;
  private final ServiceTables tables;
  private final ThreadFactory threads;
  private final Runnable news;
  private final @Nullable TargetState[] slots = new TargetState[Service.TARGETS_MAX];
  private final Map<TargetState, TargetCheck> checks = new HashMap<>();
  private Service service;
  private double[] weights = new double[0];
  private boolean believed = true;
  private long withoutRoom;
  private long withoutRoomLately;

  RunningService(
      int index, Service service, ServiceTables tables, ThreadFactory threads, Runnable news) {
    this.index = index;
    this.service = service;
    this.tables = tables;
    this.threads = threads;
    this.news = news;
  }

  Service service() {
    return service;
  }

  void begin() throws LibbpfException {
    tables.forgetEvents(index);
    tables.describe(index, service);
    for (var target : service.targets()) {
      add(target, false);
    }
    spread();
    tables.publish(index, service);
    check();
  }

  void become(Service wanted) throws LibbpfException {
    service = wanted;
    tables.describe(index, wanted);
    leaveOthers(wanted);
    for (var target : wanted.targets()) {
      var known = find(target.place());
      if (known == null) {
        add(target, true);
      } else {
        known.configure(target);
      }
    }
    spread();
    check();
  }

  /// Those that are not wanted any more get no new connections.
  void leaveOthers(Service wanted) {
    var places = wanted.targets().stream().map(Service.Target::place).toList();
    states().stream().filter(state -> !places.contains(state.place)).forEach(TargetState::leave);
  }

  private void add(Service.Target target, boolean fresh) throws LibbpfException {
    int slot = free();
    var state = new TargetState(target, fresh);
    tables.addTarget(index, slot, service, state.place);
    slots[slot] = state;
  }

  private int free() throws LibbpfException {
    for (int i = 0; i < slots.length; i++) {
      if (slots[i] == null) {
        return i;
      }
    }
    // There are no more targets than slots, so that one of them is leaving.
    int least =
        IntStream.range(0, slots.length)
            .filter(i -> state(i).leaving())
            .boxed()
            .min(Comparator.comparingLong(i -> tables.counted(index, i).open()))
            .orElseThrow();
    forget(least);
    return least;
  }

  private TargetState state(int slot) {
    return Objects.requireNonNull(slots[slot]);
  }

  private List<TargetState> states() {
    return Arrays.stream(slots).filter(Objects::nonNull).toList();
  }

  private @Nullable TargetState find(Service.Target.Place place) {
    for (var state : states()) {
      if (state.place.equals(place)) {
        return state;
      }
    }
    return null;
  }

  /// Gives up a target that is leaving, as another service wants it.
  void giveUp(Service.Target.Place place) throws LibbpfException {
    for (int i = 0; i < slots.length; i++) {
      var state = slots[i];
      if (state != null && state.leaving() && state.place.equals(place)) {
        forget(i);
      }
    }
  }

  private void forget(int slot) throws LibbpfException {
    tables.removeTarget(service, state(slot).place);
    tables.forgetFlows(index, slot);
    slots[slot] = null;
  }

  /// What changes by itself: shares that grow, targets that have left.
  void beat() throws LibbpfException {
    for (int i = 0; i < slots.length; i++) {
      var state = slots[i];
      if (state != null) {
        var counted = tables.counted(index, i);
        state.newPerSecond(counted.connections());
        if (state.gone(counted.open())) {
          forget(i);
        }
      }
    }
    spread();
  }

  private void spread() throws LibbpfException {
    believed = states().stream().filter(TargetState::wanted).anyMatch(state -> !state.failing());
    var now = new double[slots.length];
    var names = new long[slots.length];
    for (int i = 0; i < slots.length; i++) {
      var state = slots[i];
      if (state != null) {
        now[i] = state.weight(service.slowStart(), believed);
        names[i] = state.name;
      }
    }
    if (!Arrays.equals(now, weights)) {
      tables.spread(index, names, now);
      weights = now;
    }
  }

  private void check() {
    var wanted = service.check();
    for (var state : states()) {
      var running = checks.get(state);
      boolean keep = !state.leaving() && wanted != null;
      if (running != null && (!keep || !running.check().equals(wanted))) {
        running.close();
        checks.remove(state);
        running = null;
      }
      if (running == null && keep && wanted != null) {
        checks.put(state, TargetCheck.start(wanted, state, news, threads));
      } else if (wanted == null) {
        state.checked("");
      }
    }
  }

  List<TargetStatus> targets() {
    var list = new ArrayList<TargetStatus>();
    for (int i = 0; i < slots.length; i++) {
      var state = slots[i];
      if (state == null) {
        continue;
      }
      var counted = tables.counted(index, i);
      list.add(
          new TargetStatus(
              state.target(),
              state.state(service.slowStart()),
              i < weights.length ? weights[i] : 0,
              state.why(service.slowStart(), believed, counted.open()),
              state.since(),
              counted.open(),
              state.newPerSecond(counted.connections()),
              counted.connections(),
              counted.rttMicros(),
              counted.answerMicros()));
    }
    return list;
  }

  /// Some seconds are over.
  void passed() {
    long now = tables.event(index, EVENT_NO_ROOM);
    withoutRoomLately = now - withoutRoom;
    withoutRoom = now;
  }

  /// Handshakes without a record, between the last two calls of [#passed].
  long withoutRoomLately() {
    return withoutRoomLately;
  }

  Events events() {
    long attempts =
        IntStream.range(0, slots.length)
            .filter(i -> slots[i] != null)
            .mapToLong(i -> tables.counted(index, i).syns())
            .sum();
    return new Events(
        attempts,
        tables.event(index, 1),
        tables.event(index, 2),
        tables.event(index, 3),
        tables.event(index, EVENT_NO_ROOM),
        tables.event(index, 5),
        tables.event(index, 6),
        tables.event(index, 7));
  }

  void stopChecks() {
    checks.values().forEach(TargetCheck::close);
    checks.clear();
  }

  void end() throws LibbpfException {
    stopChecks();
    tables.withdraw(service);
    for (var state : states()) {
      tables.removeTarget(service, state.place);
    }
    tables.forgetFlows(index, -1);
  }
}
