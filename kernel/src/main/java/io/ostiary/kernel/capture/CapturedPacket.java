package io.ostiary.kernel.capture;

/// One packet as the kernel copied it.
///
/// @param nanos when, by `System.nanoTime()`
/// @param bytes the first ones of the frame, as many as were asked for
/// @param wire length of the whole frame
/// @param segments frames on the wire that it stands for: the kernel merges and splits in places
/// @param reason number of the verdict, see `reason.h`
/// @param rule which rule gave it, or [#NO_RULE]
/// @param captures bit n: capture n of [CaptureTap] took it
/// @param out whether it was leaving
///
///   Bytes stay an array, never changed: a packet is read once and written away.
@SuppressWarnings("ArrayRecordComponent")
public record CapturedPacket(
    long nanos,
    byte[] bytes,
    int wire,
    int interfaceIndex,
    int segments,
    Verdict verdict,
    int reason,
    int rule,
    int captures,
    boolean out) {
  public static final int NO_RULE = 0xffff;

  public enum Verdict {
    PASSED(CaptureMemory.PASSED),
    DROPPED(CaptureMemory.DROPPED),

    /// Dry-run let it pass.
    WOULD_DROP(CaptureMemory.WOULD_DROP);

    private final int bit;

    Verdict(int bit) {
      this.bit = bit;
    }

    int bit() {
      return bit;
    }

    static Verdict of(int bit) {
      return switch (bit) {
        case CaptureMemory.DROPPED -> DROPPED;
        case CaptureMemory.WOULD_DROP -> WOULD_DROP;
        default -> PASSED;
      };
    }
  }
}
