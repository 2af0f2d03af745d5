package io.ostiary.contract.config;

import io.ostiary.contract.tree.TreeReader;
import io.ostiary.model.Require;
import io.ostiary.model.Tls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.EllipticCurve;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The certificates that listeners name: read and checked here, so that a pair which does not fit
/// is told at its place in the file, before anything is changed. Used once, by one thread.
final class TlsFiles {
  private static final int FILE_BYTES_MAX = 1024 * 1024;
  private static final int RSA_BITS = 2048;
  private static final Map<String, Tls.Key> CURVES =
      Map.of("secp256r1", Tls.Key.P_256, "secp384r1", Tls.Key.P_384, "secp521r1", Tls.Key.P_521);
  private static final Duration SOON = Duration.ofDays(14);
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

  private final Notes notes;
  private final Instant now = Clock.systemUTC().instant();

  TlsFiles(Notes notes) {
    this.notes = notes;
  }

  /// Null: none is written, or with faults.
  ///
  /// @param pointer of the listener's `tls`
  @Nullable Tls read(WrittenListener.@Nullable Tls written, String pointer) {
    if (written == null) {
      return null;
    }
    var digest = sha256();
    var certificates = new ArrayList<Tls.Certificate>();
    for (int i = 0; i < written.certificates().size(); i++) {
      var one = written.certificates().get(i);
      var at = pointer + "/certificates/" + i;
      var certificate = notes.attempt(at, () -> certificate(one, at, digest));
      if (certificate != null) {
        certificates.add(certificate);
      }
    }
    if (certificates.size() < written.certificates().size()) {
      return null;
    }
    return notes.attempt(pointer, () -> tls(written, certificates, digest, pointer));
  }

  private Tls tls(
      WrittenListener.Tls written,
      List<Tls.Certificate> certificates,
      MessageDigest digest,
      String at) {
    var authorities = written.clientAuthorities();
    if (authorities != null) {
      var name = "client-authorities";
      var ignored = certificates(name, authorities, content(name, authorities, digest));
    }
    var revocations = written.clientRevocations();
    if (revocations != null) {
      revocations(revocations, content("client-revocations", revocations, digest), at);
    }
    return new Tls(
        certificates,
        written.minimum(),
        written.clientCertificates(),
        authorities,
        revocations,
        written.stapling(),
        HexFormat.of().formatHex(digest.digest()));
  }

  /// A list that is out of date lets nobody in, so it is told before it is.
  private void revocations(Path file, byte[] content, String at) {
    var all = new ArrayList<X509CRL>();
    try {
      for (var one :
          CertificateFactory.getInstance("X.509").generateCRLs(new ByteArrayInputStream(content))) {
        all.add((X509CRL) one);
      }
    } catch (GeneralSecurityException e) {
      all.clear();
    }
    if (all.isEmpty()) {
      throw Require.invalid(
          "client-revocations", file, "lists of revoked certificates, -----BEGIN X509 CRL-----");
    }
    for (var list : all) {
      if (list.getNextUpdate() != null && list.getNextUpdate().toInstant().isBefore(now)) {
        notes.warning(
            at + "/client-revocations",
            "client-revocations: %s is out of date since %s; no client gets in"
                .formatted(file, list.getNextUpdate().toInstant()));
      }
    }
  }

  private Tls.Certificate certificate(
      WrittenListener.Certificate written, String at, MessageDigest digest) {
    var all = certificates("chain", written.chain(), content("chain", written.chain(), digest));
    var leaf = all.getFirst();
    var kind = kind(leaf, written.chain());
    var key = privateKey(written.key(), content("key", written.key(), digest));
    fits(leaf, key, written);
    strength(leaf, at + "/chain", written.chain());
    var ocsp = written.ocsp();
    if (ocsp != null) {
      var ignored = content("ocsp", ocsp, digest);
    }
    var notAfter = leaf.getNotAfter().toInstant();
    expiry(notAfter, at + "/chain", written.chain());
    return new Tls.Certificate(
        written.chain(), written.key(), ocsp, names(leaf), kind, notAfter, fingerprint(leaf));
  }

  private void expiry(Instant notAfter, String at, Path chain) {
    if (notAfter.isBefore(now)) {
      notes.warning(
          at, "chain: %s expired at %s; clients will refuse it".formatted(chain, notAfter));
    } else if (notAfter.isBefore(now.plus(SOON))) {
      notes.warning(at, "chain: %s expires at %s".formatted(chain, notAfter));
    }
  }

  private static byte[] content(String name, Path file, MessageDigest digest) {
    try {
      if (Files.size(file) > FILE_BYTES_MAX) {
        throw Require.invalid(name, file + " of " + Files.size(file) + " bytes", "at most 1 MiB");
      }
      var content = Files.readAllBytes(file);
      digest.update(content);
      return content;
    } catch (IOException e) {
      throw Require.invalid(
          name, "'" + file + "'", "a file that can be read: " + TreeReader.reason(e));
    }
  }

  private static List<X509Certificate> certificates(String name, Path file, byte[] pem) {
    var all = new ArrayList<X509Certificate>();
    try {
      for (var one :
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(pem))) {
        all.add((X509Certificate) one);
      }
    } catch (GeneralSecurityException e) {
      all.clear();
    }
    if (all.isEmpty()) {
      throw Require.invalid(name, file, "certificates in PEM, -----BEGIN CERTIFICATE-----");
    }
    return all;
  }

  private static PrivateKey privateKey(Path file, byte[] pem) {
    var found = KEY.matcher(new String(pem, StandardCharsets.ISO_8859_1));
    if (!found.find()) {
      throw Require.invalid(
          "key",
          file,
          "a key in PEM, PKCS#8 without a password; make one of it with 'openssl pkcs8 -topk8"
              + " -nocrypt'");
    }
    try {
      var der = Base64.getMimeDecoder().decode(found.group(1));
      for (var algorithm : List.of("RSA", "EC")) {
        var key = key(algorithm, der);
        if (key != null) {
          return key;
        }
      }
    } catch (IllegalArgumentException e) {
      // No Base64; told below.
    }
    throw Require.invalid("key", file, "an RSA or elliptic curve key");
  }

  private static @Nullable PrivateKey key(String algorithm, byte[] der) {
    try {
      return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
    } catch (GeneralSecurityException e) {
      return null;
    }
  }

  /// What the key signs, the certificate's key must confirm.
  private static void fits(
      X509Certificate leaf, PrivateKey key, WrittenListener.Certificate written) {
    boolean fits;
    try {
      fits = confirms(leaf.getPublicKey(), key);
    } catch (GeneralSecurityException e) {
      fits = false;
    }
    if (!fits) {
      throw Require.invalid(
          "key", written.key(), "the key of the first certificate in " + written.chain());
    }
  }

  private static boolean confirms(PublicKey open, PrivateKey key) throws GeneralSecurityException {
    var algorithm = key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
    var text = "ostiary".getBytes(StandardCharsets.US_ASCII);
    var signing = Signature.getInstance(algorithm);
    signing.initSign(key);
    signing.update(text);
    var signature = signing.sign();
    var verifying = Signature.getInstance(algorithm);
    verifying.initVerify(open);
    verifying.update(text);
    return verifying.verify(signature);
  }

  /// Clients refuse what is shorter, and would tell nobody here.
  private void strength(X509Certificate leaf, String at, Path chain) {
    if (leaf.getPublicKey() instanceof RSAPublicKey key
        && key.getModulus().bitLength() < RSA_BITS) {
      notes.warning(
          at,
          "chain: %s has an RSA key of %d bits (expected: at least %d); most clients will refuse it"
              .formatted(chain, key.getModulus().bitLength(), RSA_BITS));
    }
  }

  /// Other keys are read by OpenSSL and the JDK, and unknown to browsers.
  private static Tls.Key kind(X509Certificate leaf, Path chain) {
    var open = leaf.getPublicKey();
    if (open instanceof RSAPublicKey) {
      return Tls.Key.RSA;
    }
    var curve = open instanceof ECPublicKey key ? key.getParams().getCurve() : null;
    for (var known : CURVES.entrySet()) {
      if (curve != null && curve.equals(curve(known.getKey()))) {
        return known.getValue();
      }
    }
    var seen = open.getAlgorithm().equals("EC") ? "on another curve" : open.getAlgorithm();
    throw Require.invalid(
        "chain", chain + " with a key " + seen, "RSA, or EC on P-256, P-384 or P-521");
  }

  private static EllipticCurve curve(String name) {
    try {
      var parameters = AlgorithmParameters.getInstance("EC");
      parameters.init(new ECGenParameterSpec(name));
      return parameters.getParameterSpec(ECParameterSpec.class).getCurve();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + name, e);
    }
  }

  /// The host names of a certificate. A common name counts for nothing any more (RFC 9525).
  private static List<String> names(X509Certificate leaf) {
    var names = new ArrayList<String>();
    try {
      var alternatives = leaf.getSubjectAlternativeNames();
      for (var one : alternatives == null ? List.<List<?>>of() : alternatives) {
        if (one.get(0) instanceof Integer kind && kind == 2) {
          names.add(String.valueOf(one.get(1)).toLowerCase(java.util.Locale.ROOT));
        }
      }
    } catch (GeneralSecurityException e) {
      throw Require.invalid("chain", "names that cannot be read", "a certificate of RFC 5280");
    }
    return names;
  }

  private static String fingerprint(X509Certificate leaf) {
    try {
      return HexFormat.of().formatHex(sha256().digest(leaf.getEncoded()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a certificate that was read has an encoding", e);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
