package io.ostiary.server.command;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.ostiary.control.AdminClient;
import io.ostiary.control.AdminException;
import io.ostiary.server.UserError;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/// `ostiary capture`: packets as they come, with the shield's verdict on each, into a file or into
/// another program: `ostiary capture --dropped -o - | tshark -r -`. Ctrl-C ends it; what was taken
/// stays in the console as well.
@Command(
    name = "capture",
    description = "Capture packets with their verdicts, as pcap-ng (end with Ctrl-C).")
public final class CaptureCommand implements Callable<Integer> {
  private static final int BLOCK_HEAD = 8;

  @Mixin private AdminOptions admin;
  @Spec private CommandSpec spec;

  @Option(
      names = "--source",
      paramLabel = "SOURCE",
      description = "Who is at the other end: an address or a block.")
  private @Nullable String source;

  @Option(names = "--port", paramLabel = "PORT", description = "A port at either end, up to four.")
  private List<String> ports = new ArrayList<>();

  @Option(names = "--rule", paramLabel = "NUMBER", description = "What this rule decided.")
  private @Nullable Integer rule;

  @Option(names = "--api", paramLabel = "NAME", description = "Connections with calls of an API.")
  private @Nullable String api;

  @Option(names = "--call", paramLabel = "CALL-ID", description = "The connection of a call.")
  private @Nullable String call;

  @Option(
      names = "--reason",
      paramLabel = "REASON",
      description = "Dropped for this reason, such as deny-rule.")
  private List<String> reasons = new ArrayList<>();

  @Option(names = "--dropped", description = "Only what was dropped, or would be in dry-run.")
  private boolean dropped;

  @Option(names = "--interface", paramLabel = "NAME", description = "One interface.")
  private @Nullable String device;

  @Option(
      names = "--snap",
      paramLabel = "BYTES",
      defaultValue = "2048",
      description = "How much of each packet, 64-65535 (default: ${DEFAULT-VALUE}).")
  private int snap;

  @Option(
      names = "--one-of",
      paramLabel = "COUNT",
      defaultValue = "1",
      description = "Takes one packet of so many, by chance.")
  private int oneOf;

  @Option(
      names = "--for",
      paramLabel = "TIME",
      defaultValue = "60s",
      description = "How long, up to 1h (default: ${DEFAULT-VALUE}).")
  private String time = "";

  @Option(
      names = "--packets",
      paramLabel = "COUNT",
      defaultValue = "100000",
      description = "How many at most (default: ${DEFAULT-VALUE}).")
  private long packets;

  @Option(names = "--from-now", description = "Without the last seconds that are in memory.")
  private boolean fromNow;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      required = true,
      description = "A new file, or - for standard output.")
  private String output = "";

  @Override
  public Integer call() throws InterruptedException {
    check();
    return admin.ask(this::run);
  }

  /// Whether there is a place to write to, before anything is captured.
  @SuppressWarnings("SystemConsoleNull") // The type says that it may be null.
  private void check() {
    if (output.equals("-")) {
      var terminal = System.console();
      if (terminal != null && terminal.isTerminal()) {
        throw new UserError(
            "-o -: a terminal (expected: a pipe, such as `ostiary capture -o - | tshark -r -`)");
      }
    } else if (Files.exists(Path.of(output))) {
      throw new UserError("-o: %s exists (expected: a new file)".formatted(output));
    }
  }

  private OutputStream open() throws IOException {
    return output.equals("-")
        ? new FileOutputStream(FileDescriptor.out)
        : Files.newOutputStream(Path.of(output), CREATE_NEW, WRITE);
  }

  private int run(AdminClient client) throws AdminException {
    var begun = client.capture(wanted());
    var id = begun.path("id").asString("");
    var err = spec.commandLine().getErr();
    var ending = new Thread(() -> stop(client, id));
    Runtime.getRuntime().addShutdownHook(ending);
    boolean whole = true;
    try (var to = open()) {
      err.printf("capturing %s as %s; end with Ctrl-C%n", begun.path("filter").asString(""), id);
      err.flush();
      client.followCapture(id, to);
    } catch (IOException e) {
      stop(client, id);
      whole = output.equals("-"); // whoever reads a pipe and leaves has seen enough
      err.printf("%s: %s%s%n", output, e.getMessage(), whole ? "" : cut());
    }
    forget(ending);
    int told = told(client.captureNow(id), err);
    return whole ? told : 1;
  }

  /// Takes the half block off that a full disk left at the end; the capture is whole elsewhere.
  private String cut() {
    try (var file = FileChannel.open(Path.of(output), READ, WRITE)) {
      var head = ByteBuffer.allocate(BLOCK_HEAD).order(ByteOrder.LITTLE_ENDIAN);
      long end = 0;
      int length = 0;
      do {
        end += length;
        length = file.read(head.clear(), end) == BLOCK_HEAD ? head.getInt(Integer.BYTES) : 0;
      } while (length >= BLOCK_HEAD && end + length <= file.size());
      file.truncate(end);
      return ". What was written is kept, and the whole capture in the console";
    } catch (IOException e) {
      return ". It ends within a packet (%s); the console has the whole capture"
          .formatted(e.getMessage());
    }
  }

  private static void stop(AdminClient client, String id) {
    try {
      client.stopCapture(id);
    } catch (AdminException e) {
      // It ends by its own limits.
    }
  }

  private static void forget(Thread ending) {
    try {
      Runtime.getRuntime().removeShutdownHook(ending);
    } catch (IllegalStateException e) {
      // The process ends, and the hook is what stopped the capture.
    }
  }

  private Map<String, Object> wanted() {
    var wanted = new LinkedHashMap<String, Object>();
    put(wanted, "source", source);
    wanted.put("ports", ports);
    put(wanted, "rule", rule);
    put(wanted, "api", api);
    put(wanted, "call", call);
    wanted.put("reasons", reasons);
    wanted.put("verdicts", dropped ? "dropped" : "all");
    put(wanted, "interface", device);
    wanted.put("snap", snap);
    wanted.put("oneOf", oneOf);
    wanted.put("seconds", BanCommand.duration(time).toSeconds());
    wanted.put("packets", packets);
    wanted.put("lastSeconds", !fromNow);
    return wanted;
  }

  private static void put(Map<String, Object> wanted, String name, @Nullable Object value) {
    if (value != null) {
      wanted.put(name, value);
    }
  }

  private static int told(JsonNode ended, PrintWriter err) {
    long lost = ended.path("lost").asLong(0);
    var why = ended.path("why").asString("");
    err.printf(
        "%d packets, %d lost%s%n",
        ended.path("packets").asLong(0), lost, why.isEmpty() ? "" : ": " + why);
    err.flush();
    return ended.path("state").asString("").equals("failed") ? 1 : 0;
  }
}
