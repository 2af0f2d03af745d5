package io.ostiary.gateway.spi;

import java.util.List;

/// What a client is told when its call is refused or fails (RFC 9457, `application/problem+json`).
/// Never an internal name or a stack.
///
/// @param status 400-599
/// @param code kebab case; `type` becomes the page of this name in `docs/problems`
/// @param title the same for every problem of this code
/// @param detail what is wrong with this call and how to repair it; may be empty
/// @param faults each fault of the request, by place
/// @param fields header fields to send along, such as Retry-After
public record Problem(
    int status, String code, String title, String detail, List<Fault> faults, List<Field> fields) {
  public Problem {
    faults = List.copyOf(faults);
    fields = List.copyOf(fields);
    if (status < 400 || status > 599) {
      throw new IllegalArgumentException("problem.status: " + status + " (expected: 400-599)");
    }
  }

  public static Problem of(int status, String code, String title, String detail) {
    return new Problem(status, code, title, detail, List.of(), List.of());
  }

  public Problem withFields(Field... more) {
    return new Problem(status, code, title, detail, faults, List.of(more));
  }

  /// @param in `path`, `query`, `header`, `cookie` or `body`
  /// @param pointer JSON pointer (RFC 6901) into the body, or `/name` of the parameter
  public record Fault(String in, String pointer, String message) {}
}
