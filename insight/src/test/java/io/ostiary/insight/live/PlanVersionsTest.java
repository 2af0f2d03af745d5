package io.ostiary.insight.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.insight.testing.SlotFixture;
import io.ostiary.model.Api;
import io.ostiary.model.LedgerSlot;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What is counted by API must not keep each version of it that a reload has replaced: one may have
/// ten thousand routes.
class PlanVersionsTest {
  @Test
  void ofAnApiDoNotStayForTheSakeOfItsCounts() throws Exception {
    var minute = new Minute();
    var slot = new LedgerSlot();
    var versions = new ArrayList<WeakReference<Api>>();
    for (int version = 0; version < 20; version++) {
      new SlotFixture(1, 1).answered(slot, 1_000_000, 1_000_000_000L + version, 100);
      versions.add(new WeakReference<>(slot.api));
      minute.add(slot, false, 100);
      slot.letGo();
    }
    assertThat(alive(versions)).isZero();
    assertThat(minute.answered(10)).singleElement().extracting(one -> one.calls()).isEqualTo(20L);
  }

  private static long alive(List<WeakReference<Api>> versions) throws InterruptedException {
    long alive = versions.size();
    for (int i = 0; i < 100 && alive > 0; i++) {
      System.gc();
      Thread.sleep(20);
      alive = versions.stream().filter(one -> one.get() != null).count();
    }
    return alive;
  }
}
