package io.ostiary.kernel.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.model.CloseReason;
import io.ostiary.model.ConnectionFacts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ConnectionTableTest {
  private static final long COOKIE = 0x5_4321L;

  private final MemorySegment memory = Arena.ofAuto().allocate(ConnectionTable.BYTES, 64);
  private final ConnectionTable table = new ConnectionTable(memory);
  private final ConnectionFacts facts = new ConnectionFacts();

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void findsARecordInEachOfItsWays(int way) {
    record(COOKIE, way, 2);

    assertThat(table.read(COOKIE, facts)).isTrue();

    assertThat(facts.cookie).isEqualTo(COOKIE);
    assertThat(facts.synNanos).isEqualTo(1_000);
    assertThat(facts.packetsIn).isEqualTo(0xffff_fffeL);
    assertThat(facts.closeReason).isEqualTo(CloseReason.RESET_RECEIVED.ordinal());
  }

  @Test
  void doesNotKnowACookieThatWasNeverSeen() {
    record(COOKIE, 0, 2);
    facts.bytesIn = 7;

    assertThat(table.read(COOKIE + (1L << ConnectionTable.SET_BITS), facts)).isFalse();

    assertThat(facts.bytesIn).isZero();
    assertThat(facts.cookie).isZero();
  }

  @Test
  void neverTakesAnEmptyRecordForTheCookieZero() {
    assertThat(table.read(0, facts)).isFalse();
  }

  @Test
  void refusesARecordThatIsChangingHands() {
    record(COOKIE, 0, 3);

    assertThat(table.read(COOKIE, facts)).isFalse();

    assertThat(facts.synNanos).isZero();
  }

  @Test
  void countsTheSynAckOfAConnectionThatWasAccepted() {
    long record = record(COOKIE, 0, 2);
    memory.set(ValueLayout.JAVA_INT, record + ConnectionTable.SEGMENTS_OUT, 4);
    memory.set(ValueLayout.JAVA_INT, record + ConnectionTable.SYN_ACK_RETRANSMITS, 1);

    table.read(COOKIE, facts);
    assertThat(facts.packetsOut).isEqualTo(6);

    memory.set(ValueLayout.JAVA_INT, record + ConnectionTable.FLAGS, ConnectionTable.FLAG_ACTIVE);
    table.read(COOKIE, facts);
    assertThat(facts.packetsOut).isEqualTo(4);
  }

  @Test
  void refusesMemoryOfAnotherSize() {
    assertThatThrownBy(() -> new ConnectionTable(memory.asSlice(0, 4096)))
        .hasMessage("lens records: 4096 bytes (expected: 8388608)");
  }

  private long record(long cookie, int way, int generation) {
    long record = ConnectionTable.offset(cookie, way);
    memory.set(ValueLayout.JAVA_LONG, record + ConnectionTable.COOKIE, cookie);
    memory.set(ValueLayout.JAVA_INT, record + ConnectionTable.GENERATION, generation);
    memory.set(ValueLayout.JAVA_LONG, record + ConnectionTable.SYN, 1_000);
    memory.set(ValueLayout.JAVA_INT, record + ConnectionTable.SEGMENTS_IN, -2);
    memory.set(ValueLayout.JAVA_INT, record + ConnectionTable.CLOSE_REASON, 3);
    return record;
  }
}
