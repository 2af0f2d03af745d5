package io.ostiary.gateway.connection;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.PKIXRevocationChecker.Option;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The question to a certificate's authority whether it stands (RFC 6960), and whether an answer is
/// a valid yes. Immutable.
///
/// @param responder where to ask
record Ocsp(X509Certificate certificate, X509Certificate issuer, URI responder) {
  private static final String ACCESS = "1.3.6.1.5.5.7.1.1";

  /// `id-ad-ocsp`, and the tag of a URI.
  private static final byte[] RESPONDER = {6, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, (byte) 0x86};

  /// AlgorithmIdentifier of SHA-1, by which authorities find a certificate; nothing rests on it.
  private static final byte[] SHA_1 = {0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0};

  /// Null: the certificate names no responder, or nobody who signed it is in its chain.
  static @Nullable Ocsp of(List<X509Certificate> chain) {
    if (chain.size() < 2) {
      return null;
    }
    var extension = chain.getFirst().getExtensionValue(ACCESS);
    var uri = extension == null ? null : uri(extension);
    return uri == null ? null : new Ocsp(chain.get(0), chain.get(1), uri);
  }

  private static @Nullable URI uri(byte[] extension) {
    for (int at = 0; at + RESPONDER.length < extension.length; at++) {
      if (Arrays.equals(extension, at, at + RESPONDER.length, RESPONDER, 0, RESPONDER.length)) {
        int start = at + RESPONDER.length + 1;
        int length = extension[start - 1];
        if (length <= 0 || start + length > extension.length) {
          return null;
        }
        var text = new String(extension, start, length, StandardCharsets.US_ASCII);
        return text.startsWith("http://") ? URI.create(text) : null;
      }
    }
    return null;
  }

  /// The request, in DER.
  byte[] question() throws GeneralSecurityException {
    var sha = MessageDigest.getInstance("SHA-1");
    var name = sha.digest(certificate.getIssuerX500Principal().getEncoded());
    var key = sha.digest(keyBits(issuer.getPublicKey().getEncoded()));
    var serial = certificate.getSerialNumber().toByteArray();
    var id = sequence(SHA_1, tagged(4, name), tagged(4, key), tagged(2, serial));
    return sequence(sequence(sequence(sequence(id))));
  }

  /// The bits of a key without what says which kind it is: the last element of the sequence.
  private static byte[] keyBits(byte[] info) {
    int at = contentAt(info, 0);
    at = contentAt(info, at) + lengthAt(info, at);
    int start = contentAt(info, at) + 1;
    return Arrays.copyOfRange(info, start, contentAt(info, at) + lengthAt(info, at));
  }

  private static int contentAt(byte[] der, int at) {
    int first = der[at + 1] & 0xff;
    return at + 2 + (first < 128 ? 0 : first - 128);
  }

  private static int lengthAt(byte[] der, int at) {
    int first = der[at + 1] & 0xff;
    int length = first < 128 ? first : 0;
    for (int i = 0; first >= 128 && i < first - 128; i++) {
      length = length << 8 | (der[at + 2 + i] & 0xff);
    }
    return length;
  }

  private static byte[] sequence(byte[]... parts) {
    var out = new ByteArrayOutputStream();
    for (var part : parts) {
      out.writeBytes(part);
    }
    return tagged(0x30, out.toByteArray());
  }

  private static byte[] tagged(int tag, byte[] content) {
    var out = new ByteArrayOutputStream();
    out.write(tag);
    if (content.length >= 128) {
      out.write(0x81);
    }
    out.write(content.length);
    out.writeBytes(content);
    return out.toByteArray();
  }

  /// Whether the authority says, in words of its own and of this time, that the certificate stands.
  boolean confirms(byte[] answer) {
    try {
      var validator = CertPathValidator.getInstance("PKIX");
      var checker = (PKIXRevocationChecker) validator.getRevocationChecker();
      checker.setOptions(EnumSet.of(Option.ONLY_END_ENTITY, Option.NO_FALLBACK));
      checker.setOcspResponses(Map.of(certificate, answer));
      var parameters = new PKIXParameters(Set.of(new TrustAnchor(issuer, null)));
      parameters.setRevocationEnabled(false);
      parameters.addCertPathChecker(checker);
      var path = CertificateFactory.getInstance("X.509").generateCertPath(List.of(certificate));
      var ignored = validator.validate(path, parameters);
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }
}
