package io.ostiary.model;

import java.util.List;

/// Connections are dealt out to the event loops in turn, so there is nothing to choose.
record NoLoopChoice(String sentence) implements LoopChoice {
  @Override
  public boolean runs() {
    return false;
  }

  @Override
  public Chosen attach(List<Integer> descriptors) {
    throw new IllegalStateException(sentence);
  }

  @Override
  public void accepted(int loop, int open) {}

  @Override
  public void closed(int loop, int open) {}

  @Override
  public void looked(int loop, long waiting, double share) {}
}
