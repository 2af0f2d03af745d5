package io.ostiary.model;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How a listener encrypts. The files hold what is secret; of it only a digest is here, so that a
/// change of any file makes another value.
///
/// @param certificates at least one; the first also answers for names that none has
/// @param minimum the oldest version that is spoken
/// @param clients whether clients show certificates
/// @param clientAuthorities PEM file of who may sign those; null: none
/// @param clientRevocations file of the authorities' lists of certificates that do not stand any
///   more; null: none is asked
/// @param stapling whether certificates are sent with word of their authority that they stand
/// @param digest over the content of all files
public record Tls(
    List<Certificate> certificates,
    Version minimum,
    Clients clients,
    @Nullable Path clientAuthorities,
    @Nullable Path clientRevocations,
    boolean stapling,
    String digest) {
  public Tls {
    certificates = List.copyOf(certificates);
    Require.between("tls.certificates", certificates.size(), 1, 1000);
    if (clients == Clients.OFF && clientAuthorities != null) {
      throw Require.invalid(
          "tls.client-authorities", clientAuthorities, "client-certificates beside it");
    }
    if (clients == Clients.OFF && clientRevocations != null) {
      throw Require.invalid(
          "tls.client-revocations", clientRevocations, "client-certificates beside it");
    }
    if (clients != Clients.OFF && clientAuthorities == null) {
      throw Require.invalid("tls.client-certificates", clients, "client-authorities beside it");
    }
  }

  /// The oldest version of TLS that is spoken. What came before 1.2 is broken (RFC 8996).
  public enum Version {
    TLS_1_2,
    TLS_1_3
  }

  /// Whether clients prove who they are by certificates.
  public enum Clients {
    /// They are not asked.
    OFF,

    /// They are asked; without one they come in unproven.
    OPTIONAL,

    /// Without one that an authority signed nobody comes in.
    REQUIRED
  }

  /// What a certificate signs with: RSA, or a curve of FIPS 186.
  public enum Key {
    RSA,
    P_256,
    P_384,
    P_521
  }

  /// A certificate and its key.
  ///
  /// @param chain PEM file: the certificate, and those who signed it in turn
  /// @param key PEM file of its private key, PKCS#8 without a password
  /// @param ocsp file with the authority's word that it stands (DER); null: it is asked for one
  /// @param names host names it is for, such as `api.example.com` or `*.example.com`
  /// @param signs what kind of key it has
  /// @param fingerprint SHA-256 of the certificate in hexadecimal digits
  public record Certificate(
      Path chain,
      Path key,
      @Nullable Path ocsp,
      List<String> names,
      Key signs,
      Instant notAfter,
      String fingerprint) {
    public Certificate {
      names = List.copyOf(names);
    }
  }
}
