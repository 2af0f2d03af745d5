package io.ostiary.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class CidrListTest {
  private static CidrList read(String text) throws IOException {
    return CidrList.read("list", new BufferedReader(new StringReader(text)));
  }

  @Test
  void holdsEachBlockOnceIpv4InTheOrderOfAddresses() throws IOException {
    var list =
        read(
            """
            # a comment
            2001:db8::/32
            203.0.113.0/24, some words
            198.51.100.7 ; more
              203.0.113.0/24
            255.255.255.255
            0.0.0.0/0
            2001:db8::1
            2001:db8::/32
            """);
    assertThat(list.faults()).isEmpty();
    assertThat(list.blocks())
        .isEqualTo(
            List.of(
                Cidr.parse("0.0.0.0/0"),
                Cidr.parse("198.51.100.7"),
                Cidr.parse("203.0.113.0/24"),
                Cidr.parse("255.255.255.255"),
                Cidr.parse("2001:db8::/32"),
                Cidr.parse("2001:db8::1")))
        .hasSize(6);
  }

  /// More than the first tables hold, all lengths, each twice.
  @Test
  void holdsManyBlocksOfIpv6() throws IOException {
    var random = new Random(6);
    var expected = new LinkedHashSet<Cidr>();
    for (int i = 0; i < 3000; i++) {
      var address = new byte[16];
      random.nextBytes(address);
      address[0] = 0x20;
      int length = 16 + i % 113;
      for (int bit = length; bit < 128; bit++) {
        address[bit / 8] &= (byte) ~(0x80 >> bit % 8);
      }
      expected.add(new Cidr(InetAddress.getByAddress(address), length));
    }
    var text = expected.stream().map(Cidr::toString).collect(Collectors.joining("\n"));
    var blocks = read(text + "\n" + text).blocks();
    assertThat(blocks).containsExactlyElementsOf(expected);
    assertThat(blocks).isEqualTo(read(text).blocks());
    for (var block : expected) {
      assertThat(blocks.contains(block)).isTrue();
      assertThat(blocks.contains(Cidr.parse("2001:db8::/32"))).isFalse();
    }
    var other = read(text + "\n2001:db8::/32").blocks();
    assertThat(other).isNotEqualTo(blocks);
    int last = blocks.size() - 1;
    assertThat(CidrBlocks.equal(blocks, last, other, last)).isTrue();
    assertThat(CidrBlocks.equal(blocks, last, other, last + 1)).isFalse();
    assertThat(blocks.contains(Cidr.parse("203.0.113.0/24"))).isFalse();
    assertThat(read("203.0.113.0/24").blocks().contains(Cidr.parse("203.0.113.0/24"))).isTrue();
  }

  /// Of each kind of text as much as [Cidr#parse], which is asked alone where a comment follows.
  @Test
  void readsPlainFormsAsEveryOther() throws IOException {
    var random = new Random(8);
    var pieces =
        new String[] {
          "0", "1", "7", "00", "10", "25", "255", "256", "999", "1000", ".", ".", ".", ":", ":",
          "::", "/", "/", "8", "24", "32", "33", "48", "64", "128", "129", "a", "F", "ffff", "db8",
          "2001", "fffff", "g", "-", "+", "%", "1.2.3.4", "203.0.113.", "2001:db8::", "::ffff:"
        };
    int good = 0;
    for (int turn = 0; turn < 200_000; turn++) {
      var text = new StringBuilder();
      for (int i = 1 + random.nextInt(turn % 2 == 0 ? 4 : 16); i > 0; i--) {
        text.append(pieces[random.nextInt(pieces.length)]);
      }
      var plain = read(text.toString());
      assertThat(plain).as(text.toString()).isEqualTo(read(text + " # a comment"));
      good += plain.blocks().size();
    }
    assertThat(good).isGreaterThan(2000);
    for (var block :
        List.of(
            "0.0.0.0/0",
            "::/0",
            "::",
            "::1",
            "1::",
            "1:2:3:4:5:6:7:8",
            "::2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7::",
            "fe80::/10",
            "2001:DB8::/33",
            "8000::/1",
            "1:2:3:4::/64",
            "1:2:3:4:8000::/65",
            "::ffff:1.2.3.4",
            "::ffff:102:304",
            "203.0.113.128/25")) {
      assertThat(read(block)).as(block).isEqualTo(read(block + " ;"));
      assertThat(read(block).blocks()).as(block).isEqualTo(List.of(Cidr.parse(block)));
    }
  }

  @Test
  void readsATextThatBeginsWithItsMark() throws IOException {
    assertThat(read("\u00ef\u00bb\u00bf203.0.113.0/24\r\n::1\r\n").blocks())
        .isEqualTo(List.of(Cidr.parse("203.0.113.0/24"), Cidr.parse("::1")));
  }

  @Test
  void showsNoMoreOfGarbageThanSaysWhatItIs() throws IOException {
    assertThat(read("x".repeat(4000)).faults())
        .containsExactly(
            "list:1:1: '%s...' (expected: an address or a block such as 203.0.113.0/24)"
                .formatted("x".repeat(64)));
  }

  /// Against the lists as they would be without the numbers.
  @Test
  void tellsWhatTwoHaveInCommonAtBothEnds() throws IOException {
    var random = new Random(7);
    var all = new ArrayList<String>();
    for (int i = 0; i < 12; i++) {
      all.add("203.0.113." + 10 * i);
      all.add("2001:db8::" + i);
    }
    for (int turn = 0; turn < 500; turn++) {
      var one = some(all, random);
      var other = random.nextInt(4) == 0 ? one : some(all, random);
      var head = CidrBlocks.head(List.copyOf(one), List.copyOf(other));
      assertThat(CidrBlocks.head(one, other)).as("%s %s", one, other).isEqualTo(head);
      int most = Math.min(one.size(), other.size()) - head;
      assertThat(CidrBlocks.tail(one, other, most))
          .as("%s %s", one, other)
          .isEqualTo(CidrBlocks.tail(List.copyOf(one), List.copyOf(other), most));
      assertThat(one.equals(other)).isEqualTo(List.copyOf(one).equals(List.copyOf(other)));
    }
  }

  private static List<Cidr> some(List<String> all, Random random) throws IOException {
    int without = random.nextInt(all.size() + 3);
    int also = random.nextInt(all.size() + 9);
    var text = new StringBuilder();
    for (int i = 0; i < all.size(); i++) {
      text.append(i == without || i == also ? "" : all.get(i) + "\n");
    }
    return read(text.toString()).blocks();
  }

  @Test
  void tellsWhatIsNoBlockWithItsPlace() throws IOException {
    assertThat(
            read("203.0.113.0/24\n10.0.0.1 - 10.0.0.9\n 1.2.3\n198.51.100.9/24\n10.0.0.1-10.0.0.9\n")
                .faults())
        .containsExactly(
            "list:2:1: a range (expected: one block on each line, such as 203.0.113.0/24)",
            "list:3:2: cidr: 1.2.3 (expected: an address or a block such as 203.0.113.0/24)",
            "list:4:1: cidr: 198.51.100.9/24 (expected: no bits behind the prefix:"
                + " 198.51.100.0/24)",
            "list:5:1: cidr: 10.0.0.1-10.0.0.9 (expected: an address or a block such as"
                + " 203.0.113.0/24)");
  }

  @Test
  void refusesMoreThanTheKernelsTablesHold() throws IOException {
    var single =
        IntStream.range(0, 131_073)
            .mapToObj(i -> "198." + (18 + (i >> 16)) + "." + (i >> 8 & 255) + "." + (i & 255))
            .collect(Collectors.joining("\n"));
    assertThat(read(single).faults())
        .containsExactly(
            "list: more than 131,072 blocks of IPv6, or of IPv4 longer than /24 (expected: at most"
                + " that)");
    assertThat(read(single.substring(0, single.lastIndexOf('\n')) + "\n198.18.0.1").faults())
        .as("one of them twice, and one less")
        .isEmpty();
    var six =
        IntStream.range(0, 131_074)
            .mapToObj(i -> "2001:db8:%x:%x::/64".formatted(i >> 16, i & 0xffff))
            .collect(Collectors.joining("\n"));
    assertThat(read(six).faults()).hasSize(1);
  }

  @Test
  void findsOneOfManyBlocks() throws IOException {
    var list = read("198.18.0.0/15\n198.18.7.0/24\n203.0.113.9\n0.0.0.0/8\n255.255.255.0/24\n");
    var set = new CidrSet(list.blocks());
    for (var inside :
        List.of("198.18.0.0", "198.19.255.255", "203.0.113.9", "0.1.2.3", "255.255.255.255")) {
      assertThat(set.contains(Cidr.parse(inside).address())).as(inside).isTrue();
    }
    for (var outside : List.of("198.17.255.255", "198.20.0.0", "203.0.113.8", "1.0.0.0", "::1")) {
      assertThat(set.contains(Cidr.parse(outside).address())).as(outside).isFalse();
    }
  }
}
