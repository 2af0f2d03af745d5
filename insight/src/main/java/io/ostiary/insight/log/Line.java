package io.ostiary.insight.log;

import io.ostiary.model.LedgerSlot;
import io.ostiary.model.observe.AccessLog.Format;

/// Writes a call as one line, without its end.
sealed interface Line permits JsonLine, PartsLine {
  void write(LedgerSlot slot, LineBytes out);

  static Line of(Format format) {
    return switch (format) {
      case Format.Json(var headers) -> new JsonLine(headers);
      case Format.Parts(var parts) -> new PartsLine(parts);
    };
  }
}
