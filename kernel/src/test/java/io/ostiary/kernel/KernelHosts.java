package io.ostiary.kernel;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/// A gateway and a client in network namespaces, joined by a veth pair; processes of ours and of
/// others that run there; and an HTTP server at the gateway's port 8080.
final class KernelHosts implements AutoCloseable {
  static final String HTTP_4 = "http://198.18.0.1:8080/";
  static final String HTTP_6 = "http://[2001:db8::1]:8080/";

  private static final AtomicInteger NUMBER = new AtomicInteger();

  final String gateway;
  final String client;
  private final List<Process> running = new ArrayList<>();

  KernelHosts() throws Exception {
    var name = "ost-kernel-" + ProcessHandle.current().pid() + "-" + NUMBER.incrementAndGet();
    gateway = name + "-g";
    client = name + "-c";
    Tool.run("ip", "netns", "add", gateway);
    Tool.run("ip", "netns", "add", client);
    Tool.run("ip", "-n", gateway, "link", "set", "lo", "up");
    cable();
    start(gateway, "python3", "-m", "http.server", "--bind", "::", "8080");
    awaitReachable(HTTP_4, true, Duration.ofSeconds(10));
    awaitReachable(HTTP_6, true, Duration.ofSeconds(10));
  }

  /// Joins the hosts; the gateway's end is `gate`.
  void cable() {
    Tool.run(
        "ip", "link", "add", "gate", "netns", gateway, "type", "veth", "peer", "name", "user",
        "netns", client);
    prepare(gateway, "gate", "198.18.0.1/24", "2001:db8::1/64");
    prepare(client, "user", "198.18.0.2/24", "2001:db8::2/64");
  }

  private static void prepare(String namespace, String device, String four, String six) {
    Tool.run("ip", "-n", namespace, "address", "add", four, "dev", device);
    Tool.run("ip", "-n", namespace, "address", "add", six, "dev", device, "nodad");
    Tool.run("ip", "-n", namespace, "link", "set", device, "up");
  }

  /// Whether a client gets an answer; he waits for it half a second.
  boolean reachable(String url) {
    return Tool.execute(Tool.in(client, "curl", "-sS", "-g", "-o", "/dev/null", "-m", "0.5", url))
            .code()
        == 0;
  }

  /// @return after how many milliseconds it was so
  long awaitReachable(String url, boolean expected, Duration limit) throws InterruptedException {
    long start = System.nanoTime();
    while (reachable(url) != expected) {
      if (System.nanoTime() - start > limit.toNanos()) {
        throw new AssertionError(url + ": reachable is not " + expected + " after " + limit);
      }
      Thread.sleep(20);
    }
    return Duration.ofNanos(System.nanoTime() - start).toMillis();
  }

  /// Waits until nothing of ours hangs on the gateway's interface. The kernel takes programs away
  /// when the last descriptor of their process is closed, which is some time after the signal that
  /// ends it.
  void awaitNoProgram() throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(3).toNanos();
    var shown = gatewayRuns("ip", "link", "show", "gate");
    while (shown.contains("xdp")) {
      if (System.nanoTime() > end) {
        throw new AssertionError("3 s after its process was ended: " + shown);
      }
      Thread.sleep(20);
      shown = gatewayRuns("ip", "link", "show", "gate");
    }
  }

  String gatewayRuns(String... command) {
    return Tool.run(Tool.in(gateway, command));
  }

  String clientRuns(String... command) {
    return Tool.run(Tool.in(client, command));
  }

  /// UDP packets that are on their way; it prints how many, when it is told to stop.
  record Sending(Process process, BufferedReader output) implements AutoCloseable {
    void end() throws InterruptedException {
      if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new AssertionError("packets were not sent: " + process);
      }
    }

    /// @return how many were sent
    long stop() throws IOException {
      // Java's own way to end it would close its output.
      Tool.run("kill", "-TERM", "" + process.pid());
      return Long.parseLong(output.readLine());
    }

    /// Of one that counts: how many came, half a second after the last.
    long received() throws IOException {
      return Long.parseLong(output.readLine());
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  /// The client sends so many packets to a UDP port, so many a second.
  Sending clientSends(int port, int packets, int perSecond) throws IOException {
    return clientSends("198.18.0.1", port, packets, perSecond);
  }

  Sending clientSends(String to, int port, int packets, int perSecond) throws IOException {
    return python(
        client,
        """
        import signal, socket, time
        going = True
        def stop(*_):
          global going
          going = False
        signal.signal(signal.SIGTERM, stop)
        s = socket.socket(%s, socket.SOCK_DGRAM)
        start = time.monotonic()
        sent = 0
        while going and sent < %d:
          while time.monotonic() < start + sent / %d: time.sleep(0.0005)
          try: s.sendto(b'x' * 20, ('%s', %d))
          except ConnectionRefusedError: continue
          sent += 1
        print(sent)
        """
            .formatted(family(to), packets, perSecond, to, port));
  }

  private static String family(String address) {
    return address.indexOf(':') < 0 ? "socket.AF_INET" : "socket.AF_INET6";
  }

  /// The gateway counts packets to a UDP port until none comes for half a second.
  Sending gatewayCounts(int port) throws Exception {
    return gatewayCounts("198.18.0.1", port);
  }

  Sending gatewayCounts(String at, int port) throws Exception {
    var counting =
        python(
            gateway,
            """
            import socket
            s = socket.socket(%s, socket.SOCK_DGRAM)
            s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)
            s.bind(('%s', %d))
            print('ready', flush=True)
            count = 0
            while True:
              try:
                s.recv(64)
                count += 1
                s.settimeout(0.5)
              except TimeoutError:
                print(count, flush=True)
                break
            """
                .formatted(family(at), at, port));
    if (!"ready".equals(counting.output().readLine())) {
      throw new AssertionError("the receiver did not start");
    }
    return counting;
  }

  private Sending python(String namespace, String script) throws IOException {
    var process = new ProcessBuilder(Tool.in(namespace, "python3", "-c", script)).start();
    running.add(process);
    return new Sending(process, process.inputReader(StandardCharsets.UTF_8));
  }

  /// It ends with the hosts at the latest.
  Process clientStarts(String... command) throws IOException {
    return start(client, command);
  }

  /// The same on the other side.
  Process gatewayStarts(String... command) throws IOException {
    return start(gateway, command);
  }

  private Process start(String namespace, String... command) throws IOException {
    var process =
        new ProcessBuilder(Tool.in(namespace, command))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    running.add(process);
    return process;
  }

  /// Another process of Ostiary's kernel side on the gateway.
  Child child() throws IOException {
    return child("io.ostiary.kernel.KernelChild");
  }

  /// @param main a class that says `open` and then answers each line with one
  Child child(String main) throws IOException {
    return child(List.of("ip", "netns", "exec", gateway), main, unmounted());
  }

  /// The same, in a memory cgroup or with another view of the file system.
  ///
  /// @param before what comes before the Java command
  Child child(List<String> before) throws IOException {
    return child(before, "io.ostiary.kernel.KernelChild", unmounted());
  }

  /// Where no BPF file system is, as seen through `ip netns exec`.
  private Path unmounted() {
    return Path.of("/sys/fs/bpf/ostiary", gateway);
  }

  private Child child(List<String> before, String main, Path pins) throws IOException {
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var command = new ArrayList<>(before);
    command.addAll(
        List.of(
            java,
            "--enable-native-access=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx96m",
            "-Dpins=" + pins,
            "-cp",
            System.getProperty("java.class.path"),
            main));
    var process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    running.add(process);
    var child = new Child(process, process.inputReader(StandardCharsets.UTF_8));
    var hello = child.answer();
    if (!hello.equals("open")) {
      throw new AssertionError(hello);
    }
    return child;
  }

  /// One that sees the file systems of this machine, some of which `ip netns exec` hides.
  Child childWithPins(Path pins) throws IOException {
    return child(
        List.of("nsenter", "--net=/run/netns/" + gateway), "io.ostiary.kernel.KernelChild", pins);
  }

  record Child(Process process, BufferedReader answers) {
    String ask(String line) throws IOException {
      tell(line);
      return answer();
    }

    void tell(String line) throws IOException {
      process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    }

    private String answer() throws IOException {
      String line = answers.readLine();
      if (line == null) {
        throw new AssertionError("the child ended");
      }
      return line;
    }

    /// Of the one interface, or the first.
    long counted(String word) throws IOException {
      var matcher = Pattern.compile(word + "=(\\d+)").matcher(ask("status"));
      return matcher.find() ? Long.parseLong(matcher.group(1)) : -1;
    }

    /// `ip netns exec` becomes the command it runs, so the process id is Java's.
    void signal(String name) {
      Tool.run("kill", "-" + name, "" + process.pid());
    }
  }

  @Override
  public void close() {
    for (var process : running) {
      process.destroyForcibly();
      process.onExit().orTimeout(5, TimeUnit.SECONDS).join();
    }
    Tool.execute("ip", "netns", "del", gateway);
    Tool.execute("ip", "netns", "del", client);
  }
}
