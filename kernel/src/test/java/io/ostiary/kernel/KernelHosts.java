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
    run("ip", "netns", "add", gateway);
    run("ip", "netns", "add", client);
    run("ip", "-n", gateway, "link", "set", "lo", "up");
    cable();
    start(gateway, "python3", "-m", "http.server", "--bind", "::", "8080");
    awaitReachable(HTTP_4, true, Duration.ofSeconds(10));
    awaitReachable(HTTP_6, true, Duration.ofSeconds(10));
  }

  /// Joins the hosts; the gateway's end is `gate`.
  void cable() {
    run(
        "ip", "link", "add", "gate", "netns", gateway, "type", "veth", "peer", "name", "user",
        "netns", client);
    prepare(gateway, "gate", "198.18.0.1/24", "2001:db8::1/64");
    prepare(client, "user", "198.18.0.2/24", "2001:db8::2/64");
  }

  private static void prepare(String namespace, String device, String four, String six) {
    run("ip", "-n", namespace, "address", "add", four, "dev", device);
    run("ip", "-n", namespace, "address", "add", six, "dev", device, "nodad");
    run("ip", "-n", namespace, "link", "set", device, "up");
  }

  /// Whether a client gets an answer; he waits for it half a second.
  boolean reachable(String url) {
    return execute(in(client, "curl", "-sS", "-g", "-o", "/dev/null", "-m", "0.5", url)).code == 0;
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

  String gatewayRuns(String... command) {
    return run(in(gateway, command));
  }

  String clientRuns(String... command) {
    return run(in(client, command));
  }

  private Process start(String namespace, String... command) throws IOException {
    var process =
        new ProcessBuilder(in(namespace, command))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    running.add(process);
    return process;
  }

  /// Another process of Ostiary's kernel side on the gateway.
  Child child() throws IOException {
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var process =
        new ProcessBuilder(
                in(
                    gateway,
                    java,
                    "--enable-native-access=ALL-UNNAMED",
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                    "-Xmx96m",
                    "-cp",
                    System.getProperty("java.class.path"),
                    "io.ostiary.kernel.KernelChild"))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    running.add(process);
    var child = new Child(process, process.inputReader(StandardCharsets.UTF_8));
    var hello = child.answer();
    if (!hello.equals("open")) {
      throw new AssertionError(hello);
    }
    return child;
  }

  record Child(Process process, BufferedReader answers) {
    String ask(String line) throws IOException {
      process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
      return answer();
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
      run("kill", "-" + name, "" + process.pid());
    }
  }

  record Ended(int code, String output) {}

  static Ended execute(String... command) {
    try {
      var process = new ProcessBuilder(command).redirectErrorStream(true).start();
      var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(String.join(" ", command) + ": no end after 30 s");
      }
      return new Ended(process.exitValue(), output);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(String.join(" ", command), e);
    }
  }

  static String run(String... command) {
    var ended = execute(command);
    if (ended.code != 0) {
      throw new AssertionError(String.join(" ", command) + ": " + ended.output);
    }
    return ended.output;
  }

  private static String[] in(String namespace, String... command) {
    var words = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    words.addAll(List.of(command));
    return words.toArray(String[]::new);
  }

  @Override
  public void close() {
    for (var process : running) {
      process.destroyForcibly();
      process.onExit().orTimeout(5, TimeUnit.SECONDS).join();
    }
    execute("ip", "netns", "del", gateway);
    execute("ip", "netns", "del", client);
  }
}
