package io.ostiary.model.capture;

import java.util.List;

/// One layer of a packet: bytes that belong together, and what stands in them.
///
/// @param part whether it stands before what it carries, is that, or stands behind it
/// @param protocol short, as analysers call it: `ip`, `tcp`
/// @param title one line that a person reads
/// @param offset of its first byte in the frame
public record Layer(
    Part part, String protocol, String title, int offset, int length, List<Field> fields) {
  public Layer {
    fields = List.copyOf(fields);
  }

  public enum Part {
    HEADER,
    PAYLOAD,
    FOOTER
  }

  /// @param name as Wireshark's filters call it where it has a name for it, such as `ip.ttl`
  /// @param label in words
  /// @param offset of its first byte in the frame; several fields may share one byte
  /// @param length 0 for what is computed and stands nowhere
  public record Field(String name, String label, String value, int offset, int length) {}
}
