package io.ostiary.kernel.shield;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.libbpf.OpenedObject;
import io.ostiary.kernel.libbpf.Pins;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What goes on from the process before: counters, lists and the state of limits, each where its
/// layout is still the same. Rules, bans and operators are not among it; they are written anew from
/// their own sources before the programs are exchanged.
final class Inheritance {
  private static final List<String> CARRIED =
      List.of("counters", "totals", "wires", "flows", "sources", "sketches", "buckets", "proven");

  private final @Nullable Pins pins;
  private final List<String> carried = new ArrayList<>();
  private final List<String> fresh = new ArrayList<>();
  private long seed;

  /// @param pins null: there was none before
  Inheritance(@Nullable Pins pins) {
    this.pins = pins != null && pins.any() ? pins : null;
  }

  /// Lists are found by a hash with a key of their own, without which they are of no use.
  void take(OpenedObject opened) throws LibbpfException {
    if (pins == null) {
      return;
    }
    carried.clear();
    fresh.clear();
    var control = opened.inherited(ShieldMemory.CONTROL, pins, (int) ShieldMemory.CONTROL_BYTES);
    for (var map : CARRIED) {
      if (!opened.maps().contains(map)) {
        continue;
      }
      boolean same = control.isPresent() && opened.inherit(map, pins);
      (same ? carried : fresh).add(map);
    }
    control.ifPresent(bytes ->
        seed =
            MemorySegment.ofArray(bytes).get(ValueLayout.JAVA_LONG_UNALIGNED, ShieldMemory.SEED));
  }

  /// @param otherwise where nothing was inherited
  long seed(long otherwise) {
    return carried.isEmpty() ? otherwise : seed;
  }

  /// What to tell people; empty where there was no process before.
  String sentence() {
    if (pins == null) {
      return "";
    }
    var went = carried.isEmpty() ? "" : String.join(", ", carried) + " go on";
    var began =
        fresh.isEmpty()
            ? ""
            : String.join(", ", fresh) + " begin at zero, as their layout has changed";
    return "taken over from the process before: "
        + went
        + (went.isEmpty() || began.isEmpty() ? "" : "; ")
        + began;
  }
}
