package io.ostiary.insight;

import io.ostiary.model.Blame;
import io.ostiary.model.CallId;
import io.ostiary.model.LedgerEntry;
import java.net.InetAddress;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A call as one line of a table.
///
/// @param id as written in `Ostiary-Call`
/// @param consumer the consumer's id
/// @param durationMicros from the first byte of the request at our socket to the end
public record CallLine(
    String id,
    Instant start,
    String method,
    String target,
    @Nullable String api,
    @Nullable String route,
    @Nullable String consumer,
    InetAddress client,
    int status,
    Blame blame,
    String reason,
    long durationMicros,
    long requestBytes,
    long responseBytes) {

  public static CallLine of(LedgerEntry entry) {
    return new CallLine(
        CallId.text(entry.call()),
        entry.start(),
        entry.method(),
        entry.target(),
        entry.api(),
        entry.route(),
        entry.consumer(),
        entry.client(),
        entry.status(),
        entry.blame(),
        entry.reason(),
        entry.timings().end() / 1000,
        entry.requestBytes(),
        entry.responseBytes());
  }
}
