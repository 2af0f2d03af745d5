package io.ostiary.contract.openapi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a check needs to see of a request's head.
public interface RequestView {
  /// As sent, without the question mark; null where there is none.
  @Nullable String query();

  /// The still encoded segment that stands for a template of the route's path, or null.
  @Nullable String pathParameter(String name);

  /// All values of a header field.
  List<String> header(String name);
}
