package io.ostiary.insight.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.insight.CallFilter;
import io.ostiary.insight.CallLine;
import io.ostiary.insight.NetworkPlace;
import io.ostiary.insight.testing.SlotFixture;
import io.ostiary.model.Blame;
import io.ostiary.model.Cidr;
import io.ostiary.model.ConnectionEvent;
import io.ostiary.model.ConnectionFacts;
import io.ostiary.model.LedgerEntry;
import io.ostiary.model.LedgerSlot;
import io.ostiary.model.LoggedFields;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class RowTest {
  private final SlotFixture fixture = new SlotFixture(2, 2);
  private final LedgerSlot slot = new LedgerSlot();
  private final ConnectionFacts after = new ConnectionFacts();
  private final Batch batch = new Batch(new Names(), 0);
  private final RowWriter writer =
      new RowWriter(
          index -> new NetworkPlace("veth" + index, "passed (xdp-native)"),
          number -> "why" + number);

  @Test
  void keepsEverythingOfASlot() {
    fixture.answered(slot, 1_795_478_400_000L, 10_000_000_000L, 4_000);
    slot.traceHigh = 0x0af7651916cd43ddL;
    slot.traceLow = 0x8448eb211c80319cL;
    slot.clientAtEnd.duplicatesIn = 2;
    writer.write(slot, after, batch);
    var entry = read(0);
    assertThat(entry.call()).isEqualTo(slot.callId);
    assertThat(entry.start().toEpochMilli()).isEqualTo(1_795_478_400_000L);
    assertThat(entry.api()).isEqualTo("api1");
    assertThat(entry.route()).isEqualTo("get-order");
    assertThat(entry.consumer()).isEqualTo("consumer1");
    assertThat(entry.traceId()).isEqualTo("0af7651916cd43dd8448eb211c80319c");
    assertThat(entry.client().getHostAddress()).isEqualTo("198.18.0.2");
    assertThat(entry.listener()).isEqualTo("0.0.0.0:8080");
    assertThat(entry.method()).isEqualTo("GET");
    assertThat(entry.target()).isEqualTo("/api0/orders/17?expand=items");
    assertThat(entry.timings().end()).isEqualTo(4_000_000);
    assertThat(entry.timings().accepted()).isEqualTo(-40_000);
    assertThat(entry.filters())
        .extracting(f -> f.policy())
        .containsExactly("key-auth", "rate-limit");
    var attempt = entry.attempts().getFirst();
    assertThat(attempt.upstream()).isEqualTo("orders");
    assertThat(attempt.target()).isEqualTo("127.0.0.1:9001");
    assertThat(attempt.connected()).isNull();
    assertThat(attempt.start()).isEqualTo(23_000);
    var network = entry.network();
    assertThat(network).isNotNull();
    assertThat(network.syn()).isEqualTo(-300_000);
    assertThat(network.firstData()).isEqualTo(-15_000);
    assertThat(network.callOrNone().packetsOut()).isEqualTo(2);
    assertThat(network.callOrNone().packetsIn()).isEqualTo(3);
    assertThat(network.callOrNone().duplicatesIn()).isEqualTo(2);
    assertThat(network.interfaceName()).isEqualTo("veth2");
    assertThat(network.verdict()).isEqualTo("passed (xdp-native)");
    assertThat(entry.upstreamNetwork()).isNotNull();
    assertThat(entry.upstreamTarget()).isNull();
  }

  @Test
  void keepsWhoHeldItBackAndWhetherItWasEncrypted() {
    fixture.answered(slot, 1_795_478_400_000L, 10_000_000_000L, 4_000);
    slot.responseHeld.add("validate", 20);
    slot.responseHeld.add("bandwidth", 3_000_000);
    slot.responseHeld.add("validate", 10);
    slot.secure = true;
    var copy = new LedgerSlot();
    copy.copyFrom(slot);
    writer.write(copy, after, batch);
    assertThat(read(0).requestHeld()).isNull();
    assertThat(read(0).responseHeld()).isEqualTo(new LedgerEntry.HeldBack("bandwidth", 3_000_030));
    assertThat(read(0).secure()).isTrue();
    fixture.answered(slot, 1_795_478_400_000L, 10_000_000_000L, 4_000);
    slot.responseHeld.clear();
    slot.secure = false;
    writer.write(slot, after, batch);
    assertThat(read(1).responseHeld()).isNull();
    assertThat(read(1).secure()).isFalse();
  }

  @Test
  void keepsWhatAPolicyLetGoUpstream() {
    fixture.answered(slot, 1_795_478_400_000L, 10_000_000_000L, 4_000);
    var target = "/v2/orders?id=17".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
    System.arraycopy(target, 0, slot.upstreamTarget, 0, target.length);
    slot.upstreamTargetLength = target.length;
    writer.write(slot, after, batch);
    assertThat(read(0).upstreamTarget()).isEqualTo("/v2/orders?id=17");
    assertThat(read(0).target()).isEqualTo("/api0/orders/17?expand=items");
    // As it was before this was kept.
    int length = batch.offset(0) + Row.LENGTH;
    Row.putInt(batch.bytes(), length, Row.getInt(batch.bytes(), length) - 18);
    assertThat(read(0).upstreamTarget()).isNull();
  }

  @Test
  void keepsWhatPoliciesGaveIt() {
    fixture.answered(slot, 1_795_478_400_000L, 10_000_000_000L, 4_000);
    slot.logged.add("tenant", "Z\u00fcrich \u20ac");
    slot.logged.add("tenant", "another's");
    slot.logged.add("empty", "");
    var copy = new LedgerSlot();
    copy.copyFrom(slot);
    writer.write(copy, after, batch);
    assertThat(read(0).fields())
        .containsExactly(Map.entry("tenant", "Z\u00fcrich \u20ac"), Map.entry("empty", ""));
    // As it was before this was kept.
    int length = batch.offset(0) + Row.LENGTH;
    Row.putInt(batch.bytes(), length, Row.getInt(batch.bytes(), length) - 19);
    assertThat(read(0).fields()).isEmpty();
  }

  @Test
  void cutsWhatPoliciesGiveBetweenCharacters() {
    for (int i = 0; i < LoggedFields.FIELDS_MAX + 1; i++) {
      slot.logged.add("f" + i, "x" + "\u20ac".repeat(300));
    }
    assertThat(slot.logged.count()).isEqualTo(LoggedFields.FIELDS_MAX);
    assertThat(slot.logged.text(0)).isEqualTo("x" + "\u20ac".repeat(170));
    assertThat(slot.logged.end(LoggedFields.FIELDS_MAX - 1))
        .isBetween(LoggedFields.BYTES_MAX - 3, LoggedFields.BYTES_MAX);
    slot.logged.clear();
    assertThat(slot.logged.find("f0")).isEqualTo(-1);
  }

  @Test
  void keepsWhatWentWrongDuringTheCallAndAfterIt() {
    fixture.answered(slot, 1_795_478_400_000L, 10_000_000_000L, 4_000);
    long before = slot.firstByteNanos - 1_000_000;
    slot.clientBefore.take(slot.clientAtHead, before);
    slot.clientBefore.cookie = 77;
    after.copyFrom(slot.clientAtEnd);
    after.retransmitsOut = 1;
    after.droppedOut = 1;
    after.dropReason = 9;
    after.lastAckNanos = slot.endNanos + 300_000_000;
    after.events = 3;
    // Before the call; during it; after it.
    after.event[0] = before - 800 + 1;
    after.event[1] = slot.firstByteNanos / 8 * 8 + 3;
    after.event[2] = (slot.endNanos + 200_000_000) / 8 * 8 + 1;
    writer.write(slot, after, batch);

    var network = java.util.Objects.requireNonNull(read(0).network());
    assertThat(network.events())
        .extracting(event -> event.kind())
        .containsExactly(ConnectionEvent.Kind.OUT_OF_ORDER, ConnectionEvent.Kind.RETRANSMIT);
    assertThat(network.events().getLast().at()).isBetween(203_999_990L, 204_000_010L);
    assertThat(network.callOrNone().retransmitsOut()).isEqualTo(1);
    assertThat(network.callOrNone().dropped()).isEqualTo(1);
    assertThat(network.dropReason()).isEqualTo("why9");
    assertThat(network.lastAck()).isEqualTo(304_000_000L);
    assertThat(network.unacknowledged()).isFalse();
    assertThat(Row.getLater(batch.bytes(), batch.offset(0), Row.PACKETS_OUT)).isEqualTo(1);
  }

  @Test
  void knowsItsOwnSegmentsThoughTheyCameBeforeTheCallBeforeWasNoted() {
    fixture.answered(slot, 1_795_478_400_000L, 10_000_000_000L, 4_000);
    var end = slot.clientAtEnd;
    slot.clientAtHead.firstDataNanos = slot.firstByteNanos - 900_000;
    end.firstDataNanos = slot.clientAtHead.firstDataNanos;
    end.duplicatesIn = 1;
    end.outOfOrderIn = 1;
    end.events = 1;
    end.event[0] = (slot.firstByteNanos - 800_000) / 8 * 8 + 3;
    slot.clientBefore.take(end, slot.firstByteNanos - 700_000);
    writer.write(slot, after, batch);

    var network = java.util.Objects.requireNonNull(read(0).network());
    assertThat(network.events())
        .extracting(event -> event.kind())
        .containsExactly(ConnectionEvent.Kind.OUT_OF_ORDER);
    assertThat(network.callOrNone().duplicatesIn()).isEqualTo(1);
    assertThat(network.callOrNone().outOfOrderIn()).isEqualTo(1);
  }

  @Test
  void leavesToTheNextCallWhatItBeganBeforeThisOneWasNoted() {
    fixture.answered(slot, 1_795_478_400_000L, 10_000_000_000L, 4_000);
    var end = slot.clientAtEnd;
    end.requests = slot.clientAtHead.requests + 1;
    end.firstDataNanos = slot.responseEndNanos + 10_000;
    end.answeredNanos = slot.responseEndNanos + 9_000;
    end.events = 1;
    end.event[0] = (end.firstDataNanos + 1_000) / 8 * 8 + 3;
    after.copyFrom(end);
    writer.write(slot, after, batch);

    var network = java.util.Objects.requireNonNull(read(0).network());
    assertThat(network.events()).isEmpty();
    assertThat(network.lastAck()).isEqualTo(3_909_000);
  }

  @Test
  void leavesOutWhatBelongsToTheNextCall() {
    fixture.answered(slot, 1_795_478_400_000L, 10_000_000_000L, 4_000);
    after.copyFrom(slot.clientAtEnd);
    after.requests = slot.clientAtEnd.requests + 1;
    after.firstDataNanos = slot.endNanos + 5_000_000;
    after.answeredNanos = slot.endNanos + 2_000_000;
    after.lastAckNanos = slot.endNanos + 9_000_000;
    after.events = 1;
    after.event[0] = (slot.endNanos + 6_000_000) / 8 * 8 + 2;
    writer.write(slot, after, batch);

    var network = java.util.Objects.requireNonNull(read(0).network());
    assertThat(network.lastAck()).isEqualTo(6_000_000);
    assertThat(network.events()).isEmpty();
  }

  @Test
  void doesNotKnowTheCallsOwnPacketsWhereTheLensCameLater() {
    fixture.answered(slot, 1_795_478_400_000L, 10_000_000_000L, 4_000);
    slot.clientBefore.clear();
    writer.write(slot, after, batch);

    assertThat(java.util.Objects.requireNonNull(read(0).network()).call()).isNull();
    assertThat(Row.getLater(batch.bytes(), batch.offset(0), Row.PACKETS_IN)).isZero();
  }

  @Test
  void keepsWhatNeverHappenedApartFromZero() {
    fixture.refused(slot, 1_795_478_400_000L, 10_000_000_000L, "rate-limit");
    slot.method = "BREW";
    slot.consumer = null;
    slot.api = null;
    slot.responseEndNanos = 0;
    slot.clientAtHead.clear();
    slot.clientAtEnd.clear();
    writer.write(slot, after, batch);
    var entry = read(0);
    assertThat(entry.method()).isEqualTo("BREW");
    assertThat(entry.consumer()).isNull();
    assertThat(entry.api()).isNull();
    assertThat(entry.timings().responseEnd()).isNull();
    assertThat(entry.network()).isNull();
    assertThat(entry.upstreamNetwork()).isNull();
    assertThat(entry.attempts()).isEmpty();
    assertThat(entry.blame()).isEqualTo(Blame.POLICY);
  }

  @Test
  void holdsTheLongestRow() {
    fixture.answered(slot, 1_795_478_400_000L, Long.MAX_VALUE / 2, 4_000);
    SlotFixture.target(slot, "/" + "x".repeat(2_000));
    slot.upstreamTargetLength = LedgerSlot.TARGET_BYTES_MAX;
    slot.filterCount = LedgerSlot.FILTERS_MAX;
    slot.attemptCount = LedgerSlot.ATTEMPTS_MAX;
    for (int i = 0; i < slot.filterCount; i++) {
      slot.filterNames[i] = "policy" + i;
      slot.filterNanos[i] = -1;
    }
    for (var attempt : slot.attempts) {
      attempt.startNanos = -1;
      attempt.firstByteNanos = -1;
    }
    for (int i = 0; i < LoggedFields.FIELDS_MAX; i++) {
      slot.logged.add("field" + i, "v".repeat(2_000));
    }
    slot.method = "M".repeat(300);
    slot.clientAtEnd.bytesIn = -1;
    for (int i = 0; i < 100; i++) {
      writer.write(slot, after, batch);
    }
    assertThat(read(99).target()).hasSize(LedgerSlot.TARGET_BYTES_MAX);
  }

  @Test
  void filtersRowsAsItFiltersEntries() {
    fixture.answered(slot, 1_795_478_400_000L, 10_000_000_000L, 4_000);
    writer.write(slot, after, batch);
    fixture.refused(slot, 1_795_478_400_100L, 10_100_000_000L, "rate-limit");
    writer.write(slot, after, batch);
    fixture.failed(slot, 1_795_478_400_200L, 10_200_000_000L, "connect-refused");
    writer.write(slot, after, batch);
    var nothing = new CallFilter(null, null, null, null, null, null, null, null, null, null, null);
    var filters =
        List.of(
            nothing,
            nothing.withApi("api1"),
            nothing.withApi("unknown"),
            nothing.withConsumer("consumer0"),
            nothing.withStatus("4xx"),
            nothing.withStatus("502"),
            new CallFilter(
                null,
                "get-order",
                null,
                null,
                null,
                Blame.UPSTREAM,
                "connect-refused",
                Cidr.parse("198.18.0.0/24"),
                Duration.ofMillis(0),
                null,
                null),
            new CallFilter(
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                Cidr.parse("203.0.113.0/24"),
                null,
                null,
                null),
            new CallFilter(
                null, null, null, null, null, null, null, null, Duration.ofMillis(3), null, null));
    for (var filter : filters) {
      var rows = new RowFilter(filter);
      for (int row = 0; row < batch.rows(); row++) {
        assertThat(rows.matches(batch, row))
            .as("%s row %d", filter, row)
            .isEqualTo(filter.matches(read(row)));
      }
    }
  }

  @Test
  void readsALineAsTheEntrySaysIt() {
    fixture.failed(slot, 1_795_478_400_200L, 10_200_000_000L, "connect-refused");
    writer.write(slot, after, batch);
    var line = new RowReader(batch.bytes(), batch.offset(0), batch.names()).line();
    assertThat(line).isEqualTo(CallLine.of(read(0)));
  }

  @Test
  void findsARecentCallAndForgetsTheOldest() {
    var batches = new Batches();
    var recent = new Recent(6_000, batches);
    for (int i = 0; i < 5; i++) {
      var one = new Batch(batch.names(), 0);
      fixture.answered(slot, 1_795_478_400_000L + i, 10_000_000_000L, 4_000);
      writer.write(slot, after, one);
      one.seal();
      recent.add(one);
    }
    assertThat(recent.find(slot.callId)).isPresent();
    assertThat(recent.find(slot.callId + 1)).isEmpty();
    var kept = new java.util.ArrayList<Batch>();
    recent.read(kept::add);
    assertThat(kept).hasSizeLessThan(3);
  }

  private io.ostiary.model.LedgerEntry read(int row) {
    return new RowReader(batch.bytes(), batch.offset(row), batch.names()).entry();
  }
}
