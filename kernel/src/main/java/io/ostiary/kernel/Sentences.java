package io.ostiary.kernel;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.KernelSettings.Interfaces;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/// What is told where the kernel side cannot do what it is asked.
final class Sentences {
  private Sentences() {}

  static String whyNot(LibbpfException e) {
    if (e.isRefused()) {
      return "Packets are not inspected, because this process may not load kernel programs (%s): run it as root, or grant CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON (systemd: AmbientCapabilities=)."
          .formatted(e.getMessage());
    }
    return "Packets are not inspected: %s (expected: Linux 6.6 or newer with BTF, and libbpf 1.1 or newer; on Debian: apt-get install libbpf1)."
        .formatted(e.getMessage());
  }

  static String unknown(String name) {
    return "kernel.interfaces: %s (expected: an interface of this host, as `ip link` lists them)"
        .formatted(name);
  }

  /// What is watched, and what is not.
  ///
  /// @param missing interfaces that are wanted and not there
  /// @param would how many packets the rules would have dropped; -1: they drop
  static String watching(
      Collection<Attachment> attachments, Interfaces wanted, List<String> missing, long would) {
    var watched =
        attachments.stream()
            .map(attachment -> attachment.device().name() + " (" + attachment.mode() + ")")
            .collect(Collectors.joining(", "));
    var gone = missing.isEmpty() ? "" : " Not there: " + String.join(", ", missing) + ".";
    if (attachments.stream().noneMatch(Attachment::attached)) {
      return (wanted instanceof Interfaces.Off
              ? "Packets are not inspected, because the configuration says kernel.interfaces: off."
              : "Packets are not inspected: no interface takes the programs. " + watched)
          + gone;
    }
    var dry =
        would < 0
            ? ""
            : " Dry run: nothing is dropped; the rules would have dropped " + would + " packets.";
    return "Watching %s.%s%s".formatted(watched, dry, gone);
  }
}
