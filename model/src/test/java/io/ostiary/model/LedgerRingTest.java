package io.ostiary.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class LedgerRingTest {
  @Test
  void refusesAndCountsWhatTheReaderHasNoRoomFor() {
    var ring = new LedgerRing(4);
    for (int i = 0; i < 6; i++) {
      write(ring, i);
    }
    assertThat(ring.lost()).isEqualTo(2);
    assertThat(read(ring, 10)).containsExactly(0L, 1L, 2L, 3L);
    write(ring, 6);
    assertThat(read(ring, 10)).containsExactly(6L);
    assertThat(ring.published()).isEqualTo(5);
  }

  @Test
  void readsNoMoreThanAsked() {
    var ring = new LedgerRing(8);
    for (int i = 0; i < 5; i++) {
      write(ring, i);
    }
    assertThat(read(ring, 2)).containsExactly(0L, 1L);
    assertThat(read(ring, 8)).containsExactly(2L, 3L, 4L);
  }

  @Test
  void aReaderThatFailsLosesOneLineAndNoMore() {
    var ring = new LedgerRing(4);
    write(ring, 1);
    write(ring, 2);
    assertThatThrownBy(() ->
            ring.drain(
                slot -> {
                  throw new IllegalStateException("full");
                },
                4))
        .hasMessage("full");
    assertThat(read(ring, 4)).containsExactly(2L);
  }

  @Test
  @Timeout(20)
  void keepsOrderBetweenTwoThreads() throws InterruptedException {
    var ring = new LedgerRing(64);
    int count = 200_000;
    var writer =
        Thread.ofPlatform()
            .start(() -> {
              for (int i = 0; i < count; i++) {
                var slot = ring.claim();
                while (slot == null) {
                  Thread.onSpinWait();
                  slot = ring.claim();
                }
                slot.callId = i;
                ring.publish();
              }
            });
    long[] next = {0};
    while (next[0] < count) {
      ring.drain(slot -> assertThat(slot.callId).isEqualTo(next[0]++), 1000);
    }
    writer.join();
  }

  @Test
  void asManySlotsGoRoundAsLinesWait() {
    var ring = new LedgerRing(256);
    Set<LedgerSlot> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (int i = 0; i < 10_000; i++) {
      seen.add(Objects.requireNonNull(ring.claim()));
      write(ring, i);
      if (i % 10 == 9) {
        assertThat(read(ring, 10)).hasSize(10);
      }
    }
    // Ten wait at most; the writer looks only now and then how far the reader is.
    assertThat(seen).hasSizeLessThan(64);
    for (int burst = 0; burst < 3; burst++) {
      for (int i = 0; i < 256; i++) {
        write(ring, i);
      }
      assertThat(ring.lost()).isZero();
      assertThat(read(ring, 1000)).hasSize(256);
    }
  }

  @Test
  void whatIsClaimedTwiceIsOneSlot() {
    var ring = new LedgerRing(4);
    var slot = ring.claim();
    assertThat(ring.claim()).isSameAs(slot);
    ring.publish();
    assertThat(ring.claim()).isNotSameAs(slot);
    assertThat(ring.lost()).isZero();
  }

  /// An API of ten thousand routes must not stay until the ring has come around.
  @Test
  void letsGoOfAPlanOnceALineIsRead() {
    var ring = new LedgerRing(4);
    var consumer = new Consumer("one", "One");
    var slot = Objects.requireNonNull(ring.claim());
    slot.consumer = consumer;
    ring.publish();
    ring.drain(read -> assertThat(read.consumer).isSameAs(consumer), 4);
    assertThat(slot.consumer).isNull();
    assertThat(slot.api).isNull();
    assertThat(slot.route).isNull();
  }

  private static void write(LedgerRing ring, long id) {
    var slot = ring.claim();
    if (slot != null) {
      slot.callId = id;
      ring.publish();
    }
  }

  private static List<Long> read(LedgerRing ring, int limit) {
    var ids = new ArrayList<Long>();
    ring.drain(slot -> ids.add(slot.callId), limit);
    return ids;
  }
}
