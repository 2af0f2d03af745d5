package io.ostiary.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ostiary.kernel.libbpf.ForeignProgram;
import io.ostiary.kernel.libbpf.Libbpf;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.KernelStatus.Device;
import io.ostiary.model.KernelStatus.OtherProgram;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Asks what decides about the mode in which an interface takes our programs: its driver, MTU,
/// queues, the features that merge packets, and whose programs it runs already. It asks the kernel
/// of this network namespace by ioctl; /sys may show another one. What a driver does not tell stays
/// unknown. Confined to one thread at a time.
final class DeviceProbe {
  /// They join packets before XDP in the driver could see them.
  private static final Set<String> MERGING = Set.of("rx-gro-hw", "rx-lro");

  private static final int AF_INET = 2;
  private static final int SOCK_DGRAM = 2;
  private static final int SIOCETHTOOL = 0x8946;
  private static final int GET_DRIVER = 0x03;
  private static final int GET_STRINGS = 0x1b;
  private static final int GET_STRING_COUNTS = 0x37;
  private static final int GET_FEATURES = 0x3a;
  private static final int GET_CHANNELS = 0x3c;
  private static final int FEATURE_NAMES = 4;
  private static final int FEATURES_MAX = 1024;
  private static final int NAME_BYTES = 32;
  private static final int TCX_INGRESS = 46;
  private static final int PROGRAMS_MAX = 64;
  private static final String[] XDP_MODES = {"", "xdp-native", "xdp-generic", "xdp-offload"};

  private final Libbpf library;

  DeviceProbe(Libbpf library) {
    this.library = library;
  }

  /// What ethtool calls the driver; empty where there is none.
  String driver(String name) {
    try (var arena = Arena.ofConfined()) {
      var answer = arena.allocate(196, 8);
      ask(arena, name, GET_DRIVER, answer);
      return text(answer, 4);
    } catch (LibbpfException e) {
      return "";
    }
  }

  Device device(String name, int index) {
    int[] queues = queues(name);
    var others = new ArrayList<OtherProgram>();
    xdp(index, others);
    tcx(index, others);
    return new Device(mtu(name), queues[0], queues[1], merging(name), others);
  }

  private static int mtu(String name) {
    try {
      var device = NetworkInterface.getByName(name);
      return device == null ? 0 : device.getMTU();
    } catch (SocketException e) {
      return 0;
    }
  }

  /// Receive and transmit queues. What is combined counts as both.
  private int[] queues(String name) {
    try (var arena = Arena.ofConfined()) {
      var answer = arena.allocate(36, 8);
      ask(arena, name, GET_CHANNELS, answer);
      int combined = answer.getAtIndex(JAVA_INT, 8);
      return new int[] {
        answer.getAtIndex(JAVA_INT, 5) + combined, answer.getAtIndex(JAVA_INT, 6) + combined
      };
    } catch (LibbpfException e) {
      return new int[2];
    }
  }

  private List<String> merging(String name) {
    try (var arena = Arena.ofConfined()) {
      var count = arena.allocate(24, 8);
      count.set(JAVA_LONG, 8, 1L << FEATURE_NAMES);
      ask(arena, name, GET_STRING_COUNTS, count);
      int features = Math.clamp(count.get(JAVA_INT, 16), 0, FEATURES_MAX);
      var names = arena.allocate(12 + (long) features * NAME_BYTES, 8);
      names.set(JAVA_INT, 4, FEATURE_NAMES);
      names.set(JAVA_INT, 8, features);
      ask(arena, name, GET_STRINGS, names);
      int blocks = (features + Integer.SIZE - 1) / Integer.SIZE;
      var state = arena.allocate(8 + 16L * blocks, 8);
      state.set(JAVA_INT, 4, blocks);
      ask(arena, name, GET_FEATURES, state);
      var on = new ArrayList<String>();
      for (int i = 0; i < features; i++) {
        int active = state.get(JAVA_INT, 8 + 16L * (i / Integer.SIZE) + 8);
        var feature = text(names, 12 + (long) i * NAME_BYTES);
        if ((active >>> (i % Integer.SIZE) & 1) != 0 && MERGING.contains(feature)) {
          on.add(feature);
        }
      }
      return on;
    } catch (LibbpfException e) {
      return List.of();
    }
  }

  /// `struct ifreq`: the name, then a pointer to question and answer in one.
  private void ask(Arena arena, String name, int command, MemorySegment data)
      throws LibbpfException {
    data.set(JAVA_INT, 0, command);
    var request = arena.allocate(40, 8);
    request.setString(0, name);
    request.set(ADDRESS, 16, data);
    int socket = library.number("socket", "socket", AF_INET, SOCK_DGRAM, 0);
    try {
      library.number("ethtool " + name, "ioctl", socket, SIOCETHTOOL, request);
    } finally {
      library.number("close", "close", socket);
    }
  }

  private static String text(MemorySegment from, long at) {
    var bytes = from.asSlice(at, NAME_BYTES).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    int length = 0;
    while (length < bytes.length && bytes[length] != 0) {
      length++;
    }
    return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
  }

  private void xdp(int index, List<OtherProgram> into) {
    try (var arena = Arena.ofConfined()) {
      // sz, prog_id, drv_prog_id, hw_prog_id, skb_prog_id, attach_mode
      var options = arena.allocate(32, 8);
      options.set(JAVA_LONG, 0, 32);
      library.number("XDP of " + index, "bpf_xdp_query", index, 0, options);
      var ids =
          new int[] {
            0, options.get(JAVA_INT, 12), options.get(JAVA_INT, 20), options.get(JAVA_INT, 16)
          };
      for (int mode = 1; mode < ids.length; mode++) {
        if (ids[mode] != 0) {
          into.add(other(ids[mode], XDP_MODES[mode]));
        }
      }
    } catch (LibbpfException e) {
      // Whoever may not ask does not know; attaching will say what it says.
    }
  }

  private void tcx(int index, List<OtherProgram> into) {
    try (var arena = Arena.ofConfined()) {
      // sz, query_flags, attach_flags, prog_ids, prog_cnt, prog_attach_flags
      var options = arena.allocate(40, 8);
      options.set(JAVA_LONG, 0, 40);
      var ids = arena.allocate(JAVA_INT, PROGRAMS_MAX);
      options.set(ADDRESS, 16, ids);
      options.set(JAVA_INT, 24, PROGRAMS_MAX);
      library.number("tcx of " + index, "bpf_prog_query_opts", index, TCX_INGRESS, options);
      for (int i = 0; i < Math.min(options.get(JAVA_INT, 24), PROGRAMS_MAX); i++) {
        into.add(other(ids.getAtIndex(JAVA_INT, i), "tcx"));
      }
    } catch (LibbpfException e) {
      // As above; Linux before 6.6 has no tcx.
    }
  }

  private OtherProgram other(int id, String mode) {
    try (var program = ForeignProgram.byId(library, id)) {
      return new OtherProgram(program.name(), id, mode);
    } catch (LibbpfException e) {
      return new OtherProgram("unknown", id, mode);
    }
  }
}
