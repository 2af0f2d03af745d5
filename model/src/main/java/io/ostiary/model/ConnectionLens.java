package io.ostiary.model;

/// Reads what the kernel measured of a connection. Implemented by the `kernel` room; called by the
/// data plane on its event loops, so it neither blocks nor allocates nor makes a system call.
@FunctionalInterface
public interface ConnectionLens {
  /// Fills `into` and returns true, or clears it and returns false where the connection is not
  /// tracked.
  ///
  /// @param cookie the socket cookie, as `getsockopt(SO_COOKIE)` gives it
  boolean read(long cookie, ConnectionFacts into);

  /// The running kernel's word for a [ConnectionFacts#dropReason], such as `netfilter_drop`. Not
  /// for event loops.
  default String dropReason(int number) {
    return "reason " + number;
  }

  /// Used where the kernel side does not run.
  ConnectionLens NONE =
      (cookie, into) -> {
        into.clear();
        return false;
      };
}
