package io.ostiary.kernel.balance;

import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.LibbpfException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Where the fields of `service.h` stand, and the check of that against the compiled program.
final class ServiceMemory {
  static final int SERVICES = 32;
  static final int TARGETS = 64;
  static final int TABLE_BYTES = 32_752;
  static final int SETS = 32_768;
  static final long SET_BYTES = 128;
  static final int WAYS = 3;
  static final int EVENTS = 8;

  static final int KIND_SERVICE = 1;
  static final int KIND_TARGET = 2;

  static final long ADDRESS_BYTES = 20;
  static final long ADDRESS_PORT = 16;
  static final long ADDRESS_PROTOCOL = 18;
  static final long ADDRESS_KIND = 19;

  static final long SERVICE_BYTES = 24;
  static final long SERVICE_PORT = 16;
  static final long SERVICE_PROTOCOL = 18;
  static final long SERVICE_ALGORITHM = 19;
  static final long SERVICE_FAMILY = 20;
  static final long SERVICE_TARGETS = 21;

  static final long TARGET_BYTES = 64;
  static final long TARGET_PORT = 16;
  static final long TARGET_INVERSE_WEIGHT = 20;
  static final long TARGET_OPEN = 24;
  static final long TARGET_ANSWER = 28;
  static final long TARGET_RTT = 36;
  static final long TARGET_CONNECTIONS = 40;
  static final long TARGET_SYNS = 48;

  static final long FLOW_BYTES = 32;
  static final long FLOW_SERVICE = 18;
  static final long FLOW_TARGET = 19;
  static final long FLOW_LAST = 20;
  static final long FLOW_STATE = 28;

  static final int STATE_FREE = 0;
  static final int STATE_CLOSED = 1;
  static final int STATE_DATAGRAMS = 3;
  static final int STATE_PROVEN = 4;
  static final int STATE_TARGET_ENDED = 6;

  static final long CONTROL_BYTES = 32;
  static final long CONTROL_SEED = 0;
  static final long CONTROL_NAMESPACE = 8;
  static final long CONTROL_HZ = 16;
  static final long CONTROL_SYNS_MAX = 20;
  static final long CONTROL_NOW = 24;
  static final long CONTROL_SECOND = 28;

  private static final Map<String, Map<String, Long>> STRUCTS =
      Map.of(
          "service_address",
          Map.of(
              "address", 0L,
              "port", ADDRESS_PORT,
              "protocol", ADDRESS_PROTOCOL,
              "kind", ADDRESS_KIND),
          "service",
          Map.of(
              "port", SERVICE_PORT,
              "protocol", SERVICE_PROTOCOL,
              "algorithm", SERVICE_ALGORITHM,
              "family", SERVICE_FAMILY,
              "targets", SERVICE_TARGETS),
          "service_target",
          Map.of(
              "port", TARGET_PORT,
              "inverse_weight", TARGET_INVERSE_WEIGHT,
              "open", TARGET_OPEN,
              "answer_micros", TARGET_ANSWER,
              "rtt_micros", TARGET_RTT,
              "connections", TARGET_CONNECTIONS,
              "syns", TARGET_SYNS),
          "service_flow",
          Map.of(
              "service", FLOW_SERVICE,
              "target", FLOW_TARGET,
              "last", FLOW_LAST,
              "state", FLOW_STATE),
          "service_control",
          Map.of(
              "seed", CONTROL_SEED,
              "netns", CONTROL_NAMESPACE,
              "hz", CONTROL_HZ,
              "syns_max", CONTROL_SYNS_MAX,
              "now", CONTROL_NOW,
              "second", CONTROL_SECOND));

  private static final Map<String, Long> SIZES =
      Map.of(
          "service_address", ADDRESS_BYTES,
          "service", SERVICE_BYTES,
          "service_target", TARGET_BYTES,
          "service_flow", FLOW_BYTES,
          "service_control", CONTROL_BYTES);

  private ServiceMemory() {}

  /// What the compiled program has elsewhere; empty when all fits.
  static List<String> differences(BpfObject object) throws LibbpfException {
    var differences = new ArrayList<String>();
    for (var struct : STRUCTS.entrySet()) {
      var name = struct.getKey();
      long bytes = SIZES.getOrDefault(name, 0L);
      differences.addAll(object.struct(name).differences(name, bytes, struct.getValue()));
    }
    return differences;
  }

  /// Four words in network order, an IPv4 address in the last behind ::ffff:0:0.
  static byte[] words(InetAddress address) {
    var bytes = address.getAddress();
    if (bytes.length == 16) {
      return bytes;
    }
    var words = new byte[16];
    words[10] = words[11] = (byte) 0xff;
    System.arraycopy(bytes, 0, words, 12, 4);
    return words;
  }
}
