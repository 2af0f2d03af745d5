package io.ostiary.gateway.connection;

import io.ostiary.gateway.tls.PeerVerdicts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.PKIXRevocationChecker.Option;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.EnumSet;
import java.util.HashSet;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// Whose certificates of clients count: those that an authority signed and has not taken back (RFC
/// 5280). It is checked in each full handshake, on the event loop, and asks nobody: the lists are
/// in memory. Where there are lists, a certificate on which none of them speaks, and one whose list
/// is out of date, does not count either.
final class ClientTrust {
  private ClientTrust() {}

  /// @param authorities PEM
  /// @param revocations lists of certificates that do not stand any more; null: all do
  static TrustManager of(Path authorities, @Nullable Path revocations) throws IOException {
    try {
      var factory = CertificateFactory.getInstance("X.509");
      var anchors = new HashSet<TrustAnchor>();
      try (var in = Files.newInputStream(authorities)) {
        for (var one : factory.generateCertificates(in)) {
          anchors.add(new TrustAnchor((X509Certificate) one, null));
        }
      }
      var parameters = new PKIXBuilderParameters(anchors, new X509CertSelector());
      parameters.setRevocationEnabled(false);
      if (revocations != null) {
        try (var in = Files.newInputStream(revocations)) {
          parameters.addCertStore(
              CertStore.getInstance(
                  "Collection", new CollectionCertStoreParameters(factory.generateCRLs(in))));
        }
        var checker =
            (PKIXRevocationChecker) CertPathBuilder.getInstance("PKIX").getRevocationChecker();
        checker.setOptions(EnumSet.of(Option.PREFER_CRLS, Option.NO_FALLBACK));
        parameters.addCertPathChecker(checker);
      }
      var trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(new CertPathTrustManagerParameters(parameters));
      for (var manager : trust.getTrustManagers()) {
        if (manager instanceof X509ExtendedTrustManager extended) {
          return new PeerVerdicts(extended);
        }
      }
      throw new IllegalStateException("every JDK has a manager of X.509 for PKIX");
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("client authorities: " + e.getMessage(), e);
    }
  }
}
