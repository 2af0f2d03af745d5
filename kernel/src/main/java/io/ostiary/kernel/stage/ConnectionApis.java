package io.ostiary.kernel.stage;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// To which API the last call of each connection went: memory that the programs read, written
/// without a system call. A connection that shares its place with a later one is not known any
/// more. Shared; writers take turns.
final class ConnectionApis {
  static final int ENTRIES = 16_384;
  static final int BYTES = 24;

  /// With 0, which stands for none.
  static final int APIS = 1024;

  private static final int PEER_PORT = 16;
  private static final int PORT = 18;
  private static final int API = 20;
  private static final long FACTOR = 0x9e3779b97f4a7c15L;
  private static final VarHandle INT = JAVA_INT.varHandle();
  private static final VarHandle WORDS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder());
  private static final VarHandle HALVES =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  private final MemorySegment memory;
  private final byte[] address = new byte[16];
  private final Map<String, Integer> numbers = new HashMap<>();

  ConnectionApis(MemorySegment memory) {
    this.memory = memory;
  }

  /// The same for as long as this process runs; 0 where there are more APIs than numbers.
  synchronized int number(String api) {
    var known = numbers.get(api);
    if (known == null) {
      known = numbers.size() + 1 < APIS ? numbers.size() + 1 : 0;
      numbers.put(api, known);
    }
    return known;
  }

  /// @param peer its first `length` bytes, 4 or 16, are the address
  synchronized void called(byte[] peer, int length, int peerPort, int port, String api) {
    map(peer, length);
    long at = (long) place(address, peerPort, port) * BYTES;
    int number = number(api);
    if ((int) INT.getOpaque(memory, at + API) == number && same(at, peerPort, port)) {
      return;
    }
    // Readers look at the number before and after the rest; 0 says that the rest is not whole.
    INT.setVolatile(memory, at + API, 0);
    MemorySegment.copy(address, 0, memory, JAVA_BYTE, at, address.length);
    memory.set(JAVA_SHORT, at + PEER_PORT, (short) peerPort);
    memory.set(JAVA_SHORT, at + PORT, (short) port);
    INT.setVolatile(memory, at + API, number);
  }

  private boolean same(long at, int peerPort, int port) {
    return memory.get(JAVA_LONG, at) == (long) HALVES.get(address, 0)
        && memory.get(JAVA_LONG, at + 8) == (long) HALVES.get(address, 8)
        && memory.get(JAVA_SHORT, at + PEER_PORT) == (short) peerPort
        && memory.get(JAVA_SHORT, at + PORT) == (short) port;
  }

  /// IPv4 as ::ffff:a.b.c.d, as the programs have it.
  private void map(byte[] peer, int length) {
    if (length == address.length) {
      System.arraycopy(peer, 0, address, 0, length);
      return;
    }
    Arrays.fill(address, 0, 10, (byte) 0);
    address[10] = (byte) 0xff;
    address[11] = (byte) 0xff;
    System.arraycopy(peer, 0, address, 12, 4);
  }

  /// As `api_of` in `chain.h` finds it.
  static int place(byte[] address, int peerPort, int port) {
    long high = word(address, 0) << 32 | word(address, 4);
    long low = word(address, 8) << 32 | word(address, 12);
    long ports = (long) peerPort << 16 | port;
    return (int) (mix(mix(high) ^ mix(low ^ ports << 16)) & (ENTRIES - 1));
  }

  private static long word(byte[] address, int at) {
    return (int) WORDS.get(address, at) & 0xffff_ffffL;
  }

  private static long mix(long value) {
    long h = (value ^ value >>> 32) * FACTOR;
    return h ^ h >>> 29;
  }
}
