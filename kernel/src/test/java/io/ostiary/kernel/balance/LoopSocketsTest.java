package io.ostiary.kernel.balance;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.kernel.libbpf.Libbpf;
import io.ostiary.kernel.libbpf.LibbpfException;
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
          sockets.accepted(loop);
        } catch (LibbpfException e) {
          assertThat(e.errno()).isEqualTo(WOULD_BLOCK);
          break;
        }
      }
    }
    return counts;
  }

  private void attach() throws LibbpfException {
    sockets.attach(descriptors.stream().mapToInt(Integer::intValue).toArray());
  }

  @Test
  void spreadsABurstEvenlyWhereTheHashDoesNot() throws Exception {
    connect(64);
    var hashed = accept();
    for (int loop = 0; loop < LOOPS; loop++) {
      for (int i = 0; i < hashed[loop]; i++) {
        sockets.ended(loop);
      }
    }
    sockets.settle();
    attach();
    connect(64);
    var chosen = accept();
    assertThat(Arrays.stream(hashed).sum()).isEqualTo(64);
    assertThat(chosen).containsExactly(16, 16, 16, 16);
    for (int loop = 0; loop < LOOPS; loop++) {
      assertThat(sockets.load(loop, true)).isZero();
      assertThat(sockets.load(loop, false)).isEqualTo(16);
    }
  }

  @Test
  void sparesALoopThatIsBusyAndFillsOneThatIsEmpty() throws Exception {
    attach();
    sockets.working(2, 100);
    connect(60);
    assertThat(accept()).containsExactly(20, 20, 0, 20);
    sockets.working(2, -100);
    connect(20);
    assertThat(accept()).containsExactly(0, 0, 20, 0);
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
