package io.ostiary.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.kernel.libbpf.LibbpfException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SentencesTest {
  private static final int EPERM = 1;
  private static final int ENOENT = 2;
  private static final int ESRCH = 3;
  private static final int EACCES = 13;
  private static final long ALL = -1;

  private static String whyNot(int errno, long capabilities, boolean ownUsers, boolean types) {
    return Sentences.whyNot(
        new LibbpfException("cannot load shield", errno),
        new Privileges(Privileges.missing(capabilities), ownUsers, types));
  }

  @Test
  void namesTheCapabilitiesThatAreMissing() {
    assertThat(whyNot(EPERM, 0, false, true))
        .contains("lacks CAP_BPF and CAP_NET_ADMIN and CAP_PERFMON (cannot load shield: EPERM)");
    long bpfAndNetAdmin = 1L << 39 | 1L << 12;
    assertThat(whyNot(EACCES, bpfAndNetAdmin, false, true)).contains("lacks CAP_PERFMON (");
    long sysAdmin = 1L << 21;
    assertThat(whyNot(EPERM, sysAdmin, false, true)).contains("lacks CAP_NET_ADMIN (");
  }

  @Test
  void saysWhatElseCanRefuse() {
    assertThat(whyNot(EPERM, ALL, true, true)).contains("those of a user namespace do not count");
    assertThat(whyNot(EPERM, ALL, false, true))
        .contains("a seccomp filter or the kernel's lockdown");
  }

  @Test
  void saysThatTheKernelDoesNotTellItsTypes() {
    assertThat(whyNot(ESRCH, ALL, false, false))
        .contains("/sys/kernel/btf/vmlinux is not there or empty (cannot load shield: ESRCH;");
    assertThat(whyNot(ENOENT, ALL, false, true)).contains("apt-get install libbpf1");
  }

  @Test
  void knowsWhatThisProcessHas() {
    var has = Privileges.ofThisProcess();
    boolean root = "root".equals(System.getProperty("user.name"));
    assertThat(has.missing()).as("%s", has).matches(missing -> root || !missing.isEmpty());
    assertThat(List.of("CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON")).containsAll(has.missing());
  }
}
