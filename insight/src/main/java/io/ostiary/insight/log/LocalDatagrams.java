package io.ostiary.insight.log;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

/// A datagram socket of this host, such as `/dev/log`: four calls of the C library, since the JDK
/// has no such channel. Never waits: a full socket loses the message. Opened by one thread and then
/// used by another.
public final class LocalDatagrams implements AutoCloseable {
  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int PATH_MAX = 107;
  private static final int ADDRESS_BYTES = 110;
  private static final int MESSAGE_MAX = 20 * 1024;

  private static final MethodHandle SOCKET =
      find("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle CONNECT =
      find("connect", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle SEND =
      find("send", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
  private static final MethodHandle CLOSE =
      find("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

  private final Arena arena = Arena.ofShared();
  private final MemorySegment message = arena.allocate(MESSAGE_MAX);
  private final String path;
  private final int socket;

  private LocalDatagrams(String path, int socket) {
    this.path = path;
    this.socket = socket;
  }

  private static MethodHandle find(String name, FunctionDescriptor of) {
    var linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), of);
  }

  /// @param path of the socket; with `@` in front, a name that has none in the file system
  public static LocalDatagrams open(String path) throws IOException {
    var name = path.getBytes(StandardCharsets.UTF_8);
    if (name.length > PATH_MAX) {
      throw new IOException(path + ": longer than " + PATH_MAX + " bytes");
    }
    int socket = (int) call(() -> SOCKET.invoke(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    try (var here = Arena.ofConfined()) {
      var address = here.allocate(ADDRESS_BYTES);
      address.set(JAVA_SHORT, 0, (short) AF_UNIX);
      MemorySegment.copy(name, 0, address, JAVA_BYTE, 2, name.length);
      boolean named = name.length > 0 && name[0] == '@';
      if (named) {
        address.set(JAVA_BYTE, 2, (byte) 0);
      }
      // The length is part of a name that is not in the file system.
      int size = named ? 2 + name.length : ADDRESS_BYTES;
      if (socket < 0 || (int) call(() -> CONNECT.invoke(socket, address, size)) < 0) {
        if (socket >= 0) {
          call(() -> CLOSE.invoke(socket));
        }
        throw new IOException(path + ": nobody reads there (expected: a syslog server's socket)");
      }
    }
    return new LocalDatagrams(path, socket);
  }

  public void send(byte[] bytes) throws IOException {
    int length = Math.min(bytes.length, MESSAGE_MAX);
    MemorySegment.copy(bytes, 0, message, JAVA_BYTE, 0, length);
    long sent =
        (long) call(() -> SEND.invoke(socket, message, (long) length, MSG_DONTWAIT | MSG_NOSIGNAL));
    if (sent != length) {
      throw new IOException(path + ": it takes no message");
    }
  }

  @Override
  public void close() {
    call(() -> CLOSE.invoke(socket));
    arena.close();
  }

  @FunctionalInterface
  private interface Native {
    Object run() throws Throwable;
  }

  private static Object call(Native call) {
    try {
      return call.run();
    } catch (Throwable e) {
      throw new IllegalStateException("the C library cannot be called", e);
    }
  }
}
