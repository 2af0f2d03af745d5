package io.ostiary.kernel.libbpf;

/// A call into libbpf or the kernel that did not succeed; the message is what was tried, the name
/// of the error, and the kernel's own words where it said any.
public final class LibbpfException extends Exception {
  private static final long serialVersionUID = 1;

  private static final int EPERM = 1;

  private final int errno;

  public LibbpfException(String what, int errno) {
    this(what, errno, "");
  }

  /// @param kernel what the kernel said of it, or nothing
  public LibbpfException(String what, int errno, String kernel) {
    super(what + ": " + nameOf(errno) + (kernel.isEmpty() ? "" : " (" + kernel + ")"));
    this.errno = errno;
  }

  public int errno() {
    return errno;
  }

  /// Whether more privilege would help. EACCES is the verifier's word for a program it rejects.
  public boolean isRefused() {
    return errno == EPERM;
  }

  private static String nameOf(int errno) {
    return switch (errno) {
      case EPERM -> "EPERM";
      case 2 -> "ENOENT";
      case 3 -> "ESRCH";
      case 7 -> "E2BIG";
      case 12 -> "ENOMEM";
      case 13 -> "EACCES";
      case 16 -> "EBUSY";
      case 17 -> "EEXIST";
      case 19 -> "ENODEV";
      case 22 -> "EINVAL";
      case 28 -> "ENOSPC";
      case 34 -> "ERANGE";
      case 38 -> "ENOSYS";
      case 95 -> "EOPNOTSUPP";
      default -> "errno " + errno;
    };
  }
}
