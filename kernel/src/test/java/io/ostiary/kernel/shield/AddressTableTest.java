package io.ostiary.kernel.shield;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Cidr;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// The placed tables, read as the program reads them, against a search through all blocks.
final class AddressTableTest {
  private static final long SEED = 11;

  /// What the kernel's tables would hold: as placed, and then as changed.
  private static final class Kernel implements AddressTable.Writer {
    private final long[] top = new long[AddressTable.TOP];
    private final Map<Integer, byte[]> blocks = new HashMap<>();
    private final Map<Long, Integer> long4 = new TreeMap<>();
    private final Map<Prefix6, Integer> six = new HashMap<>();

    void load(AddressTable table) {
      System.arraycopy(table.top(), 0, top, 0, top.length);
      for (int i = 0; i < table.blocks().size(); i++) {
        blocks.put(i, table.blocks().get(i).clone());
      }
      long4.clear();
      long4.putAll(table.long4());
      six.clear();
      six.putAll(table.six());
    }

    @Override
    public void top(int index, long value) {
      top[index] = value;
    }

    @Override
    public void block(int number, byte[] content) {
      blocks.put(number, content.clone());
    }

    @Override
    public void long4(long key, int classNumber) {
      long4.put(key, classNumber);
    }

    @Override
    public void noLong4(long key) {
      long4.remove(key);
    }

    @Override
    public void six(Prefix6 prefix, int classNumber) {
      six.put(prefix, classNumber);
    }

    @Override
    public void noSix(Prefix6 prefix) {
      six.remove(prefix);
    }

    int classOf(AddressTable table, byte[] address) {
      return address.length == 4 ? four(address) : sixth(table, address);
    }

    private int four(byte[] address) {
      long value = top[(address[0] & 255) << 8 | address[1] & 255];
      if ((value & AddressTable.BLOCK) == 0) {
        return (int) value;
      }
      int group = (address[2] & 255) / 8;
      if ((value >> (AddressTable.GROUPS_SHIFT + group) & 1) == 0) {
        return (int) (value >> AddressTable.AROUND_SHIFT) & AddressTable.CLASS_MASK;
      }
      int number = blocks.getOrDefault((int) value & 0xffff, new byte[256])[address[2] & 255] & 255;
      if (number != AddressTable.LONGER) {
        return number;
      }
      for (int length = 32; length >= 24; length--) {
        long host = Integer.toUnsignedLong(java.nio.ByteBuffer.wrap(address).getInt());
        var found = long4.get((host & (-1L << (32 - length))) << 6 | length);
        if (found != null) {
          return found;
        }
      }
      return 0;
    }

    private int sixth(AddressTable table, byte[] address) {
      for (int length : table.lengths6()) {
        var found = six.get(Prefix6.of(address, 128).around(length));
        if (found != null) {
          return found;
        }
      }
      return table.class6();
    }
  }

  private record Member(Cidr block, int group) {}

  @Test
  void givesEachAddressTheGroupsThatHoldIt() throws Exception {
    var random = new Random(SEED);
    for (int turn = 0; turn < 150; turn++) {
      var members = new ArrayList<Member>();
      for (int i = random.nextInt(40); i > 0; i--) {
        members.add(new Member(randomCidr(random), random.nextInt(6)));
      }
      var table = new AddressTable();
      members.forEach(member -> table.change(member.block(), member.group(), true));
      table.place();
      var kernel = new Kernel();
      kernel.load(table);
      check(random, members, table, kernel, "seed %d, turn %d".formatted(SEED, turn));
    }
  }

  @Test
  void staysRightWhenSingleBlocksComeAndGo() throws Exception {
    var random = new Random(SEED + 1);
    for (int turn = 0; turn < 30; turn++) {
      var members = new ArrayList<Member>();
      var table = new AddressTable();
      table.place();
      var kernel = new Kernel();
      kernel.load(table);
      for (int step = 0; step < 60; step++) {
        change(random, members, table);
        if (!table.placeChanged(table.blocks().size() + 2, kernel)) {
          table.place();
          kernel.load(table);
        }
        var what = "seed %d, turn %d, step %d: %s".formatted(SEED + 1, turn, step, members);
        check(random, members, table, kernel, what);
      }
    }
  }

  @Test
  void goesBackToWhatTheKernelHas() throws Exception {
    var random = new Random(SEED + 2);
    for (int turn = 0; turn < 60; turn++) {
      var members = new ArrayList<Member>();
      var table = new AddressTable();
      table.place();
      var kernel = new Kernel();
      kernel.load(table);
      for (int step = 0; step < 20; step++) {
        table.keep();
        int classes = table.classes().size();
        refused(random, new ArrayList<>(members), table);
        table.takeBack();
        var what = "seed %d, turn %d, step %d: %s".formatted(SEED + 2, turn, step, members);
        assertThat(table.classes()).as(what).hasSize(classes);
        assertThat(table.six()).as(what).isEqualTo(kernel.six);
        assertThat(table.long4()).as(what).isEqualTo(kernel.long4);
        assertThat(Arrays.equals(table.top(), kernel.top)).as(what).isTrue();
        check(random, members, table, kernel, what);

        change(random, members, table);
        if (!table.placeChanged(table.blocks().size() + 2, kernel)) {
          table.place();
          kernel.load(table);
        }
        check(random, members, table, kernel, what);
      }
    }
  }

  /// Changes that are not placed, or in part, or wholly, but not for the kernel.
  private static void refused(Random random, List<Member> members, AddressTable table)
      throws UnknownHostException {
    for (int i = random.nextInt(8); i >= 0; i--) {
      change(random, members, table);
      if (random.nextInt(4) == 0) {
        table.placeChanged(table.blocks().size() + random.nextInt(2), new Kernel());
      }
    }
  }

  private static void change(Random random, List<Member> members, AddressTable table)
      throws UnknownHostException {
    for (int i = random.nextInt(3); i >= 0; i--) {
      if (!members.isEmpty() && random.nextInt(3) == 0) {
        var gone = members.remove(random.nextInt(members.size()));
        if (!members.contains(gone)) {
          table.change(gone.block(), gone.group(), false);
        }
      } else {
        var member = new Member(randomCidr(random), random.nextInt(6));
        members.add(member);
        table.change(member.block(), member.group(), true);
      }
    }
  }

  private static void check(
      Random random, List<Member> members, AddressTable table, Kernel kernel, String what)
      throws UnknownHostException {
    for (int probe = 0; probe < 60; probe++) {
      var address = address(random, members);
      var expected = Mask.EMPTY;
      for (var member : members) {
        expected = member.block().contains(address) ? expected.with(member.group()) : expected;
      }
      assertThat(table.classes().get(kernel.classOf(table, address)))
          .as("%s: %s", what, InetAddress.getByAddress(address))
          .isEqualTo(expected);
    }
  }

  /// Close together, so that they overlap.
  private static Cidr randomCidr(Random random) throws UnknownHostException {
    boolean four = random.nextBoolean();
    int bits = four ? 32 : 128;
    int[] lengths =
        four
            ? new int[] {0, 7, 8, 15, 16, 17, 20, 23, 24, 25, 28, 31, 32}
            : new int[] {0, 3, 32, 33, 48, 64, 65, 96, 127, 128};
    int length = lengths[random.nextInt(lengths.length)];
    if (length < 16 && random.nextInt(4) > 0) {
      length = bits;
    }
    var bytes = near(random, bits / 8);
    for (int bit = length; bit < bits; bit++) {
      bytes[bit / 8] &= (byte) ~(0x80 >> (bit % 8));
    }
    return new Cidr(InetAddress.getByAddress(bytes), length);
  }

  private static byte[] near(Random random, int length) {
    var bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (random.nextInt(3) == 0 ? random.nextInt(2) << random.nextInt(8) : 10);
    }
    return bytes;
  }

  private static byte[] address(Random random, List<Member> members) {
    if (members.isEmpty() || random.nextInt(3) == 0) {
      return near(random, random.nextBoolean() ? 4 : 16);
    }
    // The edges of a block: its first and last address, and those beside them.
    var cidr = members.get(random.nextInt(members.size())).block();
    var bytes = cidr.address().getAddress();
    if (random.nextBoolean()) {
      for (int bit = cidr.prefix(); bit < bytes.length * 8; bit++) {
        bytes[bit / 8] |= (byte) (0x80 >> (bit % 8));
      }
    }
    if (random.nextInt(3) == 0) {
      bytes[bytes.length - 1] += (byte) (random.nextBoolean() ? 1 : -1);
    }
    return bytes;
  }

  @Test
  void holdsMoreClassesThanABlockHasBytesFor() throws Exception {
    var table = new AddressTable();
    var members = new ArrayList<Member>();
    for (int group = 0; group < 400; group++) {
      var block = Cidr.parse("10.%d.%d.0/24".formatted(group % 7, group % 256));
      members.add(new Member(block, group));
      table.change(block, group, true);
    }
    table.place();
    assertThat(table.classes().size()).isGreaterThan(256);
    var kernel = new Kernel();
    kernel.load(table);
    check(new Random(SEED), members, table, kernel, "400 groups");
  }
}
