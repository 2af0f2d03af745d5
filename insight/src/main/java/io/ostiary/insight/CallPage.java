package io.ostiary.insight;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// @param next the cursor of the following page, null on the last one
public record CallPage(List<CallLine> calls, @Nullable String next) {
  public CallPage {
    calls = List.copyOf(calls);
  }
}
