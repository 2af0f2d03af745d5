package io.ostiary.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CidrTextTest {
  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("list.txt");
  }

  private CidrFile first(String text) throws IOException {
    write(text);
    return CidrFile.read("list", file);
  }

  private CidrList then(CidrFile before, String text) throws IOException {
    write(text);
    return before.again("list", file).list();
  }

  private void write(String text) throws IOException {
    Files.write(file, text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static CidrList whole(String text) throws IOException {
    return CidrList.read("list", new BufferedReader(new StringReader(text)));
  }

  /// Whatever has become of a text, it is read as if nothing had been known of it.
  @Test
  void readsEveryNextVersionAsAWholeOne() throws IOException {
    var random = new Random(11);
    var lines = new ArrayList<String>();
    var text = text(lines, random);
    var read = first(text);
    for (int turn = 0; turn < 3000; turn++) {
      for (int i = random.nextInt(4); i > 0; i--) {
        edit(lines, random);
      }
      text = text(lines, random);
      write(text);
      read = read.again("list", file);
      assertThat(read.list()).as("turn %d: %s", turn, text).isEqualTo(whole(text));
      assertThat(longest(read.list())).isEqualTo(longest(whole(text)));
    }
  }

  /// Of several pieces, with what differs anywhere in them.
  @Test
  void readsVersionsOfALargeTextAsWholeOnes() throws IOException {
    var random = new Random(5);
    var lines = new ArrayList<String>();
    for (int i = 0; i < 12_000; i++) {
      lines.add("10.%d.%d.0/24".formatted(i >> 8, i & 255));
      lines.add("2001:db8:%x::/48".formatted(i));
    }
    var read = first(text(lines, random));
    for (int turn = 0; turn < 200; turn++) {
      for (int i = random.nextInt(3); i > 0; i--) {
        int at = random.nextInt(lines.size());
        switch (random.nextInt(3)) {
          case 0 -> lines.remove(at);
          case 1 -> lines.add(at, "198.51.100." + random.nextInt(256));
          default -> lines.add(at, "2001:db8:ffff::" + random.nextInt(256));
        }
      }
      var text = text(lines, random);
      write(text);
      read = read.again("list", file);
      assertThat(read.list()).as("turn %d", turn).isEqualTo(whole(text));
    }
  }

  private static int longest(CidrList list) {
    return ((CidrBlocks) list.blocks()).longest();
  }

  private static void edit(List<String> lines, Random random) {
    int at = random.nextInt(lines.size() + 1);
    switch (random.nextInt(lines.size() > 30 ? 3 : 5)) {
      case 0, 1 -> {
        if (at < lines.size()) {
          lines.remove(at);
        }
      }
      case 2 -> lines.add(at, random.nextInt(30) == 0 ? "1.2.3" : "# " + random.nextInt(9));
      case 3 -> lines.add(at, "198.51.100." + random.nextInt(99));
      default -> lines.add(at, "2001:db8::" + random.nextInt(99));
    }
  }

  private static String text(List<String> lines, Random random) {
    var head = IntStream.range(0, random.nextInt(3)).mapToObj(i -> "# " + random.nextInt(9) + "\n");
    var end = random.nextInt(3) == 0 ? "\r\n" : "\n";
    return head.collect(Collectors.joining())
        + (random.nextInt(40) == 0 ? "\u00ef\u00bb\u00bf" : "")
        + String.join(end, lines)
        + (random.nextBoolean() ? end : "");
  }

  @Test
  void keepsTheOrderOfIpv6WhereALineIsReplaced() throws IOException {
    var many =
        IntStream.range(0, 9000)
            .mapToObj(i -> "2001:db8:%x::/48".formatted(i * 7919 % 65_536))
            .collect(Collectors.joining("\n"));
    var read = first("# of Monday\n" + many);
    var next = "# of Tuesday, longer\n" + many.replace("2001:db8:7::/48", "2001:db8:ffff:1::/64");
    var list = then(read, next);
    assertThat(list).isEqualTo(whole(next));
    assertThat(list.blocks()).hasSize(9000);
  }

  @Test
  void tellsTheLineOfAFaultInTheWholeText() throws IOException {
    var good = "203.0.113.0/24\n".concat("198.51.100.7\n# more\n::1\n");
    var read = first(good);
    assertThat(then(read, good + "1.2.3\n").faults())
        .singleElement()
        .asString()
        .startsWith("list:5:1:");
    assertThat(then(read, good).faults()).isEmpty();
    assertThat(then(read, good + "::2\n").blocks()).hasSize(4);
  }

  /// A line less that says what another one says as well takes nothing away.
  @Test
  void keepsABlockThatStandsInAnotherLineToo() throws IOException {
    var read = first("198.51.100.7\n203.0.113.0/24\n198.51.100.7\n::1\n::1\n");
    assertThat(then(read, "203.0.113.0/24\n198.51.100.7\n::1\n").blocks()).hasSize(3);
    assertThat(then(read, "203.0.113.0/24\n198.51.100.7\n198.51.100.7\n::1\n").blocks()).hasSize(3);
    assertThat(then(read, "203.0.113.0/24\n198.51.100.7\n::1\n").blocks()).hasSize(3);
  }

  @Test
  void readsTextsThatAreTooLongToBeKept() throws IOException {
    var line = "198.51.100.7 " + "x".repeat(4000) + "\n";
    var text = line.repeat(CidrText.KEPT_MAX / line.length() + 1);
    var read = first(text + "203.0.113.0/24\n");
    assertThat(read.list().blocks()).hasSize(2);
    assertThat(then(read, text).blocks()).hasSize(1);
    assertThat(then(read, "::1\n").blocks()).isEqualTo(List.of(Cidr.parse("::1")));
  }

  /// What a version takes is copied by the next collection of garbage, and who waits for the change
  /// waits for that.
  @Test
  void oneLineMoreTakesAFewKilobytes() throws IOException {
    for (var many : List.of("198.%d.%d.%d", "2001:db8:%x:%x%02x::/64")) {
      var text =
          IntStream.range(0, 100_000)
              .mapToObj(i -> many.formatted(18 + (i >> 16), i >> 8 & 255, i & 255))
              .collect(Collectors.joining("\n", "", "\n"));
      var read = first(text);
      var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
      long most = 0;
      for (int i = 0; i < 6; i++) {
        write(i % 2 == 0 ? text + "203.0.113.9\n2001:db8::9\n" : text);
        long before = threads.getCurrentThreadAllocatedBytes();
        var list = read.again("list", file).list();
        long taken = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(list.blocks()).hasSize(i % 2 == 0 ? 100_002 : 100_000);
        most = i < 2 ? 0 : Math.max(most, taken);
      }
      assertThat(most).as("bytes for a version").isLessThan(200_000);
    }
  }
}
