package io.ostiary.kernel.flood;

import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.LibbpfException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Where the fields of the structs of `sketch.h` stand, and the check of that against the compiled
/// program.
final class SketchMemory {
  static final long SAMPLE_BYTES = 16;
  static final long SAMPLE_PACKETS = 8;
  static final long SAMPLE_PORT = 12;
  static final long SAMPLE_FAMILY = 14;
  static final long SAMPLE_FLAGS = 15;

  static final int REGISTERS = 1 << 14;
  static final long PACKETS = 0;
  static final long OPENS = 48;
  static final long SAMPLES = 8;
  static final long COMPLETED = 64;
  static final long ANSWERED = 72;
  static final long INVALID = 80;
  static final long STRIDE = 20;
  static final long SET = 24;
  static final long LEFT_OUT = 40;
  static final long FIRST_REGISTER = 128;
  static final long REFUSED_ON = FIRST_REGISTER + 2 * REGISTERS;
  static final int INTERFACES = 256;
  static final long COUNTER_BYTES = 16;
  static final long REFUSED_BY = REFUSED_ON + INTERFACES * COUNTER_BYTES;
  static final int WORD_RULES = 64;
  static final long SOURCES = REFUSED_BY + 2 * WORD_RULES * COUNTER_BYTES;
  static final long SKETCH_BYTES = SOURCES + 128 * Integer.BYTES;

  private static final Map<String, Long> SKETCH =
      Map.ofEntries(
          Map.entry("packets", PACKETS),
          Map.entry("opens", OPENS),
          Map.entry("samples", SAMPLES),
          Map.entry("completed", COMPLETED),
          Map.entry("answered", ANSWERED),
          Map.entry("invalid", INVALID),
          Map.entry("stride", STRIDE),
          Map.entry("set", SET),
          Map.entry("left_out", LEFT_OUT),
          Map.entry("registers", FIRST_REGISTER),
          Map.entry("refused_on", REFUSED_ON),
          Map.entry("refused_by", REFUSED_BY),
          Map.entry("sources", SOURCES));
  private static final Map<String, Long> SAMPLE =
      Map.of(
          "source", 0L,
          "packets", SAMPLE_PACKETS,
          "port", SAMPLE_PORT,
          "family", SAMPLE_FAMILY,
          "flags", SAMPLE_FLAGS);

  private SketchMemory() {}

  /// What the program lays out otherwise; empty when Java and C agree.
  static List<String> differences(BpfObject object) throws LibbpfException {
    var differences = new ArrayList<String>();
    differences.addAll(object.struct("sketch").differences("sketch", SKETCH_BYTES, SKETCH));
    differences.addAll(object.struct("sample").differences("sample", SAMPLE_BYTES, SAMPLE));
    return differences;
  }
}
