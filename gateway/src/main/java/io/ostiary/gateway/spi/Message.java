package io.ostiary.gateway.spi;

import java.util.List;

/// A small response made by a filter.
///
/// @param status 200-599
/// @param body sent as UTF-8; may be empty
public record Message(int status, List<Field> fields, String body) {
  public Message {
    fields = List.copyOf(fields);
  }
}
