package io.ostiary.model;

import java.util.List;

/// What the insight room reads from the data plane: one ring for each event loop.
public interface LedgerView {
  List<LedgerRing> rings();
}
