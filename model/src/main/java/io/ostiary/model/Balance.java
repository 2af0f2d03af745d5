package io.ostiary.model;

/// How an upstream chooses among its healthy targets. Every way but the hashes heeds weights as
/// they are at the moment; hashes heed those that were written.
public enum Balance {
  /// In turn, each as often as its weight.
  ROUND_ROBIN,
  /// Drawn, each as likely as its weight.
  RANDOM,
  /// The one with the fewest calls in flight.
  LEAST_REQUESTS,
  /// The better of two drawn, by its peak-sensitive latency times its calls in flight.
  LEAST_LATENCY,
  /// The same, by the server's own time; what the network costs, as the kernel measured it, is
  /// added and not multiplied.
  KERNEL_AWARE,
  /// By a key of the call, on a ring.
  RING_HASH,
  /// By a key of the call, in a Maglev table.
  MAGLEV,
  /// By the client's address, in a Maglev table.
  SOURCE_HASH;

  public boolean hashes() {
    return this == RING_HASH || this == MAGLEV || this == SOURCE_HASH;
  }
}
