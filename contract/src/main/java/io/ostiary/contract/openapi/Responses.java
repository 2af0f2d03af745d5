package io.ostiary.contract.openapi;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What an operation says of its responses. Immutable.
public final class Responses {
  private final Map<String, Response> byStatus;

  /// @param byStatus by `200`, `2XX` or `default`
  Responses(Map<String, Response> byStatus) {
    this.byStatus = Map.copyOf(byStatus);
  }

  /// What one status answers with.
  ///
  /// @param body null: nothing is said of the content
  public record Response(List<Parameter> headers, @Nullable Body body) {
    public Response {
      headers = List.copyOf(headers);
    }

    /// What is wrong with the header fields.
    public List<ContractFault> check(HeaderValues response) {
      var faults = new ArrayList<ContractFault>();
      for (var header : headers) {
        header.inHeader(response.all(header.name()), faults);
      }
      return faults;
    }
  }

  /// What a check needs to see of a response's head.
  public interface HeaderValues {
    /// All values of a header field.
    List<String> all(String name);
  }

  /// What holds for a status: its own entry, else that of its class, else `default`; null: the
  /// document does not know it.
  public @Nullable Response of(int status) {
    var own = byStatus.get(Integer.toString(status));
    if (own == null) {
      own = byStatus.get(status / 100 + "XX");
    }
    return own == null ? byStatus.get("default") : own;
  }

  /// Which statuses the document knows, for messages.
  public String expected() {
    return String.join(", ", byStatus.keySet().stream().sorted().toList());
  }

  /// Whether some content can be looked into, so that it must be read.
  public boolean looksIntoBodies() {
    return byStatus.values().stream()
        .anyMatch(response -> response.body() != null && response.body().isLookedInto());
  }
}
