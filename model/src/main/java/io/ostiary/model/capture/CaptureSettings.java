package io.ostiary.model.capture;

import io.ostiary.model.CredentialNames;
import io.ostiary.model.Require;
import java.time.Duration;
import java.util.Set;

/// What captures may keep, and what they may cost.
///
/// @param lastSeconds how far back packets are kept in memory before anybody asks; zero: not at all
/// @param snap bytes of each of these
/// @param keepBodies whether payloads may be written to a file, with secrets masked; else only
///   headers are
/// @param mask names of header fields and query parameters whose values are secret, in lower case
/// @param bytesMax what all capture files may take together
public record CaptureSettings(
    Duration lastSeconds, int snap, boolean keepBodies, Set<String> mask, long bytesMax) {
  public static final Duration LAST_SECONDS_MAX = Duration.ofMinutes(10);

  public static final CaptureSettings DEFAULT =
      new CaptureSettings(
          Duration.ofSeconds(5), 128, false, CredentialNames.everywhere(), 256L << 20);

  public CaptureSettings {
    mask = Set.copyOf(mask);
    mask.forEach(name -> {
      if (name.isBlank() || name.chars().anyMatch(c -> c <= ' ' || c == 0x7f)) {
        throw Require.invalid(
            "capture.mask", "'" + name + "'", "names of header fields and query parameters");
      }
    });
    Require.between(
        "capture.pre-trigger (s)", lastSeconds.toSeconds(), 0, LAST_SECONDS_MAX.toSeconds());
    Require.between("capture.snap", snap, 64, 2048);
    Require.between("capture.bytes (bytes)", bytesMax, 1 << 20, 1L << 40);
  }
}
