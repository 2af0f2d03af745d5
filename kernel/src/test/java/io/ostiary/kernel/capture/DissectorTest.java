package io.ostiary.kernel.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.kernel.CaptureFile;
import io.ostiary.model.capture.Layer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every field that we show is one that tshark shows, with the same value in the same place.
final class DissectorTest {
  private static final Path CAPTURES =
      Path.of(System.getProperty("ostiary.captures", "../../shared/captures"));

  /// More of each capture would be more of the same.
  private static final int FRAMES_MAX = 60;

  /// Computed, or names that tshark has no filter for.
  private static final Pattern OURS =
      Pattern.compile(
          "data\\.data|eth\\.(fcs|padding)|http\\..*|tls\\..*|ip\\.opt\\.data|tcp\\.options\\.data"
              + "|tcp\\.options\\.sack\\..*|ipv6\\.(hopopts|dstopts)\\.options");

  /// What tshark must not show without our showing it too.
  private static final Pattern THEIRS =
      Pattern.compile(
          "eth\\.(dst|src|type)|vlan\\.(id|priority|etype)|ieee8021ad\\.(s?v?id|cvid|priority)|arp\\.(opcode|src\\.proto_ipv4)"
              + "|ip\\.(hdr_len|len|id|frag_offset|ttl|proto|checksum|src|dst|opt\\.type)"
              + "|ipv6\\.(version|plen|nxt|hlim|src|dst|fraghdr\\.offset)"
              + "|tcp\\.(srcport|dstport|seq_raw|ack_raw|hdr_len|flags|checksum|option_kind)"
              + "|udp\\.(srcport|dstport|length|checksum)"
              + "|icmp\\.(type|code)|icmpv6\\.(type|code)");

  static List<String> captures() throws IOException {
    return CaptureFile.in(CAPTURES);
  }

  private record Seen(String name, String value, int offset, int length) {}

  /// Where tshark stops.
  private static final Seen MALFORMED = new Seen("malformed", "", 0, 0);

  private static final Predicate<Seen> REDIRECT =
      one -> one.name().equals("icmp.type") && one.value().equals("5");

  private static final Seen CUT = new Seen("cut", "", 0, 0);

  /// What is no Ethernet to tshark, by an address that it knows: ISL, FabricPath.
  private static final Seen OTHER_LINK = new Seen("other link", "", 0, 0);

  @ParameterizedTest
  @MethodSource("captures")
  void showsWhatTsharkShows(String name) throws Exception {
    Assumptions.assumeTrue(Files.isDirectory(CAPTURES), CAPTURES + ": not there");
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/tshark")), "tshark: not there");
    var frames = CaptureFile.read(CAPTURES.resolve(name)).frames(FRAMES_MAX);
    var expected = pdml(name);
    assertThat(expected).hasSameSizeAs(frames);
    for (int i = 0; i < frames.size(); i++) {
      var layers = Dissector.dissect(frames.get(i), frames.get(i).length);
      var ours = seen(layers);
      var theirs = expected.get(i);
      if (theirs.contains(OTHER_LINK) || theirs.contains(MALFORMED)) {
        continue;
      }
      var invented = new HashSet<>(ours);
      invented.removeAll(theirs);
      if (theirs.contains(CUT)) {
        // Of a header that is cut it reads no option, and of one of TCP the ports.
        invented.removeIf(one -> one.name().startsWith("ip.opt.") || one.name().equals("tcp.seq"));
      }
      if (ours.stream().anyMatch(REDIRECT)) {
        // Of what that is about it reads eight bytes, whatever there is.
        invented.removeIf(one -> one.name().startsWith("tcp."));
      }
      assertThat(invented).as("%s, frame %d: tshark does not show", name, i + 1).isEmpty();
      int understood = understood(layers, frames.get(i).length);
      var missing = new TreeSet<String>();
      theirs.stream()
          .filter(one -> one.offset() < understood)
          .map(Seen::name)
          .filter(THEIRS.asMatchPredicate())
          .forEach(missing::add);
      ours.forEach(one -> missing.remove(one.name()));
      assertThat(missing).as("%s, frame %d: we do not show", name, i + 1).isEmpty();
    }
  }

  /// tshark knows more protocols, and goes on within what is payload to us.
  private static int understood(List<Layer> layers, int length) {
    return layers.stream()
        .filter(layer -> layer.part() == Layer.Part.PAYLOAD)
        .mapToInt(Layer::offset)
        .min()
        .orElse(length);
  }

  private static Set<Seen> seen(List<Layer> layers) {
    var seen = new HashSet<Seen>();
    for (var layer : layers) {
      for (var field : layer.fields()) {
        if (!OURS.matcher(field.name()).matches()) {
          var value = field.value().replaceFirst(" \\(.*\\)$", "");
          seen.add(new Seen(field.name(), value, field.offset(), field.length()));
        }
      }
    }
    return seen;
  }

  /// Of each frame its fields.
  private static List<Set<Seen>> pdml(String name) throws Exception {
    var frames = new ArrayList<Set<Seen>>();
    var xml =
        run(
            "tshark",
            "-n",
            "-r",
            CAPTURES.resolve(name).toString(),
            "-c",
            "" + FRAMES_MAX,
            "-T",
            "pdml",
            "-o",
            "ip.defragment:FALSE",
            "-o",
            "ipv6.defragment:FALSE",
            "-o",
            "tcp.desegment_tcp_streams:FALSE");
    var reader =
        XMLInputFactory.newDefaultFactory()
            .createXMLStreamReader(new ByteArrayInputStream(xml), "UTF-8");
    while (reader.hasNext()) {
      if (reader.next() != XMLStreamConstants.START_ELEMENT) {
        continue;
      }
      var field = reader.getAttributeValue(null, "name");
      if (reader.getLocalName().equals("packet")) {
        frames.add(new HashSet<>(Set.of(OTHER_LINK)));
      } else if (reader.getLocalName().equals("proto") && field.equals("_ws.malformed")) {
        frames.getLast().add(MALFORMED);
      } else if (reader.getLocalName().equals("proto") && field.equals("_ws.short")) {
        frames.getLast().add(CUT);
      } else if (reader.getLocalName().equals("proto")
          && field.equals("eth")
          && reader.getAttributeValue(null, "pos").equals("0")) {
        frames.getLast().remove(OTHER_LINK);
      } else if (reader.getLocalName().equals("field")
          && reader.getAttributeValue(null, "pos") != null) {
        frames
            .getLast()
            .add(
                new Seen(
                    field,
                    reader.getAttributeValue(null, "show"),
                    Integer.parseInt(reader.getAttributeValue(null, "pos")),
                    Integer.parseInt(reader.getAttributeValue(null, "size"))));
      }
    }
    return frames;
  }

  private static byte[] run(String... command) throws Exception {
    var process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    var output = process.getInputStream().readAllBytes();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return output;
  }

  @Test
  void neverThrowsAndStaysInsideTheFrame() throws Exception {
    var random = new Random(11);
    var seeds = new ArrayList<byte[]>();
    if (Files.isDirectory(CAPTURES)) {
      for (var name : captures()) {
        seeds.addAll(CaptureFile.read(CAPTURES.resolve(name)).framesIfAny(FRAMES_MAX));
      }
    }
    for (int round = 0; round < 30_000; round++) {
      var frame = new byte[random.nextInt(200)];
      random.nextBytes(frame);
      if (!seeds.isEmpty() && round % 4 != 0) {
        var seed = seeds.get(random.nextInt(seeds.size()));
        frame = Arrays.copyOf(seed, random.nextInt(seed.length + 1));
        for (int i = random.nextInt(6); i > 0 && frame.length > 0; i--) {
          frame[random.nextInt(Math.min(frame.length, 90))] = (byte) random.nextInt();
        }
      }
      inside(frame, Dissector.dissect(frame, frame.length + random.nextInt(3)));
      var headers = Headers.of(frame);
      assertThat(headers.payload()).isBetween(0, frame.length);
      assertThat(headers.end()).isBetween(0, frame.length);
    }
  }

  private static void inside(byte[] frame, List<Layer> layers) {
    for (var layer : layers) {
      assertThat(layer.offset()).isBetween(0, frame.length);
      assertThat(layer.offset() + layer.length()).isLessThanOrEqualTo(frame.length);
      for (var field : layer.fields()) {
        assertThat(field.offset()).as(field.name()).isBetween(0, frame.length);
        assertThat(field.offset() + field.length())
            .as(field.name())
            .isLessThanOrEqualTo(frame.length);
      }
    }
  }

  /// Each byte of a frame that is understood belongs to one layer.
  @Test
  void layersFollowOneAnotherWithoutGaps() throws Exception {
    Assumptions.assumeTrue(Files.isDirectory(CAPTURES), CAPTURES + ": not there");
    for (var name : captures()) {
      for (var frame : CaptureFile.read(CAPTURES.resolve(name)).framesIfAny(FRAMES_MAX)) {
        int at = 0;
        for (var layer : Dissector.dissect(frame, frame.length)) {
          assertThat(layer.offset()).as("%s: %s", name, layer.title()).isEqualTo(at);
          at = layer.offset() + layer.length();
        }
        assertThat(at).as(name).isEqualTo(frame.length);
      }
    }
  }

  @Test
  void readsTheFirstLinesOfHttpAndMarksTheComputedFooter() {
    var text = "GET /orders?x=100%25 HTTP/1.1\r\nHost: a\r\n\r\nbody";
    var frame = Frames.tcp("198.18.0.2", 51_000, 8080, text.getBytes(StandardCharsets.US_ASCII));
    var layers = Dissector.dissect(frame, frame.length);
    assertThat(layers)
        .extracting(Layer::title)
        .containsExactly(
            "Ethernet 02:00:00:00:00:02 → 02:00:00:00:00:01",
            "IPv4 198.18.0.2 → 198.18.0.1",
            "TCP 51000 → 8080 [PSH, ACK]",
            "HTTP/1 request GET /orders?x=100%25",
            "Payload, 4 bytes (data)",
            layers.getLast().title());
    assertThat(layers.getLast().part()).isEqualTo(Layer.Part.FOOTER);
    assertThat(layers.getLast().title()).contains("computed: the device delivers none");
    assertThat(Dissector.dissect(frame, frame.length + 1).getLast().title()).contains("unknown");
  }

  /// An error of ICMP says which packet it is about, and quotes as little as eight bytes of what
  /// that carried.
  @Test
  void readsThePacketThatAnErrorIsAbout() {
    var quoted = Frames.tcp("198.18.0.1", 8080, 51_000, new byte[9]);
    var frame = error(4, 3, 1, Arrays.copyOfRange(quoted, 14, 14 + 28));
    var layers = Dissector.dissect(frame, frame.length);
    assertThat(layers)
        .extracting(Layer::title)
        .startsWith(
            "Ethernet 02:00:00:00:00:02 → 02:00:00:00:00:01",
            "IPv4 198.18.0.2 → 198.18.0.1",
            "ICMP type 3 (destination unreachable), code 1",
            "IPv4 198.18.0.1 → 198.18.0.1",
            "TCP 8080 → 51000, cut");
    contiguous(frame, layers);
    // What stands behind a quoted packet belongs to the error (RFC 4884).
    var whole = Arrays.copyOf(Arrays.copyOfRange(quoted, 14, quoted.length), quoted.length);
    var longer = error(4, 11, 0, whole);
    var more = Dissector.dissect(longer, longer.length);
    assertThat(more)
        .extracting(Layer::title)
        .contains("TCP 8080 → 51000 [PSH, ACK]", "Payload, 14 bytes (behind the packet inside)");
    contiguous(longer, more);
  }

  private static byte[] error(int version, int type, int code, byte[] quoted) {
    var outer = Frames.tcp("198.18.0.2", 1, 2, new byte[0]);
    var frame = Arrays.copyOf(outer, 14 + 20 + 8 + quoted.length);
    frame[14 + 9] = (byte) (version == 4 ? Headers.ICMP : Headers.ICMPV6);
    frame[14 + 2] = (byte) (frame.length - 14 >> 8);
    frame[14 + 3] = (byte) (frame.length - 14);
    Arrays.fill(frame, 34, 42, (byte) 0);
    frame[34] = (byte) type;
    frame[35] = (byte) code;
    System.arraycopy(quoted, 0, frame, 42, quoted.length);
    return frame;
  }

  private static void contiguous(byte[] frame, List<Layer> layers) {
    int at = 0;
    for (var layer : layers) {
      assertThat(layer.offset()).as(layer.title()).isEqualTo(at);
      at = layer.offset() + layer.length();
    }
    assertThat(at).isEqualTo(frame.length);
  }

  /// A TCP header that says it is longer than its packet ends where the packet does.
  @Test
  void aHeaderLongerThanItsPacketIsCutThere() {
    var frame = Arrays.copyOf(Frames.tcp("198.18.0.2", 1, 2, new byte[0]), 60);
    frame[14 + 20 + 12] = (byte) 0xf0;
    contiguous(frame, Dissector.dissect(frame, frame.length));
  }

  /// Without a payload length there is none (RFC 8200), but in a jumbogram or an aggregate.
  @Test
  void ipv6WithoutAPayloadLengthCarriesNothing() {
    var frame = new byte[14 + 40 + 24];
    frame[12] = (byte) 0x86;
    frame[13] = (byte) 0xdd;
    frame[14] = 0x60;
    frame[14 + 6] = Headers.ICMPV6;
    frame[14 + 40] = (byte) 136;
    assertThat(Dissector.dissect(frame, frame.length))
        .extracting(Layer::protocol)
        .containsExactly("eth", "ipv6", "padding", "fcs");
    assertThat(Dissector.dissect(frame, 70_000)).extracting(Layer::protocol).contains("icmpv6");
  }

  @Test
  void ofAnOptionThatTheCaptureCutThereIsItsKind() {
    var frame = Arrays.copyOf(Frames.tcp("198.18.0.2", 1, 2, new byte[0]), 14 + 20 + 20 + 10);
    frame[14 + 2] = 0;
    frame[14 + 3] = 80;
    frame[14 + 20 + 12] = (byte) 0xf0;
    frame[54] = 48;
    frame[55] = 40;
    var tcp = Dissector.dissect(frame, 14 + 80).get(2);
    assertThat(tcp.fields())
        .extracting(Layer.Field::name)
        .contains("tcp.option_kind", "tcp.option_len")
        .doesNotContain("tcp.options.data");
  }

  /// The example of IEEE 802.3's polynomial: "123456789" has the check value cbf43926.
  @Test
  void computesTheFrameCheckSequenceInTheOrderOfTheWire() {
    var frame = new byte[64];
    var layers = Dissector.dissect(frame, 64);
    var fields = layers.getLast().fields();
    var check = new java.util.zip.CRC32();
    check.update(frame);
    var wire = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
    wire.putInt((int) check.getValue());
    assertThat(fields.getFirst().value())
        .isEqualTo("0x" + java.util.HexFormat.of().formatHex(wire.array()));
    assertThat(new TreeSet<>(fields.stream().map(Layer.Field::length).toList())).containsOnly(0);
  }
}
