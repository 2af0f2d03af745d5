package io.ostiary.kernel.balance;

import static io.ostiary.kernel.balance.ServiceMemory.TARGETS;
import static io.ostiary.kernel.balance.ServiceMemory.TARGET_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.BpfTable;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.Service;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// The maps of `service.bpf.c`, written and read. Confined to one thread at a time; packets go on
/// meanwhile, so what they find must be whole before it can be found.
final class ServiceTables {
  /// What the programs multiply by, instead of dividing by the weight.
  private static final int INVERSE_UNIT = 1000;

  /// And of service_tables.h.
  private static final int INVERSE_MOST = 1 << 16;

  static final int RECORDS = ServiceMemory.SETS * ServiceMemory.WAYS;

  private static final VarHandle INT = JAVA_INT.varHandle();
  private static final VarHandle LONG = JAVA_LONG.varHandle();

  private final MemorySegment services;
  private final MemorySegment targets;
  private final MemorySegment ports;
  private final MemorySegment flows;
  private final MemorySegment events;
  private final BpfTable addresses;
  private final BpfTable tables;
  private final Map<Integer, Integer> portUses = new HashMap<>();

  ServiceTables(BpfObject object) throws LibbpfException {
    services = object.share("services", ServiceMemory.SERVICES * ServiceMemory.SERVICE_BYTES);
    targets = object.share("targets", (long) ServiceMemory.SERVICES * TARGETS * TARGET_BYTES);
    ports = object.share("service_ports", 65_536);
    flows = object.share("service_flows", ServiceMemory.SETS * ServiceMemory.SET_BYTES);
    events =
        object.share("service_events", (long) ServiceMemory.SERVICES * ServiceMemory.EVENTS * 8);
    addresses = object.table("addresses");
    tables = object.table("tables");
  }

  /// Writes what a service is; it is found only after [#publish].
  void describe(int index, Service service) {
    long at = index * ServiceMemory.SERVICE_BYTES;
    var address = service.literalAddress();
    MemorySegment.copy(ServiceMemory.words(address), 0, services, JAVA_BYTE, at, 16);
    services.set(JAVA_SHORT, at + ServiceMemory.SERVICE_PORT, (short) service.port());
    services.set(
        JAVA_BYTE, at + ServiceMemory.SERVICE_PROTOCOL, (byte) service.protocol().number());
    services.set(JAVA_BYTE, at + ServiceMemory.SERVICE_ALGORITHM, number(service.algorithm()));
    services.set(
        JAVA_BYTE,
        at + ServiceMemory.SERVICE_FAMILY,
        (byte) (address.getAddress().length == 4 ? 4 : 6));
  }

  /// `enum algorithm`.
  private static byte number(Service.Algorithm algorithm) {
    return switch (algorithm) {
      case MAGLEV -> 1;
      case WEIGHTED -> 2;
      case LEAST_LOADED -> 3;
    };
  }

  void publish(int index, Service service) throws LibbpfException {
    add(service.literalAddress(), service.port(), service, ServiceMemory.KIND_SERVICE, index, 0);
  }

  void withdraw(Service service) throws LibbpfException {
    remove(service.literalAddress(), service.port(), service, ServiceMemory.KIND_SERVICE);
  }

  /// Writes a target that was not there, with nothing counted yet.
  void addTarget(int service, int target, Service of, Service.Target.Place place)
      throws LibbpfException {
    long at = targetAt(service, target);
    targets.asSlice(at, TARGET_BYTES).fill((byte) 0);
    MemorySegment.copy(ServiceMemory.words(place.address()), 0, targets, JAVA_BYTE, at, 16);
    targets.set(JAVA_SHORT, at + ServiceMemory.TARGET_PORT, (short) place.port());
    add(place.address(), place.port(), of, ServiceMemory.KIND_TARGET, service, target);
  }

  void removeTarget(Service of, Service.Target.Place place) throws LibbpfException {
    remove(place.address(), place.port(), of, ServiceMemory.KIND_TARGET);
  }

  private void add(InetAddress address, int port, Service of, int kind, int service, int target)
      throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(4);
      value.set(JAVA_BYTE, 0, (byte) service);
      value.set(JAVA_BYTE, 1, (byte) target);
      addresses.write(key(arena, address, port, of, kind), value);
    }
    use(port, kind, 1);
  }

  private void remove(InetAddress address, int port, Service of, int kind) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      addresses.removeAll(key(arena, address, port, of, kind), 1);
    }
    use(port, kind, -1);
  }

  private static MemorySegment key(
      Arena arena, InetAddress address, int port, Service of, int kind) {
    var key = arena.allocate(ServiceMemory.ADDRESS_BYTES, 4);
    MemorySegment.copy(ServiceMemory.words(address), 0, key, JAVA_BYTE, 0, 16);
    key.set(JAVA_SHORT, ServiceMemory.ADDRESS_PORT, (short) port);
    key.set(JAVA_BYTE, ServiceMemory.ADDRESS_PROTOCOL, (byte) of.protocol().number());
    key.set(JAVA_BYTE, ServiceMemory.ADDRESS_KIND, (byte) kind);
    return key;
  }

  private void use(int port, int kind, int more) {
    portUses.merge(port << 2 | kind, more, Integer::sum);
    int uses = 0;
    for (int each : new int[] {ServiceMemory.KIND_SERVICE, ServiceMemory.KIND_TARGET}) {
      uses |= portUses.getOrDefault(port << 2 | each, 0) > 0 ? each : 0;
    }
    ports.set(JAVA_BYTE, port, (byte) uses);
  }

  /// Brings the shares of a service's targets into force, at once and whole.
  void spread(int service, long[] names, double[] weights) throws LibbpfException {
    double mean = Arrays.stream(weights).filter(weight -> weight > 0).average().orElse(0);
    int weighted = 0;
    for (int i = 0; i < weights.length; i++) {
      weighted = weights[i] > 0 ? i + 1 : weighted;
      double inverse = weights[i] > 0 ? Math.ceil(INVERSE_UNIT * mean / weights[i]) : 0;
      INT.setVolatile(
          targets,
          targetAt(service, i) + ServiceMemory.TARGET_INVERSE_WEIGHT,
          (int) Math.min(inverse, INVERSE_MOST));
    }
    services.set(
        JAVA_BYTE,
        service * ServiceMemory.SERVICE_BYTES + ServiceMemory.SERVICE_TARGETS,
        (byte) weighted);
    var table = Maglev.table(names, weights);
    tables.putArray(
        service,
        1,
        ServiceMemory.TABLE_BYTES,
        memory -> MemorySegment.copy(table, 0, memory, JAVA_BYTE, 0, table.length));
  }

  /// @param open connections in flight
  record Counted(long open, long connections, long syns, long rttMicros, long answerMicros) {}

  Counted counted(int service, int target) {
    long at = targetAt(service, target);
    return new Counted(
        Math.max(0, (int) INT.getVolatile(targets, at + ServiceMemory.TARGET_OPEN)),
        (long) LONG.getVolatile(targets, at + ServiceMemory.TARGET_CONNECTIONS),
        (long) LONG.getVolatile(targets, at + ServiceMemory.TARGET_SYNS),
        (int) INT.getVolatile(targets, at + ServiceMemory.TARGET_RTT) & 0xffff_ffffL,
        (int) INT.getVolatile(targets, at + ServiceMemory.TARGET_ANSWER) & 0xffff_ffffL);
  }

  long event(int service, int which) {
    return (long) LONG.getVolatile(events, ((long) service * ServiceMemory.EVENTS + which) * 8);
  }

  void forgetEvents(int service) {
    events
        .asSlice((long) service * ServiceMemory.EVENTS * 8, ServiceMemory.EVENTS * 8)
        .fill((byte) 0);
  }

  /// Frees the records of a service, or of one of its targets.
  ///
  /// @param target -1: all
  void forgetFlows(int service, int target) {
    for (int record = 0; record < RECORDS; record++) {
      long at = recordAt(record);
      int state = flows.get(JAVA_INT, at + ServiceMemory.FLOW_STATE);
      if (state != ServiceMemory.STATE_FREE
          && flows.get(JAVA_BYTE, at + ServiceMemory.FLOW_SERVICE) == service
          && (target < 0 || flows.get(JAVA_BYTE, at + ServiceMemory.FLOW_TARGET) == target)) {
        free(at, state);
      }
    }
  }

  /// Frees what was silent for too long.
  ///
  /// @param now jiffies
  /// @return records that are in use now
  int sweep(int now, int hz) {
    int used = 0;
    for (int record = 0; record < RECORDS; record++) {
      long at = recordAt(record);
      int state = flows.get(JAVA_INT, at + ServiceMemory.FLOW_STATE);
      if (state == ServiceMemory.STATE_FREE) {
        continue;
      }
      int idle = now - flows.get(JAVA_INT, at + ServiceMemory.FLOW_LAST);
      if (idle > hz * secondsToLive(state)) {
        free(at, state);
      } else {
        used++;
      }
    }
    return used;
  }

  private static int secondsToLive(int state) {
    if (state == ServiceMemory.STATE_PROVEN) {
      return 3600;
    }
    return state > ServiceMemory.STATE_PROVEN ? 300 : 60;
  }

  private void free(long at, int state) {
    int service = flows.get(JAVA_BYTE, at + ServiceMemory.FLOW_SERVICE) & 31;
    int target = flows.get(JAVA_BYTE, at + ServiceMemory.FLOW_TARGET) & 63;
    if (INT.compareAndSet(flows, at + ServiceMemory.FLOW_STATE, state, ServiceMemory.STATE_FREE)
        && state >= ServiceMemory.STATE_PROVEN
        && state <= ServiceMemory.STATE_TARGET_ENDED) {
      INT.getAndAdd(targets, targetAt(service, target) + ServiceMemory.TARGET_OPEN, -1);
    }
  }

  private static long recordAt(int record) {
    return record / ServiceMemory.WAYS * ServiceMemory.SET_BYTES
        + record % ServiceMemory.WAYS * ServiceMemory.FLOW_BYTES;
  }

  private static long targetAt(int service, int target) {
    return ((long) service * TARGETS + target) * TARGET_BYTES;
  }
}
