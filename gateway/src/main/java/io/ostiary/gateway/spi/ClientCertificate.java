package io.ostiary.gateway.spi;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import javax.security.auth.x500.X500Principal;

/// The certificate by which a client proved who it is when its connection began (mutual TLS). It
/// has been verified against the authorities of its listener; whether its holder may call is for
/// policies to say. Immutable, made once for each connection.
///
/// @param subject as RFC 2253 writes it, such as `CN=billing,O=Example`
/// @param issuer the same of who signed it
/// @param serial in hexadecimal digits of lower case
/// @param names the alternative names, in the order of the certificate
/// @param fingerprint SHA-256 of the certificate in 64 hexadecimal digits of lower case
/// @param notAfter until when it is valid
public record ClientCertificate(
    String subject,
    String issuer,
    String serial,
    List<Name> names,
    String fingerprint,
    Instant notAfter) {
  /// What an alternative name names (RFC 5280 section 4.2.1.6).
  public enum NameKind {
    EMAIL(1),
    DNS(2),
    URI(6),
    IP(7);

    private final int tag;

    NameKind(int tag) {
      this.tag = tag;
    }
  }

  /// @param value as it stands in the certificate; an address in its usual text form
  public record Name(NameKind kind, String value) {}

  public ClientCertificate {
    names = List.copyOf(names);
  }

  /// @throws IllegalArgumentException when the certificate cannot be read
  public static ClientCertificate of(X509Certificate certificate) {
    try {
      var digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
      return new ClientCertificate(
          certificate.getSubjectX500Principal().getName(X500Principal.RFC2253),
          certificate.getIssuerX500Principal().getName(X500Principal.RFC2253),
          certificate.getSerialNumber().toString(16),
          alternativeNames(certificate),
          HexFormat.of().formatHex(digest),
          certificate.getNotAfter().toInstant());
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("client certificate: " + e.getMessage(), e);
    }
  }

  private static List<Name> alternativeNames(X509Certificate certificate)
      throws CertificateParsingException {
    var names = new ArrayList<Name>();
    Collection<List<?>> all = certificate.getSubjectAlternativeNames();
    if (all == null) {
      return names;
    }
    for (var one : all) {
      for (var kind : NameKind.values()) {
        if (one.get(0) instanceof Integer tag && tag == kind.tag) {
          names.add(new Name(kind, String.valueOf(one.get(1))));
        }
      }
    }
    return names;
  }

  /// The values of one kind of alternative name.
  public List<String> names(NameKind kind) {
    return names.stream().filter(name -> name.kind() == kind).map(Name::value).toList();
  }
}
