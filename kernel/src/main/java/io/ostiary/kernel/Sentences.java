package io.ostiary.kernel;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.KernelSettings.Interfaces;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// What is told where the kernel side cannot do what it is asked.
final class Sentences {
  private static final int EACCES = 13;

  private static final String OWN_USERS =
      "those of a user namespace do not count (expected: the host's own, as with"
          + " `docker run --cap-add`)";

  private static final String FORBIDDEN =
      "a seccomp filter or the kernel's lockdown forbids it (expected: bpf() allowed, as with"
          + " `docker run --security-opt seccomp=unconfined`)";

  private Sentences() {}

  static String whyNot(LibbpfException e) {
    return whyNot(e, Privileges.ofThisProcess());
  }

  static String whyNot(LibbpfException e, Privileges has) {
    var said = e.getMessage();
    // Without CAP_PERFMON the verifier refuses what it would take otherwise.
    boolean refused = e.isRefused() || e.errno() == EACCES;
    if (refused && !has.missing().isEmpty()) {
      return "Packets are not inspected, because this process lacks %s (%s): run it as root, or grant CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON (systemd: AmbientCapabilities=)."
          .formatted(String.join(" and ", has.missing()), said);
    }
    if (e.isRefused()) {
      return "Packets are not inspected, because this process may not load kernel programs (%s), though it has the capabilities for it: %s."
          .formatted(said, has.ownUsers() ? OWN_USERS : FORBIDDEN);
    }
    if (!has.types()) {
      return "Packets are not inspected, because this kernel does not tell its types: /sys/kernel/btf/vmlinux is not there or empty (%s; expected: Linux 6.6 or newer built with CONFIG_DEBUG_INFO_BTF=y, and /sys mounted)."
          .formatted(said);
    }
    return "Packets are not inspected: %s (this is Linux %s; expected: Linux 6.6 or newer with BTF, and libbpf 1.1 or newer; on Debian: apt-get install libbpf1)."
        .formatted(said, System.getProperty("os.version"));
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
    var watched = listed(attachments, Attachment::attached, Attachment::mode);
    var gone = missing.isEmpty() ? "" : " Not there: " + String.join(", ", missing) + ".";
    if (attachments.stream().noneMatch(Attachment::attached)) {
      return (wanted instanceof Interfaces.Off
              ? "Packets are not inspected, because the configuration says kernel.interfaces: off."
              : "Packets are not inspected: no interface takes the programs. "
                  + listed(attachments, attachment -> true, Attachment::mode))
          + gone;
    }
    var dry =
        would < 0
            ? ""
            : " Dry run: nothing is dropped; the rules would have dropped " + would + " packets.";
    var off =
        listed(
            attachments,
            attachment -> !attachment.attached() && !attachment.elsewhere(),
            Attachment::why);
    var others = off.isEmpty() ? "" : " Not watched: " + off + ".";
    return "Watching %s.%s%s%s".formatted(watched, dry, others, gone);
  }

  private static String listed(
      Collection<Attachment> attachments,
      Predicate<Attachment> which,
      Function<Attachment, String> what) {
    return attachments.stream()
        .filter(which)
        .map(attachment -> attachment.device().name() + " (" + what.apply(attachment) + ")")
        .collect(Collectors.joining(", "));
  }
}
