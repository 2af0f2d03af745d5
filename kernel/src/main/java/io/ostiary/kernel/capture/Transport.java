package io.ostiary.kernel.capture;

import io.ostiary.model.capture.Layer;
import io.ostiary.model.capture.Layer.Part;
import java.util.ArrayList;
import java.util.List;

/// The transport headers and the first line of what they carry. Each method returns the offset of
/// the bytes that are left as payload.
final class Transport {
  private static final List<String> FLAGS =
      List.of("fin", "syn", "reset", "push", "ack", "urg", "ece", "cwr");
  private static final List<String> FLAG_NAMES =
      List.of("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR");

  private final byte[] frame;
  private final int network;
  private final int end;
  private final List<Layer> layers;

  /// @param end of the IP packet, within what was captured
  Transport(byte[] frame, int network, int end, List<Layer> layers) {
    this.frame = frame;
    this.network = network;
    this.end = end;
    this.layers = layers;
  }

  int tcp(int at) {
    if (at + 20 > end) {
      return cut(at);
    }
    int size = (frame[at + 12] & 0xf0) >> 2;
    if (size < 20) {
      return at;
    }
    int flags = frame[at + 13] & 255;
    var layer = new LayerBuilder(frame, Part.HEADER, "tcp", at);
    layer
        .number(".srcport", "source port", at, 2)
        .number(".dstport", "destination port", at + 2, 2)
        .number(".seq_raw", "sequence number", at + 4, 4)
        .number(".ack_raw", "acknowledgement number", at + 8, 4)
        .field(".hdr_len", "header length", size + "", at + 12, 1)
        .hexBits(".flags", "flags", at + 12, 2, 0, 0xfff, 4);
    for (int bit = 0; bit < FLAGS.size(); bit++) {
      layer.bits(".flags." + FLAGS.get(bit), FLAG_NAMES.get(bit), at + 13, 1, bit, 1);
    }
    layer
        .number(".window_size_value", "window", at + 14, 2)
        .hex(".checksum", "checksum", at + 16, 2, checksum(Headers.TCP, at))
        .number(".urgent_pointer", "urgent pointer", at + 18, 2);
    Options.tcp(layer, frame, at + 20, end == frame.length ? at + size : Math.min(at + size, end));
    layers.add(
        layer.end(
            Math.min(size, end - at),
            "TCP %s → %s [" + words(flags) + "]",
            ".srcport",
            ".dstport"));
    int data = Math.min(at + size, end);
    return new Carried(frame, end, layers).tcp(data);
  }

  /// Errors may quote no more than the first 8 bytes of a header (RFC 792).
  private int cut(int at) {
    if (at + 8 > end) {
      return at;
    }
    layers.add(
        new LayerBuilder(frame, Part.HEADER, "tcp", at)
            .number(".srcport", "source port", at, 2)
            .number(".dstport", "destination port", at + 2, 2)
            .number(".seq", "sequence number", at + 4, 4)
            .end(8, "TCP %s → %s, cut", ".srcport", ".dstport"));
    return at + 8;
  }

  static String words(int flags) {
    var words = new ArrayList<String>();
    for (int bit = 0; bit < FLAG_NAMES.size(); bit++) {
      if ((flags >> bit & 1) != 0) {
        words.add(FLAG_NAMES.get(bit));
      }
    }
    return String.join(", ", words);
  }

  int udp(int at) {
    if (at + 8 > end) {
      return at;
    }
    var checksum = Headers.u16(frame, at + 6) == 0 ? "none" : checksum(Headers.UDP, at);
    var layer = new LayerBuilder(frame, Part.HEADER, "udp", at);
    layer
        .number(".srcport", "source port", at, 2)
        .number(".dstport", "destination port", at + 2, 2)
        .number(".length", "length", at + 4, 2)
        .hex(".checksum", "checksum", at + 6, 2, checksum);
    layers.add(layer.end(8, "UDP %s → %s", ".srcport", ".dstport"));
    return at + 8;
  }

  int icmp(int at) {
    if (at + 4 > end) {
      return at;
    }
    int type = frame[at] & 255;
    var layer = new LayerBuilder(frame, Part.HEADER, "icmp", at);
    layer
        .named(".type", "type", at, 1, Protocols.icmp(type))
        .number(".code", "code", at + 1, 1)
        .hex(".checksum", "checksum", at + 2, 2, Checksums.header(frame, at, end - at));
    boolean echo = (type == 0 || type == 8) && at + 8 <= end;
    if (echo) {
      layer.number(".ident", "identifier", at + 4, 2).number(".seq", "sequence", at + 6, 2);
    }
    int size = Math.min(8, end - at);
    layers.add(layer.end(size, "ICMP type %s, code %s", ".type", ".code"));
    return at + size;
  }

  int icmp6(int at) {
    if (at + 4 > end) {
      return at;
    }
    int type = frame[at] & 255;
    var layer = new LayerBuilder(frame, Part.HEADER, "icmpv6", at);
    layer
        .named(".type", "type", at, 1, Protocols.icmp6(type))
        .number(".code", "code", at + 1, 1)
        .hex(".checksum", "checksum", at + 2, 2, checksum(Headers.ICMPV6, at));
    int size = Math.min(8, end - at);
    if ((type == 128 || type == 129) && at + 8 <= end) {
      layer
          .hex(".echo.identifier", "identifier", at + 4, 2)
          .number(".echo.sequence_number", "sequence", at + 6, 2);
    } else if (type == 135 && at + 24 <= end) {
      layer.address(".nd.ns.target_address", "target", at + 8, 16);
      size = 24;
    } else if (type == 136 && at + 24 <= end) {
      layer.address(".nd.na.target_address", "target", at + 8, 16);
      size = 24;
    }
    layers.add(layer.end(size, "ICMPv6 type %s, code %s", ".type", ".code"));
    return at + size;
  }

  private String checksum(int protocol, int at) {
    boolean four = frame[network] >> 4 == 4;
    int length = four ? Headers.u16(frame, network + 2) : Headers.u16(frame, network + 4) + 40;
    boolean fragment = four && (Headers.u16(frame, network + 6) & 0x3fff) != 0;
    int packetEnd = network + length;
    boolean whole = packetEnd <= frame.length && packetEnd >= at && !fragment;
    if (!four && frame[network + 6] != protocol) {
      return "not checked behind extension headers";
    }
    return Checksums.transport(frame, network, protocol, at, packetEnd - at, whole);
  }
}
