package io.ostiary.control.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/// Why a request to the admin API was refused; ends its route and becomes the answer (RFC 9457).
public final class ApiProblem extends RuntimeException {
  private static final String TYPE = "urn:ostiary:problem:";

  private final int status;
  private final String code;
  private final String title;
  private final List<Fault> faults;

  private ApiProblem(int status, String code, String title, String detail, List<Fault> faults) {
    super(detail, null, false, false);
    this.status = status;
    this.code = code;
    this.title = title;
    this.faults = List.copyOf(faults);
  }

  /// @param in `path`, `query`, `header` or `body`
  /// @param pointer JSON pointer into the body, or `/name` of a parameter
  public record Fault(String in, String pointer, String message) {}

  /// As it goes out.
  public record Body(
      String type,
      String title,
      int status,
      String code,
      String detail,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Fault> faults) {}

  /// @param detail what is wrong with this request and how to repair it
  public static ApiProblem of(int status, String code, String title, String detail) {
    return new ApiProblem(status, code, title, detail, List.of());
  }

  public static ApiProblem invalid(List<Fault> faults) {
    var first = faults.get(0).message();
    var more = faults.size() == 1 ? "" : " (and " + (faults.size() - 1) + " more)";
    return new ApiProblem(
        400, "invalid-request", "The request cannot be understood", first + more, faults);
  }

  public static ApiProblem invalid(String in, String name, String message) {
    return invalid(List.of(new Fault(in, "/" + name, message)));
  }

  public static ApiProblem notFound(String what, String name) {
    return of(404, "not-found", "No such thing", what + ": " + name + " does not exist");
  }

  public static ApiProblem conflict(String detail) {
    return of(409, "conflict", "It does not fit what is there", detail);
  }

  public int status() {
    return status;
  }

  public Body body() {
    var detail = getMessage();
    return new Body(TYPE + code, title, status, code, detail == null ? "" : detail, faults);
  }
}
