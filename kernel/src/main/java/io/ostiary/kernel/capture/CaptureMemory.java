package io.ostiary.kernel.capture;

import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.LibbpfException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Where the fields of `capture.h` stand, and the check of that against the compiled program.
final class CaptureMemory {
  static final int CAPTURES = 4;
  static final int LAST_SECONDS = 0;
  static final int CHUNK = 1 << 17;
  static final int LARGE = 65_535;
  static final int PORTS = 4;

  static final int PASSED = 1;
  static final int DROPPED = 2;
  static final int WOULD_DROP = 4;
  static final int IN = 1;
  static final int OUT = 2;

  static final long FILTER_BYTES = 64;
  static final long PEER = 0;
  static final long MASK = 16;
  static final long REASONS = 32;
  static final long INTERFACE = 36;
  static final long SNAP = 40;
  static final long SAMPLE = 44;
  static final long FILTER_PORTS = 48;
  static final long PEER_PORT = 56;
  static final long RULE = 58;
  static final long PROTOCOL = 60;
  static final long VERDICTS = 61;
  static final long DIRECTIONS = 62;

  static final long SETTINGS_BYTES = 264;
  static final long CHUNKS = 0;
  static final long BUDGET = 4;
  static final long FILTERS = 8;

  static final long CPU_BYTES = 128;
  static final long HEAD = 0;
  static final long SKIPPED = 24;
  static final long TAKEN = 32;

  static final int RECORD_BYTES = 40;
  static final int RECORD_CAPTURED = 4;
  static final int RECORD_NANOS = 8;
  static final int RECORD_WIRE = 16;
  static final int RECORD_INTERFACE = 20;
  static final int RECORD_SEGMENTS = 24;
  static final int RECORD_RULE = 28;
  static final int RECORD_REASON = 30;
  static final int RECORD_CAPTURES = 31;
  static final int RECORD_VLAN_TCI = 32;
  static final int RECORD_VLAN_TYPE = 34;
  static final int RECORD_VERDICT = 36;
  static final int RECORD_FLAGS = 37;

  private static final Map<String, Map<String, Long>> STRUCTS =
      Map.of(
          "capture_filter",
          Map.ofEntries(
              Map.entry("peer", PEER),
              Map.entry("mask", MASK),
              Map.entry("reasons", REASONS),
              Map.entry("ifindex", INTERFACE),
              Map.entry("snap", SNAP),
              Map.entry("sample", SAMPLE),
              Map.entry("ports", FILTER_PORTS),
              Map.entry("peer_port", PEER_PORT),
              Map.entry("rule", RULE),
              Map.entry("protocol", PROTOCOL),
              Map.entry("verdicts", VERDICTS),
              Map.entry("directions", DIRECTIONS)),
          "capture_settings",
          Map.of("chunks", CHUNKS, "budget", BUDGET, "filters", FILTERS),
          "capture_cpu",
          Map.of("head", HEAD, "skipped", SKIPPED, "taken", TAKEN),
          "capture_record",
          Map.ofEntries(
              Map.entry("length", 0L),
              Map.entry("captured", (long) RECORD_CAPTURED),
              Map.entry("nanos", (long) RECORD_NANOS),
              Map.entry("wire", (long) RECORD_WIRE),
              Map.entry("ifindex", (long) RECORD_INTERFACE),
              Map.entry("segments", (long) RECORD_SEGMENTS),
              Map.entry("rule", (long) RECORD_RULE),
              Map.entry("reason", (long) RECORD_REASON),
              Map.entry("captures", (long) RECORD_CAPTURES),
              Map.entry("vlan_tci", (long) RECORD_VLAN_TCI),
              Map.entry("vlan_type", (long) RECORD_VLAN_TYPE),
              Map.entry("verdict", (long) RECORD_VERDICT),
              Map.entry("flags", (long) RECORD_FLAGS)));

  private static final Map<String, Long> SIZES =
      Map.of(
          "capture_filter", FILTER_BYTES,
          "capture_settings", SETTINGS_BYTES,
          "capture_cpu", CPU_BYTES,
          "capture_record", (long) RECORD_BYTES);

  private CaptureMemory() {}

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
