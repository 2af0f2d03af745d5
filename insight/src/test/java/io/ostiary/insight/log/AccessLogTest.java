package io.ostiary.insight.log;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.insight.testing.SlotFixture;
import io.ostiary.model.Blame;
import io.ostiary.model.CallId;
import io.ostiary.model.LedgerSlot;
import io.ostiary.model.observe.AccessLog;
import io.ostiary.model.observe.AccessLog.Destination;
import io.ostiary.model.observe.AccessLog.Destination.Syslog;
import io.ostiary.model.observe.AccessLog.Format;
import io.ostiary.model.observe.AccessLog.Rule;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Lines as programs read them that are not ours: python's JSON parser, the usual expression for
/// the Combined Log Format, the grammar of RFC 5424.
class AccessLogTest {
  private static final Pattern COMBINED =
      Pattern.compile(
          "^(\\S+) (\\S+) (\\S+) \\[([\\w:/]+\\s[+-]\\d{4})] \"((?:[^\"\\\\]|\\\\.)*)\""
              + " (\\d{3}) (\\d+|-) \"((?:[^\"\\\\]|\\\\.)*)\" \"((?:[^\"\\\\]|\\\\.)*)\"$");
  private static final long MILLIS = 1_764_439_200_123L; // 2025-11-29T18:00:00.123Z

  private final SlotFixture fixture = new SlotFixture(1, 1);
  @TempDir private Path folder;

  private LedgerSlot slot() {
    var slot = new LedgerSlot();
    fixture.answered(slot, MILLIS, 5_000_000_000L, 1_500);
    slot.protocol = "HTTP/1.1";
    slot.responseHeadBytes = 120;
    return slot;
  }

  private static void note(LedgerSlot slot, String name, String value) {
    slot.noted.begin(List.of(name));
    slot.noted.add(value.getBytes(ISO_8859_1), 0, value.length());
  }

  private static String line(Format format, LedgerSlot slot) {
    var out = new LineBytes();
    Line.of(format).write(slot, out);
    return new String(out.bytes(), 0, out.length(), ISO_8859_1);
  }

  private Destination.File file(long bytes, Duration every, int keep) {
    return new Destination.File(folder.resolve("access.log"), bytes, every, keep);
  }

  private AccessLog log(Destination to, Rule... rules) {
    return new AccessLog(to, Format.COMMON, List.of(rules), true);
  }

  private static AccessLogs running(AccessLog... logs) {
    var all = new AccessLogs();
    var problems = new ArrayList<String>();
    all.prepare(List.of(logs), problems).inForce();
    assertThat(problems).isEmpty();
    all.turn();
    return all;
  }

  private static void until(BooleanSupplier held) {
    long end = System.nanoTime() + 5_000_000_000L;
    while (!held.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited five seconds").isLessThan(end);
      Thread.onSpinWait();
    }
  }

  @Test
  void writesWhatReadersOfTheCombinedFormatExpect() {
    var slot = slot();
    note(slot, "user-agent", "curl/7.88.1");
    var match = COMBINED.matcher(line(Format.COMBINED, slot));

    assertThat(match.matches()).isTrue();
    assertThat(match.group(3)).isEqualTo("consumer0");
    assertThat(match.group(4)).isEqualTo("29/Nov/2025:18:00:00 +0000");
    assertThat(match.group(5)).isEqualTo("GET /api0/orders/17?expand=items HTTP/1.1");
    assertThat(match.group(6)).isEqualTo("200");
    assertThat(match.group(7)).isEqualTo("300");
    assertThat(match.group(8)).isEqualTo("-");
    assertThat(match.group(9)).isEqualTo("curl/7.88.1");
  }

  @Test
  void nothingThatAClientSendsEndsALineOrAValue() {
    var evil = "x\" 200 1 \"y\r\n127.0.0.1 - - [now] \\\u001b[31m\u00e9\u0000";
    var slot = slot();
    note(slot, "user-agent", evil);
    var text = line(Format.COMBINED, slot);

    assertThat(text).doesNotContain("\n", "\r", "\u001b", "\u0000", "\u00e9");
    var match = COMBINED.matcher(text);
    assertThat(match.matches()).isTrue();
    assertThat(match.group(9))
        .isEqualTo("x\\x22 200 1 \\x22y\\x0d\\x0a127.0.0.1 - - [now] \\x5c\\x1b[31m\\xe9\\x00");
  }

  @Test
  void writesJsonThatAnotherParserReads() throws Exception {
    var slot = slot();
    var value = "say \"\\hi\\\" \u00fc \t";
    note(slot, "x-note", value);
    slot.logged.add("tenant", "\u20ac \"1\"");
    slot.logged.add("page", "2");
    var text = line(new Format.Json(List.of("X-Note")), slot);
    var python =
        new ProcessBuilder(
                "python3",
                "-c",
                "import json,sys\nd=json.loads(sys.stdin.buffer.read())\n"
                    + "print(d['status'],d['client'],d['millis'],d['body_bytes'],d['call'],"
                    + "d['time'],ascii(d['headers']['x-note']),ascii(d['fields']))")
            .redirectErrorStream(true)
            .start();
    try (var in = python.getOutputStream()) {
      in.write(text.getBytes(ISO_8859_1));
    }

    assertThat(new String(python.getInputStream().readAllBytes(), UTF_8).strip())
        .isEqualTo(
            "200 198.18.0.2 1.5 300 %s 2025-11-29T18:00:00.123Z '%s' %s"
                .formatted(
                    CallId.text(slot.callId),
                    "say \"\\\\hi\\\\\" \\xfc \\t",
                    "{'tenant': '\\u20ac \"1\"', 'page': '2'}"));
  }

  @Test
  void showsWhatPoliciesGaveACallWhereAPatternAsks() {
    var slot = slot();
    slot.logged.add("tenant", "a \"b\"\n\u00fc");
    var format = Format.Parts.of("{field:tenant} {field:other}");
    assertThat(line(format, slot)).isEqualTo("a \\x22b\\x22\\x0a\\xc3\\xbc -");
  }

  @Test
  void writesAddressesOfVersionSixAsRfc5952Says() throws Exception {
    for (var text : List.of("2001:db8::1", "::", "::1", "2001:db8:0:1:1:1:1:1", "fe80::1:0:0:1")) {
      var slot = slot();
      var bytes = InetAddress.getByName(text).getAddress();
      System.arraycopy(bytes, 0, slot.client, 0, 16);
      slot.clientLength = 16;

      assertThat(line(Format.Parts.of("{client}"), slot)).isEqualTo(text);
    }
  }

  @Test
  void refusesPatternsItDoesNotUnderstand() {
    assertThat(line(Format.Parts.of("{{{status}}}"), slot())).isEqualTo("{200}");
    assertThatThrownBy(() -> Format.Parts.of("{statuz}")).hasMessageContaining("{statuz}");
    assertThatThrownBy(() -> Format.Parts.of("{status")).hasMessageContaining("without '}'");
    assertThatThrownBy(() -> Format.Parts.of("a\n{status}")).hasMessageContaining("one line");
  }

  @Test
  void writesTheLinesOfAReaderToAFileAndCountsThem() throws IOException {
    var logs = running(log(file(0, Duration.ZERO, 7)));
    for (int i = 0; i < 3000; i++) {
      logs.add(slot());
      if (i % 500 == 0) {
        logs.turn();
      }
    }
    logs.close();

    var lines = Files.readAllLines(folder.resolve("access.log"));
    assertThat(logs.written().values()).containsExactly((long) lines.size());
    assertThat(logs.written().values().iterator().next() + logs.lost().values().iterator().next())
        .isEqualTo(3000);
    assertThat(lines).isNotEmpty().allMatch(line -> line.endsWith(" 200 300"));
  }

  @Test
  void losesLinesRatherThanToWait() {
    var logs = running(log(new Syslog(Syslog.Transport.TCP, "127.0.0.1", 1, 16, "test")));
    for (int i = 0; i < 50_000; i++) {
      logs.add(slot());
    }
    logs.close();

    assertThat(logs.lost().values()).containsExactly(50_000L);
  }

  @Test
  void putsAFileAsideThatIsTooLargeAndKeepsSoMany() throws IOException {
    var logs = running(log(file(64 * 1024, Duration.ZERO, 2)));
    for (int i = 0; i < 60; i++) {
      for (int line = 0; line < 100; line++) {
        logs.add(slot());
      }
      logs.turn();
      long wanted = (i + 1) * 100L;
      until(() -> logs.written().values().iterator().next() == wanted);
    }
    logs.close();

    try (var files = Files.list(folder)) {
      var all = files.sorted().toList();
      assertThat(all).hasSize(3);
      for (var file : all) {
        assertThat(Files.size(file)).isBetween(1L, 64 * 1024L);
        assertThat(Files.readString(file)).endsWith("\n");
      }
    }
  }

  @Test
  void opensTheFileAnewAfterSomebodyMovedIt() throws IOException {
    var logs = running(log(file(0, Duration.ZERO, 7)));
    logs.add(slot());
    logs.turn();
    until(() -> logs.written().values().iterator().next() == 1);
    Files.move(folder.resolve("access.log"), folder.resolve("moved"));
    logs.reopen();
    until(() -> Files.exists(folder.resolve("access.log")));
    logs.add(slot());
    logs.close();

    assertThat(Files.readAllLines(folder.resolve("moved"))).hasSize(1);
    assertThat(Files.readAllLines(folder.resolve("access.log"))).hasSize(1);
  }

  @Test
  void aLogThatAConfigurationLeavesOutWritesItsLastLines() throws IOException {
    var logs = running(log(file(0, Duration.ZERO, 7)));
    logs.add(slot());
    logs.prepare(List.of(), new ArrayList<>()).inForce();
    logs.add(slot());
    logs.turn();
    logs.add(slot());
    logs.turn();

    until(() -> logs.written().values().iterator().next() == 2);
    logs.close();
    assertThat(Files.readAllLines(folder.resolve("access.log"))).hasSize(2);
  }

  @Test
  void saysWhatCannotBeOpened() throws IOException {
    Files.createDirectory(folder.resolve("access.log"));
    var problems = new ArrayList<String>();
    new AccessLogs().prepare(List.of(log(file(0, Duration.ZERO, 7))), problems);

    assertThat(problems)
        .singleElement()
        .asString()
        .startsWith("access-log: " + folder.resolve("access.log"));
  }

  @Test
  void writesAShareOfTheCallsAndAllThatFailed() {
    var tenth =
        new Selection(
            log(
                new Destination.Stdout(),
                new Rule("api0", null, Set.of(2), 10, Duration.ofSeconds(1)),
                new Rule(null, null, Set.of(), 0, null)));
    var slot = new LedgerSlot();
    int kept = 0;
    for (int i = 0; i < 100_000; i++) {
      fixture.answered(slot, MILLIS + i / 50, 5_000_000_000L, 1_500);
      kept += tenth.has(slot) ? 1 : 0;
    }
    assertThat(kept).isBetween(9_500, 10_500);

    fixture.answered(slot, MILLIS, 5_000_000_000L, 1_000_000);
    assertThat(tenth.has(slot)).as("slow").isTrue();
    fixture.failed(slot, MILLIS, 5_000_000_000L, "connect-refused");
    assertThat(tenth.has(slot)).as("failed").isTrue();
    fixture.refused(slot, MILLIS, 5_000_000_000L, "rate-limit");
    assertThat(tenth.has(slot)).as("refused").isFalse();
    slot.status = 0;
    slot.blame = Blame.CLIENT;
    assertThat(tenth.has(slot)).as("without an answer").isTrue();
  }

  private static final Pattern RFC5424 =
      Pattern.compile(
          "<134>1 \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,6})?Z [!-~]{1,255} edge \\d+"
              + " access - 198\\.18\\.0\\.\\d+ - consumer0 \\[.*] \"GET .*\" 200 300");

  @Test
  void sendsDatagramsThatFollowRfc5424() throws IOException {
    try (var server = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      server.setSoTimeout(5000);
      var to = new Syslog(Syslog.Transport.UDP, "127.0.0.1", server.getLocalPort(), 16, "edge");
      var logs = running(log(to));
      logs.add(slot());
      logs.turn();
      var packet = new DatagramPacket(new byte[2048], 2048);
      server.receive(packet);
      logs.close();

      assertThat(new String(packet.getData(), 0, packet.getLength(), ISO_8859_1)).matches(RFC5424);
    }
  }

  @Test
  void countsOctetsOnAStream() throws IOException {
    try (var server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      var to = new Syslog(Syslog.Transport.TCP, "127.0.0.1", server.getLocalPort(), 16, "edge");
      var logs = running(log(to));
      logs.add(slot());
      logs.add(slot());
      logs.turn();
      try (var connection = server.accept()) {
        connection.setSoTimeout(5000);
        var in = connection.getInputStream();
        for (int i = 0; i < 2; i++) {
          var count = new StringBuilder();
          for (int c = in.read(); c != ' '; c = in.read()) {
            count.append((char) c);
          }
          var message = in.readNBytes(Integer.parseInt(count.toString()));
          assertThat(new String(message, ISO_8859_1)).matches(RFC5424);
        }
      }
      logs.close();
    }
  }

  /// Python plays the syslog server with a datagram socket, as `/dev/log` is one.
  @Test
  void writesToADatagramSocketOfThisHost() throws Exception {
    var path = folder.resolve("log");
    Assumptions.assumeTrue(path.toString().length() < 100, "the folder's name is too long");
    var python =
        new ProcessBuilder(
                "python3",
                "-c",
                "import socket,sys\ns=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\n"
                    + "s.settimeout(10)\ns.bind(sys.argv[1])\nprint('up',flush=True)\n"
                    + "print(s.recv(4096).decode('latin1'))",
                path.toString())
            .redirectErrorStream(true)
            .start();
    try (var out = python.inputReader(ISO_8859_1)) {
      assertThat(out.readLine()).isEqualTo("up");
      var logs = running(log(new Syslog(Syslog.Transport.UNIX, path.toString(), 0, 16, "edge")));
      logs.add(slot());
      logs.turn();
      assertThat(out.readLine()).matches(RFC5424);
      logs.close();
    } finally {
      python.destroy();
    }
  }
}
