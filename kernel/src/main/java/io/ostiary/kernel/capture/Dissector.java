package io.ostiary.kernel.capture;

import io.ostiary.model.capture.Layer;
import io.ostiary.model.capture.Layer.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/// Takes a frame apart: link, VLAN tags, network, transport and what is carried, and behind it the
/// padding and the frame check sequence. Every field says which bytes it comes from. Bytes that no
/// layer understands are payload, and nothing is read that the frame does not hold. Names are those
/// of Wireshark's filters, and a test compares values and places with what tshark says.
///
/// Immutable but for the frame's own progress; one for each frame.
public final class Dissector {
  private static final int TYPE_MIN = 0x600;

  private static final int LENGTH_MAX = 0xffff;

  /// Packets within packets.
  private static final int DEPTH_MAX = 3;

  private final byte[] frame;
  private final int wire;
  private final List<Layer> layers = new ArrayList<>();

  /// Where the IP packet ends; what follows is padding.
  private int end;

  private Dissector(byte[] frame, int wire) {
    this.frame = frame;
    this.wire = wire;
    this.end = frame.length;
  }

  /// @param frame from the Ethernet header on, as much as was captured
  /// @param wire length of the whole frame
  public static List<Layer> dissect(byte[] frame, int wire) {
    var dissector = new Dissector(frame, wire);
    dissector.link();
    dissector.footer();
    return List.copyOf(dissector.layers);
  }

  private void link() {
    if (frame.length < Headers.ETHERNET) {
      payload(0, "a frame cut within its Ethernet header");
      return;
    }
    int type = Headers.u16(frame, 12);
    var layer = new LayerBuilder(frame, Part.HEADER, "eth", 0);
    layer.mac(".dst", "destination", 0).mac(".src", "source", 6);
    if (type < TYPE_MIN) {
      layer.number(".len", "length", 12, 2);
      add(layer.end(14, "Ethernet (802.3) %s → %s", ".src", ".dst"));
      end = Math.min(end, 14 + type);
      payload(14, "LLC");
      return;
    }
    layer.hex(".type", "type", 12, 2, Protocols.ether(type));
    add(layer.end(14, "Ethernet %s → %s", ".src", ".dst"));
    network(tags(type), 0);
  }

  /// @return the offset behind the tags; the type of what follows stands before it
  private int tags(int type) {
    int at = Headers.ETHERNET;
    int before = 0;
    for (int i = 0; i < Headers.TAGS_MAX && Headers.isTag(type) && at + 4 <= frame.length; i++) {
      int next = Headers.u16(frame, at + 2);
      if (type == Headers.QINQ) {
        providerTag(at, before == Headers.QINQ, next);
      } else {
        var layer = new LayerBuilder(frame, Part.HEADER, "vlan", at);
        layer
            .bits(".priority", "priority", at, 2, 13, 7)
            .bits(".dei", "drop eligible", at, 2, 12, 1)
            .bits(".id", "VLAN", at, 2, 0, 0xfff);
        if (next < TYPE_MIN) {
          layer.number(".len", "length", at + 2, 2);
        } else {
          layer.hex(".etype", "type", at + 2, 2, Protocols.ether(next));
        }
        add(layer.end(4, "VLAN %s", ".id"));
      }
      before = type;
      type = next;
      at += 4;
    }
    return at;
  }

  /// A tag of IEEE 802.1ad, whose fields have names of their own: of two in a row the first is the
  /// service's, the second the customer's.
  private void providerTag(int at, boolean behindAnother, int next) {
    boolean beforeAnother = next == Headers.QINQ && !behindAnother;
    var id = behindAnother ? ".cvid" : beforeAnother ? ".svid" : ".id";
    var layer = new LayerBuilder(frame, Part.HEADER, "ieee8021ad", at);
    layer
        .bits(".priority", "priority", at, 1, 5, 7)
        .bits(".dei", "drop eligible", at, 1, 4, 1)
        .bits(id, "VLAN", at, 2, 0, 0xfff);
    if (!beforeAnother) {
      layer.hex("ieee8021ah.etype", "type", at + 2, 2, Protocols.ether(next));
    }
    add(layer.end(4, "VLAN %s", id));
  }

  private void network(int at, int depth) {
    switch (Headers.u16(frame, at - 2)) {
      case Headers.IPV4 -> ipv4(at, depth);
      case Headers.IPV6 -> ipv6(at, depth);
      case Headers.ARP -> arp(at);
      default -> payload(at, Protocols.ether(Headers.u16(frame, at - 2)));
    }
  }

  private void arp(int at) {
    boolean forIpv4 =
        at + 28 <= frame.length
            && Headers.u16(frame, at + 2) == Headers.IPV4
            && Headers.u16(frame, at + 4) == 0x0604;
    if (!forIpv4) {
      payload(at, "ARP");
      return;
    }
    int code = Headers.u16(frame, at + 6);
    var layer = new LayerBuilder(frame, Part.HEADER, "arp", at);
    layer
        .number(".hw.type", "hardware type", at, 2)
        .hex(".proto.type", "protocol type", at + 2, 2)
        .number(".hw.size", "hardware size", at + 4, 1)
        .number(".proto.size", "protocol size", at + 5, 1)
        .named(".opcode", "operation", at + 6, 2, code == 1 ? "request" : code == 2 ? "reply" : "")
        .mac(".src.hw_mac", "sender's hardware address", at + 8)
        .address(".src.proto_ipv4", "sender's address", at + 14, 4)
        .mac(".dst.hw_mac", "target's hardware address", at + 18)
        .address(".dst.proto_ipv4", "target's address", at + 24, 4);
    add(
        layer.end(
            28,
            code == 1 ? "ARP: who has %s? tell %s" : "ARP: %s is asked by %s",
            ".dst.proto_ipv4",
            ".src.proto_ipv4"));
    end = Math.min(end, at + 28);
  }

  private void ipv4(int at, int depth) {
    int size = at < frame.length ? (frame[at] & 15) * 4 : 0;
    if (at + 20 > frame.length || frame[at] >> 4 != 4 || size < 20) {
      payload(at, "not a sound IPv4 header");
      return;
    }
    int length = Headers.u16(frame, at + 2);
    int fragment = Headers.u16(frame, at + 6);
    int protocol = frame[at + 9] & 255;
    var layer = new LayerBuilder(frame, Part.HEADER, "ip", at);
    layer
        .bits(".version", "version", at, 1, 4, 15)
        .field(".hdr_len", "header length", size + "", at, 1)
        .hexBits(".dsfield", "differentiated services", at + 1, 1, 0, 255, 2)
        .bits(".dsfield.dscp", "DSCP", at + 1, 1, 2, 63)
        .bits(".dsfield.ecn", "ECN", at + 1, 1, 0, 3)
        .field(".len", "total length", totalLength(at, length), at + 2, 2)
        .hex(".id", "identification", at + 4, 2)
        .bits(".flags.df", "don't fragment", at + 6, 1, 6, 1)
        .bits(".flags.mf", "more fragments", at + 6, 1, 5, 1)
        .bits(".frag_offset", "fragment offset, in 8 bytes", at + 6, 2, 0, 0x1fff)
        .number(".ttl", "time to live", at + 8, 1)
        .named(".proto", "protocol", at + 9, 1, Protocols.ip(protocol))
        .hex(".checksum", "header checksum", at + 10, 2, Checksums.header(frame, at, size))
        .address(".src", "source", at + 12, 4)
        .address(".dst", "destination", at + 16, 4);
    Options.ipv4(layer, frame, at + 20, at + size);
    add(layer.end(size, "IPv4 %s → %s", ".src", ".dst"));
    if (length >= size) {
      end = Math.min(end, at + length);
    }
    boolean later = (fragment & 0x1fff) != 0;
    transport(at, later ? -1 : protocol, at + size, later, depth);
  }

  /// A device that cuts segments itself is given none, nor is one of more than 64 KiB: then it is
  /// what there is.
  private String totalLength(int at, int length) {
    return length > 0 ? "" + length : (frame.length - at) + " (0 in the header, as for offload)";
  }

  private void ipv6(int at, int depth) {
    if (at + 40 > frame.length || (frame[at] & 255) >> 4 != 6) {
      payload(at, "not a sound IPv6 header");
      return;
    }
    int length = Headers.u16(frame, at + 4);
    int next = frame[at + 6] & 255;
    var layer = new LayerBuilder(frame, Part.HEADER, "ipv6", at);
    layer
        .bits(".version", "version", at, 1, 4, 15)
        .hexBits(".tclass", "traffic class", at, 4, 20, 255, 8)
        .hexBits(".flow", "flow label", at + 1, 3, 0, 0xfffff, 6)
        .number(".plen", "payload length", at + 4, 2)
        .named(".nxt", "next header", at + 6, 1, Protocols.ip(next))
        .number(".hlim", "hop limit", at + 7, 1)
        .address(".src", "source", at + 8, 16)
        .address(".dst", "destination", at + 24, 16);
    add(layer.end(40, "IPv6 %s → %s", ".src", ".dst"));
    // 0 may stand for a jumbogram (RFC 2675), or for an aggregate as large as one.
    if (length > 0 || (next != Headers.HOP_BY_HOP && wire - at - 40 <= LENGTH_MAX)) {
      end = Math.min(end, at + 40 + length);
    }
    extensions(at, next, at + 40, depth);
  }

  private void extensions(int network, int next, int at, int depth) {
    boolean later = false;
    for (int i = 0; i < Headers.EXTENSIONS_MAX && Headers.isExtension(next); i++) {
      int size = at + 8 <= end ? Headers.extension(frame, at, next) : 0;
      if (size == 0 || at + size > end) {
        payload(at, "a cut extension header");
        return;
      }
      int following = frame[at] & 255;
      add(Options.extension(frame, at, size, next));
      later = next == Headers.FRAGMENT && Headers.u16(frame, at + 2) >> 3 != 0;
      next = following;
      at += size;
      if (later) {
        break;
      }
    }
    transport(network, later ? -1 : next, at, later, depth);
  }

  private void transport(int network, int protocol, int at, boolean later, int depth) {
    var transport = new Transport(frame, network, Math.min(end, frame.length), layers);
    int behind =
        switch (protocol) {
          case Headers.TCP -> transport.tcp(at);
          case Headers.UDP -> transport.udp(at);
          case Headers.ICMP -> transport.icmp(at);
          case Headers.ICMPV6 -> transport.icmp6(at);
          default -> at;
        };
    int inner = depth == DEPTH_MAX ? 0 : inner(protocol, at, behind);
    if (inner != 0) {
      inside(inner, behind, depth + 1);
    } else if (behind >= 0) {
      var what = later ? "a later part of a fragmented packet" : Protocols.ip(protocol);
      payload(behind, behind == at && protocol != -1 ? what : later ? what : "data");
    }
  }

  /// @return the version of a packet that stands behind these headers: in a tunnel, or in an error
  ///   that says which packet it is about; 0: none
  private int inner(int protocol, int at, int behind) {
    int type = at < Math.min(end, frame.length) ? frame[at] & 255 : 0;
    return switch (protocol) {
      case 4 -> 4;
      case 41 -> 6;
      case Headers.ICMP ->
          behind == at + 8 && ((type >= 3 && type <= 5) || type == 11 || type == 12) ? 4 : 0;
      case Headers.ICMPV6 -> behind == at + 8 && type >= 1 && type <= 4 ? 6 : 0;
      default -> 0;
    };
  }

  /// What stands behind a packet that is shorter than what it stands in is no padding of the frame,
  /// and such a packet may be cut.
  private void inside(int version, int at, int depth) {
    int outer = end;
    if (version == 4) {
      ipv4(at, depth);
    } else {
      ipv6(at, depth);
    }
    int behind = Math.max(Math.min(end, outer), covered());
    end = outer;
    payload(behind, "behind the packet inside");
  }

  private int covered() {
    return layers.isEmpty() ? 0 : layers.getLast().offset() + layers.getLast().length();
  }

  private void payload(int at, String what) {
    int from = Math.min(at, frame.length);
    int length = Math.max(0, Math.min(end, frame.length) - from);
    if (length == 0) {
      return;
    }
    layers.add(
        new LayerBuilder(frame, Part.PAYLOAD, "data", from)
            .bytes(".data", "bytes", from, length)
            .end(length, "Payload, %d bytes (%s)".formatted(length, what.replace("%", "%%"))));
  }

  private void add(Layer layer) {
    layers.add(layer);
  }

  /// Padding, and the frame check sequence. Devices take it off before anybody sees the frame, so
  /// it is computed where the frame is whole, and marked so.
  private void footer() {
    int from = Math.max(end, covered());
    if (from < frame.length) {
      int length = frame.length - from;
      add(
          new LayerBuilder(frame, Part.FOOTER, "padding", from)
              .bytes("eth.padding", "bytes", from, length)
              .end(length, "Padding, %d bytes".formatted(length)));
    }
    var layer = new LayerBuilder(frame, Part.FOOTER, "fcs", frame.length);
    if (frame.length == wire && wire >= Headers.ETHERNET) {
      var check = new CRC32();
      check.update(frame);
      // The shortest frame on a cable has 60 bytes before it; the device fills up with zeros.
      check.update(new byte[Math.max(0, 60 - wire)]);
      var value = "0x%08x".formatted(Integer.reverseBytes((int) check.getValue()));
      layer.field("eth.fcs", "CRC-32", value, frame.length, 0);
      add(layer.end(0, "Frame check sequence %s, computed: the device delivers none", "eth.fcs"));
    } else {
      add(layer.end(0, "Frame check sequence: unknown, for the frame was cut"));
    }
  }
}
