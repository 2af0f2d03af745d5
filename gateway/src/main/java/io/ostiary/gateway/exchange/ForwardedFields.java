package io.ostiary.gateway.exchange;

import io.ostiary.gateway.wire.FieldKind;
import io.ostiary.gateway.wire.Fields;
import io.ostiary.gateway.wire.HeadText;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Who a call comes from when proxies stand before us: `X-Forwarded-*` and `Forwarded` (RFC 7239).
///
/// They are believed only from peers that the configuration trusts, from the right until the first
/// address that is no trusted proxy. From anybody else they are removed, so an upstream never reads
/// what a client made up. Where both kinds are there and disagree, neither is believed.
final class ForwardedFields {
  private static final byte[] FOR = latin("X-Forwarded-For: ");
  private static final byte[] PROTO = latin("X-Forwarded-Proto: http\r\n");
  private static final byte[] PROTO_SECURE = latin("X-Forwarded-Proto: https\r\n");
  private static final byte[] HOST = latin("X-Forwarded-Host: ");
  private static final byte[] FORWARDED = latin("Forwarded: ");

  private ForwardedFields() {}

  private static byte[] latin(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /// The client that a trusted peer speaks for; null: it names none, or contradicts itself.
  static @Nullable InetAddress client(Fields fields, AddressSet trusted) {
    var chain = chain(fields, FieldKind.FORWARDED_FOR);
    var standard = standardChain(fields);
    var one = chain == null ? null : beforeProxies(chain, trusted);
    var other = standard == null ? null : beforeProxies(standard, trusted);
    if (chain != null && standard != null) {
      return one != null && one.equals(other) ? one : null;
    }
    return one == null ? other : one;
  }

  private static @Nullable List<String> chain(Fields fields, int kind) {
    List<String> chain = null;
    for (int i = 0; i < fields.count(); i++) {
      if (fields.kind(i) == kind) {
        chain = chain == null ? new ArrayList<>() : chain;
        for (var part : fields.value(i).split(",", -1)) {
          chain.add(part.strip());
        }
      }
    }
    return chain;
  }

  private static @Nullable List<String> standardChain(Fields fields) {
    var elements = chain(fields, FieldKind.FORWARDED);
    if (elements == null) {
      return null;
    }
    var chain = new ArrayList<String>();
    for (var element : elements) {
      var address = "";
      for (var pair : element.split(";", -1)) {
        var trimmed = pair.strip();
        if (trimmed.regionMatches(true, 0, "for=", 0, 4)) {
          address = trimmed.substring(4).replace("\"", "");
        }
      }
      chain.add(address);
    }
    return chain;
  }

  private static @Nullable InetAddress beforeProxies(List<String> chain, AddressSet trusted) {
    InetAddress last = null;
    for (int i = chain.size() - 1; i >= 0; i--) {
      var address = address(chain.get(i));
      if (address == null) {
        return last;
      }
      last = address;
      if (!trusted.contains(address.getAddress())) {
        return address;
      }
    }
    return last;
  }

  /// Reads `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
  private static @Nullable InetAddress address(String text) {
    var host = text;
    if (text.startsWith("[")) {
      int end = text.indexOf(']');
      host = end < 0 ? "" : text.substring(1, end);
    } else if (text.indexOf(':') >= 0 && text.indexOf(':') == text.lastIndexOf(':')) {
      host = text.substring(0, text.indexOf(':'));
    }
    if (host.isEmpty()) {
      return null;
    }
    try {
      return InetAddress.ofLiteral(host);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /// Writes the fields for the upstream. The client's own lines have not been copied.
  static void write(HeadText out, Call call, boolean trustedPeer) {
    var head = call.requestHead();
    var fields = head.fields();
    out.put(FOR);
    if (trustedPeer) {
      join(out, fields, FieldKind.FORWARDED_FOR);
    }
    out.put(call.clientSide().speaker().text()).endLine();
    if (!trustedPeer || !copy(out, fields, FieldKind.FORWARDED_PROTO)) {
      out.put(call.clientSide().secure() ? PROTO_SECURE : PROTO);
    }
    if (!trustedPeer || !copy(out, fields, FieldKind.FORWARDED_HOST)) {
      int size = head.authorityEnd() - head.authorityStart();
      if (size > 0) {
        out.put(HOST).put(head.bytes(), head.authorityStart(), size);
        out.endLine();
      }
    }
    if (trustedPeer && fields.find(FieldKind.FORWARDED) >= 0) {
      out.put(FORWARDED);
      join(out, fields, FieldKind.FORWARDED);
      var peer = call.clientSide().speaker().text();
      boolean six = call.clientSide().speaker().bytes().length == 16;
      out.put(latin(six ? "for=\"[" : "for=")).put(peer);
      out.put(latin(six ? "]\"" : "")).endLine();
    }
  }

  /// The values of all lines of this kind, each with a comma behind it.
  private static void join(HeadText out, Fields fields, int kind) {
    for (int i = 0; i < fields.count(); i++) {
      if (fields.kind(i) == kind && fields.valueEnd(i) > fields.valueStart(i)) {
        out.put(fields.bytes(), fields.valueStart(i), fields.valueEnd(i) - fields.valueStart(i));
        out.put(',').put(' ');
      }
    }
  }

  private static boolean copy(HeadText out, Fields fields, int kind) {
    if (fields.find(kind) < 0) {
      return false;
    }
    fields.writeKinds(out, 1 << kind);
    return true;
  }
}
