package io.ostiary.kernel.balance;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.ostiary.kernel.Tool;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;

/// A client, a balancer and three targets: network namespaces joined by veth pairs, with routes and
/// a small web server on each target. What runs in one of them runs on threads that entered it.
final class BalanceHosts implements AutoCloseable {
  static final String SERVICE_4 = "203.0.113.10";
  static final String SERVICE_6 = "2001:db8:ffff::10";
  static final int TARGETS = 3;

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

  final String prefix = "ost-bal-" + ProcessHandle.current().pid() + "-" + NUMBER.incrementAndGet();
  final String client = prefix + "-c";
  final String balancer = prefix + "-b";
  final List<Server> servers = new ArrayList<>();
  private final List<ExecutorService> inTargets = new ArrayList<>();
  private final List<DatagramSocket> datagrams = new ArrayList<>();
  private final ExecutorService inBalancer;
  private final ExecutorService inClient;
  private final List<ExecutorService> executors = new ArrayList<>();

  BalanceHosts() throws Exception {
    Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    for (var command : List.of("ip", "curl", "sysctl", "bpftool", "clang")) {
      Assumptions.assumeTrue(
          List.of("/usr/bin", "/usr/sbin", "/sbin", "/bin").stream()
              .anyMatch(at -> Files.isExecutable(Path.of(at, command))),
          command + ": not installed");
    }
    namespace(client);
    namespace(balancer);
    Tool.run("ip", "netns", "exec", balancer, "sysctl", "-qw", "net.ipv4.ip_forward=1");
    Tool.run("ip", "netns", "exec", balancer, "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1");
    cable(client, "user", balancer, "c0", "198.18.0.", "2001:db8:0::");
    route(client, "user", "198.18.0.1", "2001:db8:0::1");
    inBalancer = enter(balancer);
    inClient = enter(client);
    for (int i = 1; i <= TARGETS; i++) {
      var target = prefix + "-t" + i;
      namespace(target);
      cable(
          target,
          "user",
          balancer,
          "t" + i,
          "198.18.%d.".formatted(i),
          "2001:db8:%d::".formatted(i));
      route(target, "user", "198.18.%d.1".formatted(i), "2001:db8:%d::1".formatted(i));
      inTargets.add(enter(target));
      servers.add(serveAgain(i));
    }
  }

  /// A server on a target, where none is.
  Server serveAgain(int target) throws Exception {
    return inTargets
        .get(target - 1)
        .submit(() -> new Server("t" + target, 8000))
        .get(10, TimeUnit.SECONDS);
  }

  /// On each target something that answers datagrams with its own two letters.
  void answerDatagrams(int port) throws Exception {
    for (int i = 1; i <= TARGETS; i++) {
      var name = ("t" + i).getBytes(StandardCharsets.US_ASCII);
      var socket =
          inTargets.get(i - 1).submit(() -> new DatagramSocket(port)).get(10, TimeUnit.SECONDS);
      datagrams.add(socket);
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            try {
              var packet = new DatagramPacket(new byte[64], 64);
              while (true) {
                socket.receive(packet);
                socket.send(new DatagramPacket(name, name.length, packet.getSocketAddress()));
              }
            } catch (IOException e) {
              // Closed.
            }
          });
    }
  }

  /// A socket that hears nobody but this address, on a thread in the client's namespace.
  static DatagramSocket datagrams(String address, int port) throws IOException {
    var socket = new DatagramSocket();
    socket.connect(new InetSocketAddress(address, port));
    socket.setSoTimeout(2000);
    return socket;
  }

  static String ask(DatagramSocket socket) throws IOException {
    socket.send(new DatagramPacket(new byte[] {'?'}, 1));
    var answer = new DatagramPacket(new byte[64], 64);
    socket.receive(answer);
    return new String(answer.getData(), 0, answer.getLength(), StandardCharsets.US_ASCII);
  }

  static String target4(int number) {
    return "198.18.%d.2".formatted(number);
  }

  static String target6(int number) {
    return "2001:db8:%d::2".formatted(number);
  }

  private static void namespace(String name) {
    Tool.run("ip", "netns", "add", name);
    Tool.run("ip", "-n", name, "link", "set", "lo", "up");
    // Without it neighbours are found only a second after an interface came up.
    Tool.run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0");
  }

  private static void cable(
      String host, String device, String balancer, String there, String four, String six) {
    Tool.run(
        "ip", "link", "add", device, "netns", host, "type", "veth", "peer", "name", there, "netns",
        balancer);
    address(host, device, four + "2/24", six + "2/64");
    address(balancer, there, four + "1/24", six + "1/64");
  }

  private static void address(String host, String device, String four, String six) {
    Tool.run("ip", "-n", host, "address", "add", four, "dev", device);
    Tool.run("ip", "-n", host, "address", "add", six, "dev", device, "nodad");
    Tool.run("ip", "-n", host, "link", "set", device, "up");
  }

  private static void route(String host, String device, String four, String six) {
    Tool.run("ip", "-n", host, "route", "add", "default", "via", four);
    Tool.run("ip", "-n", host, "-6", "route", "add", "default", "via", six, "dev", device);
  }

  private ExecutorService enter(String namespace) throws Exception {
    var executor = Executors.newSingleThreadExecutor();
    executors.add(executor);
    executor.submit(() -> enterHere(namespace)).get(5, TimeUnit.SECONDS);
    return executor;
  }

  private static void enterHere(String namespace) {
    try (var arena = Arena.ofConfined()) {
      int file = (int) OPEN.invokeExact(arena.allocateFrom("/run/netns/" + namespace), 0);
      int result = (int) ENTER.invokeExact(file, 0x4000_0000);
      if (file < 0 || result != 0) {
        throw new AssertionError("cannot enter " + namespace);
      }
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  <T> T inBalancer(Callable<T> work) throws Exception {
    return inBalancer.submit(work).get(30, TimeUnit.SECONDS);
  }

  <T> T inClient(Callable<T> work) throws Exception {
    return inClient.submit(work).get(60, TimeUnit.SECONDS);
  }

  /// The client's own threads, for calls side by side.
  ExecutorService clients(int count) throws Exception {
    return inClient(() -> threads(client, count));
  }

  /// Threads of clients on the balancer's own host.
  ExecutorService localClients(int count) throws Exception {
    return inBalancer(() -> threads(balancer, count));
  }

  /// Threads are children of the one that makes them, and so of its namespace.
  private ExecutorService threads(String namespace, int count) throws Exception {
    var pool = Executors.newFixedThreadPool(count);
    executors.add(pool);
    for (int i = 0; i < count; i++) {
      pool.submit(() -> enterHere(namespace)).get(5, TimeUnit.SECONDS);
    }
    return pool;
  }

  /// Who answered a connection of its own; on a thread in the client's namespace.
  static String call(String address, int port, int timeoutMillis) throws IOException {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, port), timeoutMillis);
      socket.setSoTimeout(timeoutMillis);
      return ask(socket);
    }
  }

  static String ask(Socket socket) throws IOException {
    socket
        .getOutputStream()
        .write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    var in = socket.getInputStream();
    var answer = new StringBuilder();
    while (answer.indexOf("\r\n\r\n") < 0 || answer.length() < answer.indexOf("\r\n\r\n") + 6) {
      int each = in.read();
      if (each < 0) {
        throw new IOException("closed after '" + answer + "'");
      }
      answer.append((char) each);
    }
    return answer.substring(answer.length() - 2);
  }

  String clientRuns(String... command) {
    return Tool.run(Tool.in(client, command));
  }

  /// Answers every request with its own two letters, after a while. Made on a thread in its
  /// namespace, as are its own.
  static final class Server implements AutoCloseable {
    final String name;
    final AtomicInteger answered = new AtomicInteger();
    final AtomicInteger accepted = new AtomicInteger();
    volatile int delayMillis;
    private final ServerSocket listener;

    Server(String name, int port) throws IOException {
      this.name = name;
      listener = new ServerSocket();
      listener.setReuseAddress(true);
      listener.bind(new InetSocketAddress("::", port), 512);
      Thread.ofPlatform().daemon().start(this::serve);
    }

    private void serve() {
      try {
        while (true) {
          var socket = listener.accept();
          accepted.incrementAndGet();
          Thread.ofVirtual().start(() -> answer(socket));
        }
      } catch (IOException e) {
        // Closed.
      }
    }

    private void answer(Socket socket) {
      var text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + name;
      try (socket) {
        var in = socket.getInputStream();
        int ends = 0;
        for (int each = in.read(); each >= 0; each = in.read()) {
          ends = each == '\n' || each == '\r' ? ends + 1 : 0;
          if (ends == 4) {
            Thread.sleep(delayMillis);
            answered.incrementAndGet();
            socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
          }
        }
      } catch (IOException | InterruptedException e) {
        // The client has gone.
      }
    }

    @Override
    public void close() throws IOException {
      listener.close();
    }
  }

  /// Where the version 2 control groups of this machine are.
  static Path cgroups() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/mounts")).stream()
        .map(line -> line.split(" "))
        .filter(words -> words[2].equals("cgroup2"))
        .map(words -> Path.of(words[1]))
        .findFirst()
        .orElseGet(() -> Assumptions.abort("no cgroup2 file system is mounted"));
  }

  @Override
  public void close() throws IOException {
    for (var server : servers) {
      server.close();
    }
    datagrams.forEach(DatagramSocket::close);
    executors.forEach(ExecutorService::shutdownNow);
    for (int i = 1; i <= TARGETS; i++) {
      Tool.run("ip", "netns", "del", prefix + "-t" + i);
    }
    Tool.run("ip", "netns", "del", client);
    Tool.run("ip", "netns", "del", balancer);
  }
}
