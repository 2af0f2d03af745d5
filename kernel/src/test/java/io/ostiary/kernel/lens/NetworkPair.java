package io.ostiary.kernel.lens;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.ostiary.kernel.Tool;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.net.InetAddress;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// Two hosts on one cable: network namespaces joined by a veth pair. What runs in one of them runs
/// on a thread of this process that has entered the namespace, so that the sockets are our own.
final class NetworkPair implements AutoCloseable {
  static final InetAddress GATEWAY_4 = address("198.18.0.1");
  static final InetAddress GATEWAY_6 = address("2001:db8::1");
  static final InetAddress CLIENT_4 = address("198.18.0.2");
  static final InetAddress CLIENT_6 = address("2001:db8::2");

  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle OPEN =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("open"),
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle ENTER =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("setns"),
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));

  final String gateway;
  final String client;
  private final ExecutorService inGateway = Executors.newSingleThreadExecutor();
  private final ExecutorService inClient = Executors.newSingleThreadExecutor();

  NetworkPair() throws Exception {
    var name = "ost-lens-" + ProcessHandle.current().pid() + "-" + NUMBER.incrementAndGet();
    gateway = name + "-g";
    client = name + "-c";
    Tool.run("ip", "netns", "add", gateway);
    Tool.run("ip", "netns", "add", client);
    Tool.run(
        "ip", "link", "add", "gate", "netns", gateway, "type", "veth", "peer", "name", "user",
        "netns", client);
    prepare(gateway, "gate", "198.18.0.1/24", "2001:db8::1/64");
    prepare(client, "user", "198.18.0.2/24", "2001:db8::2/64");
    inGateway.submit(() -> enter(gateway)).get(5, TimeUnit.SECONDS);
    inClient.submit(() -> enter(client)).get(5, TimeUnit.SECONDS);
  }

  private static void prepare(String namespace, String device, String four, String six) {
    Tool.run("ip", "-n", namespace, "link", "set", "lo", "up");
    Tool.run("ip", "-n", namespace, "address", "add", four, "dev", device);
    Tool.run("ip", "-n", namespace, "address", "add", six, "dev", device, "nodad");
    Tool.run("ip", "-n", namespace, "link", "set", device, "up");
  }

  <T> T inGateway(Callable<T> work) throws Exception {
    return inGateway.submit(work).get(30, TimeUnit.SECONDS);
  }

  <T> T inClient(Callable<T> work) throws Exception {
    return inClient.submit(work).get(30, TimeUnit.SECONDS);
  }

  /// Runs a command on the client's host and gives its output.
  String clientRuns(String... command) {
    return Tool.run(Tool.in(client, command));
  }

  String gatewayRuns(String... command) {
    return Tool.run(Tool.in(gateway, command));
  }

  Process gatewayStarts(String... command) throws Exception {
    return new ProcessBuilder(Tool.in(gateway, command)).redirectErrorStream(true).start();
  }

  private static Void enter(String namespace) {
    try (var arena = Arena.ofConfined()) {
      int file = (int) OPEN.invokeExact(arena.allocateFrom("/run/netns/" + namespace), 0);
      int result = (int) ENTER.invokeExact(file, 0x4000_0000);
      if (file < 0 || result != 0) {
        throw new AssertionError("cannot enter " + namespace);
      }
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
    return null;
  }

  private static InetAddress address(String text) {
    return InetAddress.ofLiteral(text);
  }

  @Override
  public void close() {
    inGateway.shutdownNow();
    inClient.shutdownNow();
    Tool.run("ip", "netns", "del", gateway);
    Tool.run("ip", "netns", "del", client);
  }
}
