package io.ostiary.gateway;

import io.ostiary.model.LoopChoice;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;

/// Remembers what it is told and chooses nothing, so that the kernel does by its hash.
final class FakeChoice implements LoopChoice {
  final List<List<Integer>> attached = Collections.synchronizedList(new ArrayList<>());
  final AtomicIntegerArray open = new AtomicIntegerArray(4);
  final AtomicIntegerArray accepted = new AtomicIntegerArray(4);
  final AtomicLongArray waiting = new AtomicLongArray(4);
  final AtomicIntegerArray looks = new AtomicIntegerArray(4);
  volatile double busiest;

  /// Whether the kernel refuses.
  boolean refuses;

  @Override
  public String sentence() {
    return "the fake chooses";
  }

  @Override
  public boolean runs() {
    return true;
  }

  @Override
  public Chosen attach(List<Integer> descriptors) {
    if (refuses) {
      throw new IllegalStateException("it is a bad day");
    }
    attached.add(descriptors);
    return () -> attached.remove(descriptors);
  }

  @Override
  public void accepted(int loop, int now) {
    accepted.incrementAndGet(loop);
    open.set(loop, now);
  }

  @Override
  public void closed(int loop, int now) {
    open.set(loop, now);
  }

  @Override
  public void looked(int loop, long queue, double share) {
    looks.incrementAndGet(loop);
    waiting.set(loop, queue);
    busiest = Math.max(busiest, share);
  }
}
