package io.ostiary.model;

/// How a TCP connection ended, as [ConnectionFacts#closeReason] counts: the number is the ordinal.
/// `docs/kernel/lens.md` says how each is recognised.
public enum CloseReason {
  OPEN("open"),
  FIN_RECEIVED("closed by the peer"),
  FIN_SENT("closed by the gateway"),
  RESET_RECEIVED("reset by the peer"),
  RESET_SENT("reset by the gateway"),
  TIMEOUT("timed out: the peer did not answer"),
  OTHER("ended in another way");

  private static final CloseReason[] ALL = values();

  private final String words;

  CloseReason(String words) {
    this.words = words;
  }

  /// What to tell a person, in the middle of a sentence.
  public String words() {
    return words;
  }

  /// A number this version does not know, from a newer record, is [#OTHER].
  public static CloseReason of(int number) {
    return number >= 0 && number < ALL.length ? ALL[number] : OTHER;
  }
}
