package io.ostiary.policies;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;

/// What the field Content-Digest says of a body (RFC 9530). Immutable.
final class ContentDigest {
  private record Part(String algorithm, StructuredFields.Bytes digest) {}

  private final List<Part> parts;

  private ContentDigest(List<Part> parts) {
    this.parts = parts;
  }

  /// @throws IllegalArgumentException where it is malformed, or has no algorithm that is good
  static ContentDigest of(List<String> values) {
    var parts = new ArrayList<Part>();
    StructuredFields.dictionary(String.join(", ", values))
        .forEach((name, item) -> {
          var algorithm =
              name.equals("sha-256") ? "SHA-256" : name.equals("sha-512") ? "SHA-512" : "";
          if (!algorithm.isEmpty() && item.value() instanceof StructuredFields.Bytes bytes) {
            parts.add(new Part(algorithm, bytes));
          }
        });
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("neither sha-256 nor sha-512");
    }
    return new ContentDigest(List.copyOf(parts));
  }

  /// Whether all that is understood fits.
  boolean fits(ByteBuffer body) {
    for (var part : parts) {
      try {
        var digest = MessageDigest.getInstance(part.algorithm);
        digest.update(body.duplicate());
        if (!MessageDigest.isEqual(digest.digest(), part.digest.decoded())) {
          return false;
        }
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every JDK has " + part.algorithm, e);
      }
    }
    return true;
  }
}
