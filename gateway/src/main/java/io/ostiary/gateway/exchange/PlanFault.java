package io.ostiary.gateway.exchange;

import io.ostiary.model.PolicyUse;
import org.jspecify.annotations.Nullable;

/// Something that keeps a snapshot from being in force.
///
/// @param policy the very object of the snapshot that cannot be compiled, so that whoever read it
///   can tell where it was written; null: it is about something else
public record PlanFault(String message, @Nullable PolicyUse policy) {
  public static PlanFault of(String message) {
    return new PlanFault(message, null);
  }
}
