package io.ostiary.gateway.exchange;

import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.wire.Fields;
import io.ostiary.model.Noted;
import io.ostiary.model.observe.Observation;
import java.util.List;

/// What event loops note of each call for those who are told of it ([Observation]). Immutable.
///
/// @param spans whether calls whose trace is sampled have spans
/// @param sample of 2^56: how many of the traces that begin here are sampled
/// @param names of request fields, in lower case
record PlanNotes(boolean spans, long sample, List<String> names, List<HeaderName> fields) {
  private static final long ALL = 1L << 56;

  static PlanNotes of(Observation observation) {
    var telemetry = observation.telemetry();
    var names = observation.headers();
    return new PlanNotes(
        telemetry.on(),
        telemetry.on() ? Math.round(telemetry.percent() / 100 * ALL) : 0,
        names,
        names.stream().map(HeaderName::of).toList());
  }

  void take(Fields from, Noted into) {
    into.begin(names);
    for (int i = 0; i < fields.size(); i++) {
      from.note(fields.get(i), into);
    }
  }
}
