package io.ostiary.contract.schema;

import java.nio.ByteBuffer;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Reads JSON that strangers send. What two readers might understand differently is refused: names
/// given twice, text behind the value, numbers that no double holds.
public final class JsonText {
  /// Objects and lists within each other.
  public static final int DEPTH_MAX = 100;

  private static final int NUMBER_CHARS_MAX = 400;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEPTH_MAX)
                          .maxNumberLength(NUMBER_CHARS_MAX)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private JsonText() {}

  /// What became of a text.
  public sealed interface Read {
    record Value(JsonNode node) implements Read {}

    record Unreadable(Mismatch mismatch) implements Read {}
  }

  public static Read read(ByteBuffer json) {
    byte[] bytes;
    int offset = 0;
    if (json.hasArray()) {
      bytes = json.array();
      offset = json.arrayOffset() + json.position();
    } else {
      bytes = new byte[json.remaining()];
      json.duplicate().get(bytes);
    }
    return read(bytes, offset, json.remaining());
  }

  public static Read read(byte[] bytes, int offset, int length) {
    try {
      var node = MAPPER.readTree(bytes, offset, length);
      if (node == null || node.isMissingNode()) {
        return unreadable("is empty (expected: JSON)");
      }
      return endless(node)
          ? unreadable("has a number too large to be exchanged")
          : new Read.Value(node);
    } catch (StreamConstraintsException e) {
      return unreadable(
          "is nested deeper than "
              + DEPTH_MAX
              + " levels, or has a name or number too long to be read");
    } catch (JacksonException e) {
      return unreadable(message(e));
    }
  }

  /// The library's first line names its own classes and quotes the text: say less, and where.
  private static String message(JacksonException e) {
    boolean twice = e instanceof StreamReadException && e.getOriginalMessage().contains("uplicate");
    var place = e.getLocation();
    return (twice ? "has a name twice in one object" : "is not JSON")
        + (place == null || place.getLineNr() < 1
            ? ""
            : ", line " + place.getLineNr() + " column " + place.getColumnNr());
  }

  private static boolean endless(JsonNode node) {
    if (node.isContainer()) {
      for (var child : node) {
        if (endless(child)) {
          return true;
        }
      }
      return false;
    }
    return node.isDouble() && Double.isInfinite(node.doubleValue());
  }

  private static Read unreadable(String message) {
    return new Read.Unreadable(new Mismatch("", message));
  }
}
