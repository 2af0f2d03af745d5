package io.ostiary.kernel.shield;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// How large the tables of which each CPU has its own are, so that they take no more memory on a
/// host of many CPUs than on a small one, down to a minimum that is useful.
///
/// @param processors that could ever come up: the kernel keeps and gives values for all of them
record MeterSize(int processors, int flows, int sources) {
  private static final int FLOWS_MAX = 8_192;
  private static final int FLOWS_MIN = 1024;
  private static final int FLOWS_OF_ALL = 65_536;

  static MeterSize ofThisHost() {
    return of(possibleProcessors());
  }

  static MeterSize of(int processors) {
    int share = Integer.highestOneBit(FLOWS_OF_ALL / processors);
    int flows = Math.clamp(share, FLOWS_MIN, FLOWS_MAX);
    return new MeterSize(processors, flows, flows / 2);
  }

  private static int possibleProcessors() {
    try {
      var range = Files.readString(Path.of("/sys/devices/system/cpu/possible")).strip();
      var last = range.substring(Math.max(range.lastIndexOf('-'), range.lastIndexOf(',')) + 1);
      return Integer.parseInt(last) + 1;
    } catch (IOException | NumberFormatException e) {
      return Runtime.getRuntime().availableProcessors();
    }
  }
}
