package io.ostiary.kernel.lens;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteOrder;

/// A blocking TCP socket by way of libc, because the JDK hides what these tests are about: the
/// socket cookie, a reset instead of a FIN, and the network namespace, which is that of the thread
/// that calls [#listen] or [#client]. Every call that waits gives up after ten seconds.
final class NativeSocket implements AutoCloseable {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle SOCKET = function("socket", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle BIND = function("bind", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle LISTEN = function("listen", JAVA_INT, JAVA_INT);
  private static final MethodHandle ACCEPT = function("accept", JAVA_INT, ADDRESS, ADDRESS);
  private static final MethodHandle CONNECT = function("connect", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle NAME = function("getsockname", JAVA_INT, ADDRESS, ADDRESS);
  private static final MethodHandle SHUTDOWN = function("shutdown", JAVA_INT, JAVA_INT);
  private static final MethodHandle CLOSE = function("close", JAVA_INT);
  private static final MethodHandle GET_OPTION =
      function("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
  private static final MethodHandle SET_OPTION =
      function("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle SEND = transfer("send", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
  private static final MethodHandle RECV = transfer("recv", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);

  private static final int SOL_SOCKET = 1;
  private static final int SO_REUSEADDR = 2;
  private static final int SO_RCVBUF = 8;
  private static final int SO_LINGER = 13;
  private static final int SO_RCVTIMEO = 20;
  private static final int SO_SNDTIMEO = 21;
  private static final int SO_COOKIE = 57;
  private static final int IPPROTO_TCP = 6;
  private static final int TCP_USER_TIMEOUT = 18;
  private static final int MSG_NOSIGNAL = 0x4000;

  private final int descriptor;
  private boolean closed;

  private NativeSocket(int descriptor) {
    this.descriptor = checked("socket or accept", descriptor);
    for (int option : new int[] {SO_RCVTIMEO, SO_SNDTIMEO}) {
      set(SOL_SOCKET, option, 10, 0, 0, 0);
    }
  }

  private static MethodHandle function(String name, java.lang.foreign.MemoryLayout... arguments) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_INT, arguments));
  }

  private static MethodHandle transfer(String name, java.lang.foreign.MemoryLayout... arguments) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_LONG, arguments));
  }

  static NativeSocket client(InetAddress family) {
    return new NativeSocket(call(SOCKET, familyOf(family), 1, 0));
  }

  /// @param port 0: any that is free
  static NativeSocket listen(InetAddress address, int port) {
    var socket = client(address);
    try (var arena = Arena.ofConfined()) {
      socket.set(SOL_SOCKET, SO_REUSEADDR, 1);
      var name = name(arena, address, port);
      checked("bind", call(BIND, socket.descriptor, name, (int) name.byteSize()));
      checked("listen", call(LISTEN, socket.descriptor, 512));
    }
    return socket;
  }

  NativeSocket accept() {
    return new NativeSocket(call(ACCEPT, descriptor, MemorySegment.NULL, MemorySegment.NULL));
  }

  NativeSocket connect(InetAddress address, int port) {
    checked("connect", tryConnect(address, port));
    return this;
  }

  int tryConnect(InetAddress address, int port) {
    try (var arena = Arena.ofConfined()) {
      var name = name(arena, address, port);
      return call(CONNECT, descriptor, name, (int) name.byteSize());
    }
  }

  int port() {
    try (var arena = Arena.ofConfined()) {
      var name = arena.allocate(28, 8);
      var length = arena.allocateFrom(JAVA_INT, 28);
      checked("getsockname", call(NAME, descriptor, name, length));
      return Short.toUnsignedInt(name.get(JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN), 2));
    }
  }

  long cookie() {
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(8, 8);
      var length = arena.allocateFrom(JAVA_INT, 8);
      checked("SO_COOKIE", call(GET_OPTION, descriptor, SOL_SOCKET, SO_COOKIE, value, length));
      return value.get(JAVA_LONG, 0);
    }
  }

  NativeSocket send(int bytes) {
    try (var arena = Arena.ofConfined()) {
      var data = arena.allocate(bytes);
      for (long sent = 0; sent < bytes; ) {
        sent += transferred("send", SEND, data.asSlice(sent), MSG_NOSIGNAL);
      }
    }
    return this;
  }

  NativeSocket send(String text) {
    try (var arena = Arena.ofConfined()) {
      var data = arena.allocateFrom(text);
      transferred("send", SEND, data.asSlice(0, text.length()), MSG_NOSIGNAL);
    }
    return this;
  }

  /// Reads up to the empty line of an HTTP head without a body.
  void receiveHead() {
    try (var arena = Arena.ofConfined()) {
      var data = arena.allocate(4096);
      long end = 0;
      while (end < 4 || data.get(JAVA_INT_UNALIGNED, end - 4) != 0x0a0d0a0d) {
        end += transferred("recv", RECV, data.asSlice(end), 0);
      }
    }
  }

  /// Sends until the peer's window and our buffer are full.
  void sendAtMost(int bytes) {
    set(SOL_SOCKET, SO_SNDTIMEO, 0, 0, 300_000, 0);
    try (var arena = Arena.ofConfined()) {
      var data = arena.allocate(bytes);
      for (long sent = 0; sent < bytes; ) {
        long now = (long) SEND.invokeExact(descriptor, data.asSlice(sent), bytes - sent, 0);
        if (now <= 0) {
          return;
        }
        sent += now;
      }
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  NativeSocket receive(int bytes) {
    try (var arena = Arena.ofConfined()) {
      var data = arena.allocate(bytes);
      for (long received = 0; received < bytes; ) {
        received += transferred("recv", RECV, data.asSlice(received), 0);
      }
    }
    return this;
  }

  /// Returns once the peer has closed its side.
  void receiveEnd() {
    try (var arena = Arena.ofConfined()) {
      long read = (long) RECV.invokeExact(descriptor, arena.allocate(1), 1L, 0);
      if (read != 0) {
        throw new AssertionError("recv: " + read + " (expected: 0, the end)");
      }
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  void receiveBuffer(int bytes) {
    set(SOL_SOCKET, SO_RCVBUF, bytes);
  }

  /// Gives the connection up when data stays unacknowledged for so long.
  void userTimeoutMillis(int millis) {
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, millis);
  }

  void endOutput() {
    checked("shutdown", call(SHUTDOWN, descriptor, 1));
  }

  /// Closes with RST instead of FIN.
  void reset() {
    set(SOL_SOCKET, SO_LINGER, 1, 0);
    close();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      call(CLOSE, descriptor);
    }
  }

  private void set(int level, int option, int... words) {
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocateFrom(JAVA_INT, words);
      checked(
          "setsockopt", call(SET_OPTION, descriptor, level, option, value, (int) value.byteSize()));
    }
  }

  private long transferred(String what, MethodHandle call, MemorySegment data, int flags) {
    try {
      long count = (long) call.invokeExact(descriptor, data, data.byteSize(), flags);
      if (count <= 0) {
        throw new AssertionError(what + ": " + count + " (expected: bytes)");
      }
      return count;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static int call(MethodHandle function, Object... arguments) {
    try {
      return (int) function.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static int checked(String what, int result) {
    if (result < 0) {
      throw new AssertionError(what + " failed");
    }
    return result;
  }

  private static int familyOf(InetAddress address) {
    return address instanceof Inet4Address ? 2 : 10;
  }

  private static MemorySegment name(Arena arena, InetAddress address, int port) {
    boolean four = address instanceof Inet4Address;
    var name = arena.allocate(four ? 16 : 28, 8);
    name.set(JAVA_SHORT, 0, (short) familyOf(address));
    name.set(JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN), 2, (short) port);
    MemorySegment.copy(
        address.getAddress(), 0, name, JAVA_BYTE, four ? 4 : 8, address.getAddress().length);
    return name;
  }
}
