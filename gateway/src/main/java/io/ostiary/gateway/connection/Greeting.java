package io.ostiary.gateway.connection;

import io.netty.buffer.ByteBuf;
import io.ostiary.model.Tls;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a client's greeting says of the certificates that it can check: its cipher suites, and with
/// which algorithms it takes signatures (RFC 5246 section 7.4.1.4.1, RFC 8446 section 4.2.3).
///
/// @param suites none: the greeting cannot be read, which the TLS library will say
/// @param schemes null: it says nothing of signatures, as old clients of TLS 1.2 may
record Greeting(Set<Integer> suites, @Nullable Set<Integer> schemes) {
  private static final int VERSION_AND_RANDOM = 34;
  private static final int SIGNATURE_ALGORITHMS = 13;

  private static final Set<Integer> SUITES_1_3 = Set.of(0x1301, 0x1302, 0x1303);
  private static final Set<Integer> SUITES_ECDSA = Set.of(0xc02b, 0xc02c, 0xcca9);
  private static final Set<Integer> SUITES_RSA = Set.of(0xc02f, 0xc030, 0xcca8);

  private static final Set<Integer> PSS = Set.of(0x0804, 0x0805, 0x0806);
  private static final Set<Integer> PKCS1 = Set.of(0x0401, 0x0501, 0x0601);
  private static final Set<Integer> ECDSA = Set.of(0x0403, 0x0503, 0x0603);

  /// @param hello from its version on, without the headers of record and handshake; is not moved
  static Greeting of(ByteBuf hello) {
    try {
      return read(hello.duplicate());
    } catch (IndexOutOfBoundsException e) {
      return new Greeting(Set.of(), null);
    }
  }

  private static Greeting read(ByteBuf in) {
    in.skipBytes(VERSION_AND_RANDOM);
    in.skipBytes(in.readUnsignedByte()); // The session.
    var suites = numbers(in.readSlice(in.readUnsignedShort()));
    in.skipBytes(in.readUnsignedByte()); // Compressions.
    var extensions = in.isReadable() ? in.readSlice(in.readUnsignedShort()) : in;
    while (extensions.isReadable()) {
      int type = extensions.readUnsignedShort();
      var content = extensions.readSlice(extensions.readUnsignedShort());
      if (type == SIGNATURE_ALGORITHMS) {
        return new Greeting(suites, numbers(content.readSlice(content.readUnsignedShort())));
      }
    }
    return new Greeting(suites, null);
  }

  private static Set<Integer> numbers(ByteBuf from) {
    var numbers = new HashSet<Integer>();
    while (from.isReadable()) {
      numbers.add(from.readUnsignedShort());
    }
    return numbers;
  }

  /// Whether the client can check a certificate with such a key. In TLS 1.3, which is spoken with
  /// whoever offers it, an algorithm stands for one curve, in 1.2 for all of them.
  boolean takes(Tls.Key key) {
    if (has(SUITES_1_3)) {
      return signs(
          switch (key) {
            case RSA -> PSS;
            case P_256 -> Set.of(0x0403);
            case P_384 -> Set.of(0x0503);
            case P_521 -> Set.of(0x0603);
          });
    }
    return key == Tls.Key.RSA
        ? has(SUITES_RSA) && (signs(PSS) || signs(PKCS1))
        : has(SUITES_ECDSA) && signs(ECDSA);
  }

  private boolean has(Set<Integer> some) {
    return some.stream().anyMatch(suites::contains);
  }

  private boolean signs(Set<Integer> some) {
    var told = schemes;
    return told == null || some.stream().anyMatch(told::contains);
  }
}
