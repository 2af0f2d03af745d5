package io.ostiary.model;

/// For how long policies held back what was there to go on, in one direction: content that was not
/// to pass so fast, or an answer that waited for somebody's word. Belongs to its [LedgerSlot].
public final class Held {
  /// Who held it longest at one time; empty: nobody.
  public String by = "";

  /// In all.
  public long nanos;

  private long longest;

  public void clear() {
    by = "";
    nanos = 0;
    longest = 0;
  }

  public void add(String policy, long more) {
    nanos += more;
    if (more > longest) {
      longest = more;
      by = policy;
    }
  }

  public void copyFrom(Held other) {
    by = other.by;
    nanos = other.nanos;
    longest = other.longest;
  }
}
