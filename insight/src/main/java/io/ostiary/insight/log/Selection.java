package io.ostiary.insight.log;

import io.ostiary.model.LedgerSlot;
import io.ostiary.model.observe.AccessLog;
import io.ostiary.model.observe.AccessLog.Rule;

/// Which calls a log has. The draw is made of the call's id, so every log that keeps a tenth keeps
/// the same tenth. Immutable.
record Selection(AccessLog log) {
  private static final long ALL = 1L << 32;

  boolean has(LedgerSlot slot) {
    var rules = log.rules();
    for (int i = 0; i < rules.size(); i++) {
      var rule = rules.get(i);
      if (fits(rule, slot)) {
        return (log.errors() && Facts.failed(slot)) || slow(rule, slot) || drawn(rule, slot);
      }
    }
    return true;
  }

  private static boolean fits(Rule rule, LedgerSlot slot) {
    var api = rule.api();
    var route = rule.route();
    return (api == null || (slot.api != null && slot.api.name().equals(api)))
        && (route == null || (slot.route != null && slot.route.id().equals(route)))
        && (rule.statuses().isEmpty()
            || rule.statuses().contains(slot.status)
            || rule.statuses().contains(slot.status / 100));
  }

  private static boolean slow(Rule rule, LedgerSlot slot) {
    var slower = rule.slower();
    return slower != null && Facts.nanos(slot) >= slower.toNanos();
  }

  /// Murmur's last step: ids that follow each other must not be drawn together.
  private static boolean drawn(Rule rule, LedgerSlot slot) {
    long mixed = slot.callId * 0xff51afd7ed558ccdL;
    mixed = (mixed ^ mixed >>> 33) * 0xc4ceb9fe1a85ec53L;
    return (mixed ^ mixed >>> 33) >>> 32 < Math.round(rule.percent() / 100 * ALL);
  }
}
