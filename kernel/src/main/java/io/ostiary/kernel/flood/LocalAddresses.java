package io.ostiary.kernel.flood;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ostiary.kernel.libbpf.BpfTable;
import io.ostiary.kernel.libbpf.LibbpfException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;

/// Tells the programs which addresses are this host's own: a SYN that is on its way to another one,
/// through us, is not ours to answer. Confined to one thread at a time.
final class LocalAddresses {
  private static final int MAX = 1024;
  private static final long MAPPED = 0xffffL << 32;
  private static final ValueLayout.OfLong NETWORK = JAVA_LONG.withOrder(ByteOrder.BIG_ENDIAN);

  private final BpfTable table;
  private Set<Key> told = Set.of();

  LocalAddresses(BpfTable table) {
    this.table = table;
  }

  void refresh() throws LibbpfException {
    Set<Key> now;
    try {
      now =
          NetworkInterface.networkInterfaces()
              .flatMap(NetworkInterface::inetAddresses)
              .map(Key::of)
              .limit(MAX)
              .collect(Collectors.toSet());
    } catch (SocketException e) {
      // Interfaces came or went meanwhile; the next time tells.
      return;
    }
    if (now.equals(told)) {
      return;
    }
    var gone = new HashSet<>(told);
    gone.removeAll(now);
    try (var arena = Arena.ofConfined()) {
      var one = arena.allocateFrom(JAVA_INT, 1);
      for (var key : gone) {
        table.remove(key.in(arena));
      }
      for (var key : now) {
        table.write(key.in(arena), one);
      }
    }
    told = now;
  }

  /// As in `struct packet`: of IPv4 ::ffff:a.b.c.d.
  private record Key(long high, long low) {
    static Key of(InetAddress address) {
      var bytes = ByteBuffer.wrap(address.getAddress());
      return bytes.remaining() == 16
          ? new Key(bytes.getLong(), bytes.getLong())
          : new Key(0, MAPPED | Integer.toUnsignedLong(bytes.getInt()));
    }

    MemorySegment in(Arena arena) {
      var memory = arena.allocate(16, 8);
      memory.set(NETWORK, 0, high);
      memory.set(NETWORK, 8, low);
      return memory;
    }
  }
}
