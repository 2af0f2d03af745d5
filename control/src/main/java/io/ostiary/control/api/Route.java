package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.access.Access;

/// One operation of the admin API: where it is and who may ask.
///
/// @param path in the notation of `openapi.yaml`
public record Route(String method, String path, Access access, Answer answer) {
  /// Answers one request, on a virtual thread.
  @FunctionalInterface
  public interface Answer {
    void to(Context context) throws Exception;
  }

  static Route get(String path, Access access, Answer answer) {
    return new Route("GET", path, access, answer);
  }

  static Route post(String path, Access access, Answer answer) {
    return new Route("POST", path, access, answer);
  }

  static Route patch(String path, Access access, Answer answer) {
    return new Route("PATCH", path, access, answer);
  }

  static Route delete(String path, Access access, Answer answer) {
    return new Route("DELETE", path, access, answer);
  }
}
