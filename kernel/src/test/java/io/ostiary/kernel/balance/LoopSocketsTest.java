package io.ostiary.kernel.balance;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.kernel.libbpf.Libbpf;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.LoopChoice;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Which of four listening sockets a connection comes to: by the kernel's hash, and by the work
/// that their loops say they have.
final class LoopSocketsTest {
  private static final int LOOPS = 4;
  private static final int NONBLOCK = 2048;
  private static final int STREAM = 1;
  private static final int AF_INET = 2;
  private static final int SOL_SOCKET = 1;
  private static final int SO_REUSEPORT = 15;
  private static final int WOULD_BLOCK = 11;

  private final List<Socket> clients = new ArrayList<>();
  private final List<Integer> descriptors = new ArrayList<>();
  private final int[] open = new int[LOOPS];
  private Libbpf libc;
  private LoopSockets sockets;
  private int port;

  @BeforeEach
  void listen() throws Exception {
    try {
      sockets = LoopSockets.load(LOOPS);
    } catch (LibbpfException e) {
      Assumptions.assumeFalse(e.isRefused(), "needs root: " + e.getMessage());
      throw e;
    }
    libc = Libbpf.load();
    try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    for (int i = 0; i < LOOPS; i++) {
      descriptors.add(listener());
    }
  }

  private int listener() throws LibbpfException {
    int descriptor = libc.number("socket", "socket", AF_INET, STREAM | NONBLOCK, 0);
    try (var arena = Arena.ofConfined()) {
      libc.number(
          "reuseport",
          "setsockopt",
          descriptor,
          SOL_SOCKET,
          SO_REUSEPORT,
          arena.allocateFrom(JAVA_INT, 1),
          4);
      var address = arena.allocate(16, 4);
      address.set(JAVA_BYTE, 0, (byte) AF_INET);
      address.set(JAVA_BYTE, 2, (byte) (port >> 8));
      address.set(JAVA_BYTE, 3, (byte) port);
      address.set(JAVA_BYTE, 4, (byte) 127);
      address.set(JAVA_BYTE, 7, (byte) 1);
      libc.number("bind", "bind", descriptor, address, 16);
      libc.number("listen", "listen", descriptor, 512);
    }
    return descriptor;
  }

  @AfterEach
  void end() throws Exception {
    for (var client : clients) {
      client.close();
    }
    for (int descriptor : descriptors) {
      libc.number("close", "close", descriptor);
    }
    if (sockets != null) {
      sockets.close();
    }
  }

  private void connect(int count) throws Exception {
    for (int i = 0; i < count; i++) {
      clients.add(new Socket(InetAddress.getLoopbackAddress(), port));
    }
  }

  /// How many wait at each socket, as its loop would accept them.
  private int[] accept() throws Exception {
    var counts = new int[LOOPS];
    for (int loop = 0; loop < LOOPS; loop++) {
      while (true) {
        try {
          libc.number(
              "close", "close", libc.number("accept", "accept", descriptors.get(loop), 0L, 0L));
          counts[loop]++;
          sockets.accepted(loop, ++open[loop]);
        } catch (LibbpfException e) {
          assertThat(e.errno()).isEqualTo(WOULD_BLOCK);
          break;
        }
      }
    }
    return counts;
  }

  private LoopChoice.Chosen attach() {
    return sockets.attach(descriptors);
  }

  @Test
  void spreadsABurstEvenlyWhereTheHashDoesNot() throws Exception {
    connect(64);
    var hashed = accept();
    Arrays.fill(open, 0);
    for (int loop = 0; loop < LOOPS; loop++) {
      sockets.closed(loop, 0);
      sockets.looked(loop, 0, 0);
    }
    attach();
    connect(64);
    var chosen = accept();
    assertThat(Arrays.stream(hashed).sum()).isEqualTo(64);
    assertThat(chosen).containsExactly(16, 16, 16, 16);
    for (int loop = 0; loop < LOOPS; loop++) {
      assertThat(sockets.given(loop)).isZero();
    }
  }

  @Test
  void sparesALoopThatHasMoreAndFillsOneThatIsEmpty() throws Exception {
    attach();
    sockets.closed(2, 100);
    connect(60);
    assertThat(accept()).containsExactly(20, 20, 0, 20);
    sockets.closed(2, 0);
    connect(20);
    assertThat(accept()).containsExactly(0, 0, 20, 0);
  }

  /// With half of its time left a loop gets half as many as others have, with none next to nothing.
  @Test
  void givesByTheTimeThatALoopHasLeft() throws Exception {
    attach();
    sockets.looked(1, 0, 0.5);
    sockets.looked(3, 0, 1.0);
    connect(50);
    var chosen = accept();
    assertThat(chosen[1]).isBetween(9, 10);
    assertThat(chosen[3]).isLessThanOrEqualTo(1);
    assertThat(chosen[0]).isBetween(19, 21);
    assertThat(chosen[2]).isBetween(19, 21);
  }

  @Test
  void countsWhatWaitsInAQueueAndForgetsTheRest() throws Exception {
    attach();
    sockets.looked(0, 30, 0);
    connect(30);
    assertThat(accept()).containsExactly(0, 10, 10, 10);
    sockets.looked(0, 0, 0);
    connect(10);
    assertThat(accept()).containsExactly(10, 0, 0, 0);
  }

  @Test
  void groupsShareWhatTheLoopsSay() throws Exception {
    var first = attach();
    connect(8);
    assertThat(accept()).containsExactly(2, 2, 2, 2);
    var before = List.copyOf(descriptors);
    descriptors.clear();
    try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    for (int i = 0; i < LOOPS; i++) {
      descriptors.add(listener());
    }
    try (var _ = attach()) {
      assertThat(sockets.programs().getFirst().why()).contains("for 2 listeners");
      sockets.closed(0, 22);
      connect(60);
      assertThat(accept()).containsExactly(0, 20, 20, 20);
    }
    first.close();
    assertThat(sockets.programs().getFirst().attached()).isFalse();
    descriptors.addAll(before);
  }

  /// As one process does for the next, which has the same sockets.
  @Test
  void letsAnotherTableChooseBetweenTheSameSockets() throws Exception {
    attach();
    try (var next = LoopSockets.load(LOOPS)) {
      assertThatThrownBy(() -> next.attach(descriptors)).hasMessageContaining("EBUSY");
      sockets.leave();
      connect(8);
      assertThat(Arrays.stream(accept()).sum()).isEqualTo(8);
      try (var _ = next.attach(descriptors)) {
        next.closed(1, 100);
        connect(30);
        assertThat(accept()).containsExactly(10, 0, 10, 10);
      }
    }
  }

  @Test
  void losesNoConnectionWhenTheProgramGoes() throws Exception {
    attach();
    connect(8);
    sockets.close();
    connect(8);
    assertThat(Arrays.stream(accept()).sum()).isEqualTo(16);
  }
}
