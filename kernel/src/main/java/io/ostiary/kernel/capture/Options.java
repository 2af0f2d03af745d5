package io.ostiary.kernel.capture;

import io.ostiary.model.capture.Layer;
import io.ostiary.model.capture.Layer.Part;

/// Options of IPv4 and TCP, and the extension headers of IPv6. A list that contradicts itself is
/// read up to there; one of TCP that the capture cut ends with what there is of its last option.
final class Options {
  private static final int LIST_MAX = 40;

  private Options() {}

  static void ipv4(LayerBuilder layer, byte[] frame, int from, int end) {
    int to = Math.min(end, frame.length);
    int at = from;
    for (int i = 0; i < LIST_MAX && at < to; i++) {
      int kind = frame[at] & 255;
      int length = kind <= 1 ? 1 : at + 1 < to ? frame[at + 1] & 255 : 0;
      if (length == 0 || (kind > 1 && length < 2) || at + length > to) {
        return;
      }
      layer.named(".opt.type", "option", at, 1, name4(kind));
      if (kind > 1) {
        layer.number(".opt.len", "length of the option", at + 1, 1);
        layer.bytes(".opt.data", "data of the option", at + 2, length - 2);
      }
      if (kind == 0) {
        return;
      }
      at += length;
    }
  }

  private static String name4(int kind) {
    return switch (kind) {
      case 0 -> "end of options";
      case 1 -> "no operation";
      case 7 -> "record route";
      case 68 -> "time stamp";
      case 131 -> "loose source route";
      case 137 -> "strict source route";
      case 148 -> "router alert";
      default -> "";
    };
  }

  static void tcp(LayerBuilder layer, byte[] frame, int from, int end) {
    int to = Math.min(end, frame.length);
    int at = from;
    for (int i = 0; i < LIST_MAX && at < to; i++) {
      int kind = frame[at] & 255;
      int length = kind <= 1 ? 1 : at + 1 < to ? frame[at + 1] & 255 : 0;
      boolean cut = to < end && (at + 1 == to || at + length > to);
      if (!cut && (length == 0 || (kind > 1 && length < 2) || at + length > to)) {
        return;
      }
      layer.named(".option_kind", "option", at, 1, nameTcp(kind));
      if (cut) {
        layer.number(".option_len", "length of the option", at + 1, 1);
        return;
      }
      if (kind > 1) {
        layer.number(".option_len", "length of the option", at + 1, 1);
        tcpValue(layer, kind, at, length);
      }
      if (kind == 0) {
        return;
      }
      at += length;
    }
  }

  private static void tcpValue(LayerBuilder layer, int kind, int at, int length) {
    if (kind == 2 && length == 4) {
      layer.number(".options.mss_val", "maximum segment size", at + 2, 2);
    } else if (kind == 3 && length == 3) {
      layer.number(".options.wscale.shift", "window scale", at + 2, 1);
    } else if (kind == 8 && length == 10) {
      layer.number(".options.timestamp.tsval", "time stamp", at + 2, 4);
      layer.number(".options.timestamp.tsecr", "time stamp echoed", at + 6, 4);
    } else if (kind == 5 && (length & 7) == 2) {
      for (int block = at + 2; block + 8 <= at + length; block += 8) {
        layer.hex(".options.sack.left", "received from", block, 4);
        layer.hex(".options.sack.right", "received up to", block + 4, 4);
      }
    } else if (length > 2) {
      layer.bytes(".options.data", "data of the option", at + 2, length - 2);
    }
  }

  private static String nameTcp(int kind) {
    return switch (kind) {
      case 0 -> "end of options";
      case 1 -> "no operation";
      case 2 -> "maximum segment size";
      case 3 -> "window scale";
      case 4 -> "SACK permitted";
      case 5 -> "SACK";
      case 8 -> "time stamps";
      case 34 -> "fast open";
      default -> "";
    };
  }

  /// @param kind of the header that stands at `at`
  static Layer extension(byte[] frame, int at, int size, int kind) {
    var protocol =
        switch (kind) {
          case Headers.HOP_BY_HOP -> "ipv6.hopopts";
          case Headers.ROUTING -> "ipv6.routing";
          case Headers.FRAGMENT -> "ipv6.fraghdr";
          case Headers.DESTINATION -> "ipv6.dstopts";
          default -> "ah";
        };
    var layer = new LayerBuilder(frame, Part.HEADER, protocol, at);
    layer.named(
        kind == Headers.AUTHENTICATION ? ".next_header" : ".nxt",
        "next header",
        at,
        1,
        Protocols.ip(frame[at] & 255));
    switch (kind) {
      case Headers.FRAGMENT ->
          layer
              .bits(".offset", "offset, in 8 bytes", at + 2, 2, 3, 0x1fff)
              .bits(".more", "more fragments", at + 2, 2, 0, 1)
              .hex(".ident", "identification", at + 4, 4);
      case Headers.AUTHENTICATION ->
          layer
              .number(".length", "length", at + 1, 1)
              .hex(".spi", "security parameters", at + 4, 4);
      case Headers.ROUTING ->
          layer
              .number(".len", "length, in 8 bytes", at + 1, 1)
              .number(".type", "type", at + 2, 1)
              .number(".segleft", "segments left", at + 3, 1);
      default ->
          layer
              .number(".len", "length, in 8 bytes", at + 1, 1)
              .bytes(".options", "options", at + 2, size - 2);
    }
    return layer.end(size, "IPv6 " + Protocols.ip(kind) + " header");
  }
}
