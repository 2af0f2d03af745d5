package io.ostiary.gateway.spi;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// A response made by a filter.
///
/// @param status 200-599
/// @param content the body; may be empty. Not to be written to any more
public record Message(int status, List<Field> fields, ByteBuffer content) {
  public Message {
    fields = List.copyOf(fields);
    content = content.asReadOnlyBuffer();
  }

  /// @param body sent as UTF-8
  public Message(int status, List<Field> fields, String body) {
    this(status, fields, ByteBuffer.wrap(body.getBytes(StandardCharsets.UTF_8)));
  }

  /// The content as text.
  public String body() {
    return StandardCharsets.UTF_8.decode(content.duplicate()).toString();
  }
}
