package io.ostiary.kernel.shield;

import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.LibbpfException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Where the fields of the shared structs stand, as `shield.h` and `meter.h` lay them out, and the
/// check of that against the compiled program.
final class ShieldMemory {
  /// The object's own data, which is `struct tables` alone.
  static final String TABLES = ".bss";

  static final long TABLES_BYTES = 3_979_728;
  static final long ROWS = 0;
  static final long SELECTORS = 1_048_576;
  static final long SETS = 1_856_512;
  static final long SESSION_PORTS = 1_874_384;
  static final long SESSION_PORTS_BYTES = 65_536 / 8;
  static final long IPV4_TOP = 1_882_576;

  static final long RULE_SET_BYTES = 8936;
  static final long ALLOW = 0;
  static final long DENY = 56;
  static final long CONNECTIONS = 112;
  static final long INTERVALS = 168;
  static final long TOLERANCES = 4264;
  static final long BITS = 8360;
  static final long LENGTHS6 = 8872;
  static final long LENGTHS4 = 8904;
  static final long CLASS4 = 8908;
  static final long CLASS6 = 8916;
  static final long ADDRESSES = 8924;
  static final long WORDS = 8928;
  static final long MORE = 8930;
  static final long DRY_RUN = 8931;
  static final long RULE_HITS_BYTES = 40;

  /// The data that is `struct control` alone.
  static final String CONTROL = ".data.control";

  static final long CONTROL_BYTES = 96;
  static final long DEADLINE = 0;
  static final long JIFFIES = 64;
  static final long NANOS = 72;
  static final long SEED = 8;
  static final long BEAT_TICKS = 80;
  static final long LENS_SEED = 88;
  static final long ACTIVE = 40;
  static final long HZ = 44;
  static final long CHAIN = 48;
  static final long ON_SILENCE = 56;
  static final long CAPTURE = 52;
  static final long BAN_LENGTHS4 = 24;
  static final long BAN_LENGTHS6 = 32;
  static final long FLOOD_UNTIL = 16;
  static final long FLOOD_OPENS = 60;

  static final long BAN_KEY_BYTES = 20;
  static final long BAN_BYTES = 48;
  static final long BAN_UNTIL = 0;
  static final long BAN_INTERVAL = 8;
  static final long BAN_TOLERANCE = 16;
  static final long BAN_NEXT = 24;
  static final long BAN_PACKETS = 32;
  static final long BAN_SIZE = 40;

  static final long FLOW_BYTES = 72;
  static final long SOURCE_BYTES = 48;
  static final long TOTALS_BYTES = 80;
  static final long COUNTER_BYTES = 16;
  static final long WIRE_BYTES = 32;

  private static final Map<String, Map<String, Long>> STRUCTS =
      Map.ofEntries(
          Map.entry(
              "ban",
              Map.of(
                  "until", BAN_UNTIL,
                  "interval", BAN_INTERVAL,
                  "tolerance", BAN_TOLERANCE,
                  "next", BAN_NEXT,
                  "packets", BAN_PACKETS,
                  "bytes", BAN_SIZE)),
          Map.entry("ban_key", Map.of("address", 0L, "length", 16L)),
          Map.entry(
              "tables",
              Map.of(
                  "rows", ROWS,
                  "ipv4_top", IPV4_TOP,
                  "selectors", SELECTORS,
                  "sets", SETS,
                  "session_ports", SESSION_PORTS)),
          Map.entry(
              "rule_set",
              Map.ofEntries(
                  Map.entry("allow", ALLOW),
                  Map.entry("deny", DENY),
                  Map.entry("connections", CONNECTIONS),
                  Map.entry("intervals", INTERVALS),
                  Map.entry("tolerances", TOLERANCES),
                  Map.entry("bits", BITS),
                  Map.entry("lengths6", LENGTHS6),
                  Map.entry("lengths4", LENGTHS4),
                  Map.entry("class4", CLASS4),
                  Map.entry("class6", CLASS6),
                  Map.entry("addresses", ADDRESSES),
                  Map.entry("words", WORDS),
                  Map.entry("more", MORE),
                  Map.entry("dry_run", DRY_RUN))),
          Map.entry(
              "rule_hits",
              Map.of(
                  "passed_packets", 0L,
                  "passed_bytes", 8L,
                  "dropped_packets", 16L,
                  "dropped_bytes", 24L,
                  "last", 32L)),
          Map.entry(
              "control",
              Map.ofEntries(
                  Map.entry("deadline", DEADLINE),
                  Map.entry("jiffies", JIFFIES),
                  Map.entry("nanos", NANOS),
                  Map.entry("seed", SEED),
                  Map.entry("beat_ticks", BEAT_TICKS),
                  Map.entry("lens_seed", LENS_SEED),
                  Map.entry("active", ACTIVE),
                  Map.entry("hz", HZ),
                  Map.entry("chain", CHAIN),
                  Map.entry("on_silence", ON_SILENCE),
                  Map.entry("capture", CAPTURE),
                  Map.entry("ban_lengths4", BAN_LENGTHS4),
                  Map.entry("ban_lengths6", BAN_LENGTHS6),
                  Map.entry("flood_until", FLOOD_UNTIL),
                  Map.entry("flood_opens", FLOOD_OPENS))),
          Map.entry(
              "flow",
              Map.ofEntries(
                  Map.entry("source", 0L),
                  Map.entry("destination", 16L),
                  Map.entry("source_port", 32L),
                  Map.entry("destination_port", 34L),
                  Map.entry("ifindex", 36L),
                  Map.entry("vlan", 40L),
                  Map.entry("protocol", 42L),
                  Map.entry("family", 43L),
                  Map.entry("first", 44L),
                  Map.entry("packets", 48L),
                  Map.entry("bytes", 56L),
                  Map.entry("last", 64L),
                  Map.entry("tcp_flags", 68L))),
          Map.entry(
              "source",
              Map.of(
                  "address", 0L,
                  "packets", 16L,
                  "bytes", 24L,
                  "dropped", 32L,
                  "last", 40L,
                  "family", 44L)),
          Map.entry("operator_key", Map.of("address", 0L, "port", 16L)),
          Map.entry("counter", Map.of("packets", 0L, "bytes", 8L)),
          Map.entry(
              "wire",
              Map.of("out_packets", 0L, "out_bytes", 8L, "out_merged", 16L, "in_merged", 24L)),
          Map.entry(
              "meter_totals",
              Map.of(
                  "packets", 0L,
                  "bytes", 8L,
                  "evicted_packets", 16L,
                  "evicted_bytes", 24L,
                  "unlisted_packets", 32L,
                  "unlisted_bytes", 40L,
                  "refused_packets", 48L,
                  "refused_bytes", 56L,
                  "placed_packets", 64L,
                  "placed_bytes", 72L)));

  private static final Map<String, Long> SIZES =
      Map.ofEntries(
          Map.entry("ban", BAN_BYTES),
          Map.entry("ban_key", BAN_KEY_BYTES),
          Map.entry("tables", TABLES_BYTES),
          Map.entry("rule_set", RULE_SET_BYTES),
          Map.entry("rule_hits", RULE_HITS_BYTES),
          Map.entry("control", CONTROL_BYTES),
          Map.entry("flow", FLOW_BYTES),
          Map.entry("source", SOURCE_BYTES),
          Map.entry("operator_key", OperatorTable.KEY_BYTES),
          Map.entry("counter", COUNTER_BYTES),
          Map.entry("meter_totals", TOTALS_BYTES),
          Map.entry("wire", WIRE_BYTES));

  private ShieldMemory() {}

  /// What the program lays out otherwise; empty when Java and C agree.
  static List<String> differences(BpfObject object) throws LibbpfException {
    var differences = new ArrayList<String>();
    for (var struct : STRUCTS.entrySet()) {
      var name = struct.getKey();
      long bytes = SIZES.getOrDefault(name, 0L);
      differences.addAll(object.struct(name).differences(name, bytes, struct.getValue()));
    }
    return differences;
  }
}
