package io.ostiary.kernel.stage;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.libbpf.OpenedObject;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// What an object says of itself: `struct ostiary_about` of `ostiary_stage.h`.
///
/// @param reasons its words for why it drops, by number
record About(String title, List<String> reasons) {
  static final int VERSION = 1;
  static final int REASONS = 16;
  static final int PACKET_BYTES = 76;

  private static final String SECTION = ".rodata.ostiary";
  private static final int TITLE_AT = 8;
  private static final int TITLE_BYTES = 120;
  private static final int REASON_BYTES = 32;
  private static final int BYTES = TITLE_AT + TITLE_BYTES + REASONS * REASON_BYTES;

  About {
    reasons = List.copyOf(reasons);
  }

  static About read(OpenedObject opened) {
    MemorySegment data;
    try {
      data = opened.initial(SECTION);
    } catch (LibbpfException e) {
      throw new StageRefused(
          "it says nothing of itself (expected: OSTIARY_STAGE(\"what it does\"))");
    }
    int version = data.byteSize() < BYTES ? 0 : data.get(JAVA_INT, 0);
    int packet = version == 0 ? 0 : data.get(JAVA_INT, 4);
    if (version != VERSION || packet != PACKET_BYTES) {
      throw new StageRefused(
          "ostiary_stage.h: version %d, packets of %d bytes (expected: version %d and %d bytes). Compile it anew with the header of this distribution"
              .formatted(version, packet, VERSION, PACKET_BYTES));
    }
    var reasons = new ArrayList<String>();
    for (int i = 0; i < REASONS; i++) {
      long at = TITLE_AT + TITLE_BYTES + (long) i * REASON_BYTES;
      var word = text(data, at, REASON_BYTES);
      reasons.add(word.isEmpty() ? "reason-" + i : word);
    }
    return new About(text(data, TITLE_AT, TITLE_BYTES), reasons);
  }

  /// Up to the first zero, if there is one, and without what a console should not print.
  private static String text(MemorySegment data, long at, int bytesMax) {
    var bytes = data.asSlice(at, bytesMax).toArray(JAVA_BYTE);
    int length = 0;
    while (length < bytesMax && bytes[length] != 0) {
      length++;
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}", " ");
  }
}
