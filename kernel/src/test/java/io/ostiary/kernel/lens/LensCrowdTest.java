package io.ostiary.kernel.lens;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.ostiary.model.CloseReason;
import io.ostiary.model.ConnectionFacts;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Many connections: each is found, and what cannot be kept is counted.
final class LensCrowdTest {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

  private Lens lens;
  private NativeSocket listener;

  @BeforeEach
  void attach() {
    lens = LensKit.attach();
    listener = NativeSocket.listen(LOOPBACK, 0);
    lens.watchPorts(Set.of(listener.port()));
  }

  @AfterEach
  void close() {
    if (listener != null) {
      listener.close();
    }
    if (lens != null) {
      lens.close();
    }
  }

  @Test
  void findsEachOfTenThousandShortConnections() {
    var facts = new ConnectionFacts();
    int joined = 0;
    int closed = 0;
    for (int i = 0; i < 10_000; i++) {
      try (var client = NativeSocket.client(LOOPBACK).connect(LOOPBACK, listener.port());
          var accepted = listener.accept()) {
        long cookie = accepted.cookie();
        client.send(10);
        accepted.receive(10);
        joined += lens.read(cookie, facts) && facts.synNanos != 0 && facts.bytesIn == 10 ? 1 : 0;
        // A reset leaves no TIME_WAIT behind, of which the host has a limited number.
        client.reset();
        closed +=
            lens.read(cookie, facts) && facts.closeReason == CloseReason.RESET_RECEIVED.ordinal()
                ? 1
                : 0;
      }
    }
    var totals = lens.totals();

    assertThat(joined).isEqualTo(10_000);
    assertThat(closed).isEqualTo(10_000);
    assertThat(totals.tracked()).as("both ends are ours").isEqualTo(20_000);
    assertThat(totals.overwritten()).isZero();
    assertThat(totals.untracked()).isZero();
  }

  @Test
  void countsARecordTakenFromAConnectionStillOpen() throws Exception {
    try (var thread = Executors.newSingleThreadExecutor()) {
      thread.submit(this::openMoreThanASetHolds).get(30, TimeUnit.SECONDS);
    }
  }

  private void openMoreThanASetHolds() {
    stayOnOneProcessor();
    var open = new ArrayList<NativeSocket>();
    var cookies = new ArrayList<Long>();
    try {
      for (int i = 0; i < ConnectionTable.WAYS + 1; i++) {
        var client = NativeSocket.client(LOOPBACK);
        open.add(client);
        client.cookie();
        burnCookiesUpTo(17);
        client.connect(LOOPBACK, listener.port());
        var accepted = listener.accept();
        open.add(accepted);
        cookies.add(accepted.cookie());
      }

      var first = cookies.getFirst() & ((1 << ConnectionTable.SET_BITS) - 1);
      assertThat(cookies).allMatch(c -> (c & ((1 << ConnectionTable.SET_BITS) - 1)) == first);
      assertThat(lens.totals().overwritten()).isEqualTo(1);
      assertThat(cookies.stream().filter(cookie -> lens.read(cookie, new ConnectionFacts())))
          .hasSize(ConnectionTable.WAYS)
          .contains(cookies.getLast());
    } finally {
      open.forEach(NativeSocket::close);
    }
  }

  @Test
  void readsWithoutAllocating() {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    var facts = new ConnectionFacts();
    try (var client = NativeSocket.client(LOOPBACK).connect(LOOPBACK, listener.port());
        var accepted = listener.accept()) {
      assertThat(client.cookie()).isNotZero();
      long cookie = accepted.cookie();
      readOften(cookie, facts);
      long before = threads.getCurrentThreadAllocatedBytes();
      readOften(cookie, facts);
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;

      assertThat(allocated).as("bytes for 50,000 readings").isLessThan(10_000);
    }
  }

  private void readOften(long cookie, ConnectionFacts facts) {
    for (int i = 0; i < 50_000; i++) {
      if (!lens.read(cookie, facts)) {
        throw new AssertionError("reading " + i);
      }
    }
  }

  /// Takes cookies until the next one falls into the given set of the table.
  private static void burnCookiesUpTo(int set) {
    int mask = (1 << ConnectionTable.SET_BITS) - 1;
    long last;
    do {
      try (var socket = NativeSocket.client(LOOPBACK)) {
        last = socket.cookie();
      }
    } while ((last & mask) != set - 1);
  }

  /// Each processor hands out cookies from a block of its own.
  private static void stayOnOneProcessor() {
    var linker = Linker.nativeLinker();
    var affinity =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("sched_setaffinity"),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));
    var processor =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("sched_getcpu"), FunctionDescriptor.of(JAVA_INT));
    try (var arena = Arena.ofConfined()) {
      // A mask of 1024 processors.
      var mask = arena.allocate(128, 8);
      int here = (int) processor.invokeExact();
      mask.set(JAVA_LONG, here / 64 * 8, 1L << here);
      int result = (int) affinity.invokeExact(0, mask.byteSize(), mask);
      assertThat(result).isZero();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
