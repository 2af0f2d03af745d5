package io.ostiary.gateway.spi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The answer of another service.
///
/// @param body read as UTF-8
public record HttpReply(int status, List<Field> fields, String body) {
  public HttpReply {
    fields = List.copyOf(fields);
  }

  /// The first value, or null.
  public @Nullable String first(HeaderName name) {
    for (var field : fields) {
      if (field.name().equals(name)) {
        return field.value();
      }
    }
    return null;
  }
}
