package io.ostiary.gateway.exchange;

import io.ostiary.gateway.wire.FieldKind;
import io.ostiary.gateway.wire.Fields;
import io.ostiary.gateway.wire.HeadText;
import io.ostiary.model.AddressText;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
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
  private static final byte[] PREFIX = latin("X-Forwarded-Prefix: ");
  private static final byte[] FORWARDED = latin("Forwarded: ");
  private static final byte[] VIA_1_0 = latin("Via: 1.0 ostiary\r\nOstiary-Call: ");
  private static final byte[] VIA_1_1 = latin("Via: 1.1 ostiary\r\nOstiary-Call: ");
  private static final byte[] VIA_2 = latin("Via: 2.0 ostiary\r\nOstiary-Call: ");
  private static final Pattern HOST_TEXT = Pattern.compile("[A-Za-z0-9._:\\[\\]-]{1,260}");

  private ForwardedFields() {}

  private static byte[] latin(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /// Who passes the call on, by which version it came (RFC 9110 section 7.6.3), and its id.
  static void writeVia(HeadText out, Call call) {
    boolean http2 = call.clientSide().http2();
    var via = http2 ? VIA_2 : call.requestHead().version11() ? VIA_1_1 : VIA_1_0;
    out.put(via).callId(call.callId()).endLine();
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
    return elements == null ? null : elements.stream().map(one -> member(one, "for")).toList();
  }

  /// A member of an element of `Forwarded`, without its quotes; empty: it has none.
  private static String member(String element, String name) {
    for (var pair : element.split(";", -1)) {
      var trimmed = pair.strip();
      int at = name.length();
      if (trimmed.regionMatches(true, 0, name, 0, at) && trimmed.startsWith("=", at)) {
        return trimmed.substring(at + 1).replace("\"", "");
      }
    }
    return "";
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
    if (!trustedPeer) {
      out.put(FOR);
      out.put(call.clientSide().speaker().text()).endLine();
      out.put(call.clientSide().secure() ? PROTO_SECURE : PROTO);
      host(out, call);
      prefix(out, call, -1);
      return;
    }
    var fields = call.requestHead().fields();
    var standard = chain(fields, FieldKind.FORWARDED);
    var told = standard == null ? "" : standard.get(told(standard, call.terms().trustedProxies()));
    out.put(FOR);
    if (fields.find(FieldKind.FORWARDED_FOR) >= 0) {
      join(out, fields, FieldKind.FORWARDED_FOR);
    } else if (standard != null) {
      names(out, standard);
    }
    out.put(call.clientSide().speaker().text()).endLine();
    if (!copy(out, fields, FieldKind.FORWARDED_PROTO)) {
      boolean secure = https(member(told, "proto"), call.clientSide().secure());
      out.put(secure ? PROTO_SECURE : PROTO);
    }
    if (!copy(out, fields, FieldKind.FORWARDED_HOST)) {
      var host = member(told, "host");
      if (HOST_TEXT.matcher(host).matches()) {
        out.put(HOST).put(latin(host)).endLine();
      } else {
        host(out, call);
      }
    }
    prefix(out, call, fields.find(FieldKind.FORWARDED_PREFIX));
    if (standard != null) {
      standard(out, call);
    }
  }

  /// Whether a trusted peer says that its client wrote `https`. What it says in another way than by
  /// one word it does not say.
  ///
  /// @param secure what we see ourselves, which counts where it says nothing
  static boolean https(Fields fields, AddressSet trusted, boolean secure) {
    var words = chain(fields, FieldKind.FORWARDED_PROTO);
    if (words != null) {
      return words.size() == 1 ? https(words.getFirst(), secure) : secure;
    }
    var standard = chain(fields, FieldKind.FORWARDED);
    return standard == null
        ? secure
        : https(member(standard.get(told(standard, trusted)), "proto"), secure);
  }

  private static boolean https(String proto, boolean otherwise) {
    return proto.equalsIgnoreCase("https") || (otherwise && !proto.equalsIgnoreCase("http"));
  }

  /// Which element tells of the client: what stands before it may be the client's invention.
  private static int told(List<String> elements, AddressSet trusted) {
    for (int i = elements.size() - 1; i > 0; i--) {
      var address = address(member(elements.get(i), "for"));
      if (address == null || !trusted.contains(address.getAddress())) {
        return i;
      }
    }
    return 0;
  }

  private static void host(HeadText out, Call call) {
    var head = call.requestHead();
    int size = head.authorityEnd() - head.authorityStart();
    if (size > 0) {
      out.put(HOST).put(head.bytes(), head.authorityStart(), size);
      out.endLine();
    }
  }

  /// The front of the client's path that the upstream does not see, so that it can name itself as
  /// clients do: what proxies before us cut off, and then the API's path where we do.
  ///
  /// @param told the trusted peer's field; below 0: none
  private static void prefix(HeadText out, Call call, int told) {
    int cut = call.routed().stripBytes();
    if (told < 0 && cut == 0) {
      return;
    }
    var head = call.requestHead();
    out.put(PREFIX);
    if (told >= 0) {
      var fields = head.fields();
      int end = fields.valueEnd(told);
      boolean slash = end > fields.valueStart(told) && fields.bytes()[end - 1] == '/';
      int size = end - fields.valueStart(told) - (slash && cut > 0 ? 1 : 0);
      out.put(fields.bytes(), fields.valueStart(told), size);
    }
    out.put(head.bytes(), head.pathStart(), cut).endLine();
  }

  /// The addresses of `Forwarded` for those who read `X-Forwarded-For` alone; names that are no
  /// addresses, such as `unknown`, are told as they are.
  private static void names(HeadText out, List<String> elements) {
    for (var element : elements) {
      var name = member(element, "for");
      var address = address(name);
      if (!name.isEmpty()) {
        out.put(latin(address == null ? name : AddressText.of(address)));
        out.put(',').put(' ');
      }
    }
  }

  private static void standard(HeadText out, Call call) {
    out.put(FORWARDED);
    join(out, call.requestHead().fields(), FieldKind.FORWARDED);
    var peer = call.clientSide().speaker().text();
    boolean six = call.clientSide().speaker().bytes().length == 16;
    out.put(latin(six ? "for=\"[" : "for=")).put(peer);
    out.put(latin(six ? "]\"" : "")).endLine();
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
