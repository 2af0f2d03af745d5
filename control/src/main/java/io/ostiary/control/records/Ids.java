package io.ostiary.control.records;

import io.ostiary.model.CallId;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/// Makes ids of records: they sort by time, are unique within one process, and say what they name
/// (`c_` consumer, `k_` key, `b_` ban). They are no secrets.
public final class Ids {
  private final AtomicLong counter = new AtomicLong(new SecureRandom().nextLong());

  public String next(String prefix, Instant now) {
    return prefix + CallId.text(CallId.of(now.toEpochMilli(), counter.getAndIncrement()));
  }
}
