package io.ostiary.kernel.libbpf;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;

/// Runs a program on a packet without any interface (BPF_PROG_TEST_RUN).
public final class TestRun {
  private static final long OPTIONS_BYTES = 80;

  /// By which a program may make a packet longer.
  private static final int HEADROOM_BYTES = 256;

  private static final int LIVE_FRAMES = 1 << 1;

  private final Libbpf library;
  private final BpfObject.Program program;

  TestRun(Libbpf library, BpfObject.Program program) {
    this.library = library;
    this.program = program;
  }

  /// @param verdict what the program returned
  /// @param nanos the average over all repetitions, harness included
  public record Outcome(int verdict, int nanos) {}

  /// Runs once, and gives back the packet as the program left it.
  public byte[] output(byte[] packet) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      var options = arena.allocate(OPTIONS_BYTES, 8);
      var out = arena.allocate(packet.length + HEADROOM_BYTES);
      options.set(JAVA_LONG, 0, OPTIONS_BYTES);
      options.set(ADDRESS, 8, arena.allocateFrom(JAVA_BYTE, packet));
      options.set(ADDRESS, 16, out);
      options.set(JAVA_INT, 24, packet.length);
      options.set(JAVA_INT, 28, (int) out.byteSize());
      options.set(JAVA_INT, 60, 1);
      library.number(
          "cannot run " + program.name(), "bpf_prog_test_run_opts", program.descriptor(), options);
      return out.asSlice(0, options.get(JAVA_INT, 28)).toArray(JAVA_BYTE);
    }
  }

  /// Runs a program of XDP on real frames, which go where it sends them (Linux 5.18).
  public void live(byte[] packet, int frames) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      var options = arena.allocate(OPTIONS_BYTES, 8);
      options.set(JAVA_LONG, 0, OPTIONS_BYTES);
      options.set(ADDRESS, 8, arena.allocateFrom(JAVA_BYTE, packet));
      options.set(JAVA_INT, 24, packet.length);
      options.set(JAVA_INT, 60, frames);
      options.set(JAVA_INT, 68, LIVE_FRAMES);
      library.number(
          "cannot run " + program.name(), "bpf_prog_test_run_opts", program.descriptor(), options);
    }
  }

  /// @param packet from the Ethernet header on, at least 14 bytes
  public Outcome run(byte[] packet, int repetitions) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      var options = arena.allocate(OPTIONS_BYTES, 8);
      options.set(JAVA_LONG, 0, OPTIONS_BYTES);
      options.set(ADDRESS, 8, arena.allocateFrom(JAVA_BYTE, packet));
      options.set(JAVA_INT, 24, packet.length);
      options.set(JAVA_INT, 60, repetitions);
      library.number(
          "cannot run " + program.name(), "bpf_prog_test_run_opts", program.descriptor(), options);
      return new Outcome(options.get(JAVA_INT, 56), options.get(JAVA_INT, 64));
    }
  }
}
