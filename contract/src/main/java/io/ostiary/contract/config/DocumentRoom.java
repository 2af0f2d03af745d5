package io.ostiary.contract.config;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Whether the heap can hold the documents of a configuration, and beside them the largest of those
/// that are to be read while the ones of the plan in force are still there. What a document takes
/// was measured with large public ones: 3 to 4 bytes of each of its bytes while it is in force, and
/// 8 to 9 more on the way there (docs/decisions/0303).
final class DocumentRoom {
  private static final long KEPT = 4;
  private static final long READ = 8;

  /// For everything but documents, under load.
  private static final long OTHERS = 64L << 20;

  private static final long STEP = 128L << 20;

  private DocumentRoom() {}

  /// What is wrong; null: they fit.
  ///
  /// @param all bytes of all documents
  /// @param largest bytes of the largest that is read now
  /// @param heap the most that it may grow to
  static @Nullable String refusal(long all, long largest, long heap) {
    long needed = OTHERS + KEPT * all + READ * largest;
    if (needed <= heap) {
      return null;
    }
    long enough = (needed + STEP - 1) / STEP * STEP;
    return String.format(
        Locale.ROOT,
        "%,d bytes, with all other documents %,d: to read them may take %d MiB of memory (expected:"
            + " at most the heap's %d). Start with OSTIARY_JAVA_OPTIONS=-Xmx%dm",
        largest,
        all,
        needed >> 20,
        heap >> 20,
        enough >> 20);
  }
}
