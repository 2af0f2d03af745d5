package io.ostiary.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// What this process and this kernel bring along for kernel programs.
///
/// @param missing capabilities that are needed and not there
/// @param ownUsers whether it runs in a user namespace, whose capabilities count for nothing here
/// @param types whether the kernel tells its types (BTF)
record Privileges(List<String> missing, boolean ownUsers, boolean types) {
  private static final Path TYPES = Path.of("/sys/kernel/btf/vmlinux");
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path USERS = Path.of("/proc/self/uid_map");
  private static final int NET_ADMIN = 12;
  private static final int SYS_ADMIN = 21;
  private static final int PERFMON = 38;
  private static final int BPF = 39;

  Privileges {
    missing = List.copyOf(missing);
  }

  static Privileges ofThisProcess() {
    return new Privileges(missing(capabilities()), hasOwnUsers(), hasTypes());
  }

  /// A bit for each; all where nobody tells.
  private static long capabilities() {
    try (var lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith("CapEff:"))
          .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
          .findFirst()
          .orElse(-1);
    } catch (IOException | NumberFormatException e) {
      return -1;
    }
  }

  static List<String> missing(long capabilities) {
    var missing = new ArrayList<String>();
    boolean all = has(capabilities, SYS_ADMIN);
    if (!all && !has(capabilities, BPF)) {
      missing.add("CAP_BPF");
    }
    if (!has(capabilities, NET_ADMIN)) {
      missing.add("CAP_NET_ADMIN");
    }
    if (!all && !has(capabilities, PERFMON)) {
      missing.add("CAP_PERFMON");
    }
    return missing;
  }

  private static boolean has(long capabilities, int one) {
    return (capabilities >> one & 1) != 0;
  }

  private static boolean hasOwnUsers() {
    try {
      return !Files.readString(USERS).strip().matches("0\\s+0\\s+4294967295");
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean hasTypes() {
    try {
      return Files.size(TYPES) > 0;
    } catch (IOException e) {
      return false;
    }
  }
}
