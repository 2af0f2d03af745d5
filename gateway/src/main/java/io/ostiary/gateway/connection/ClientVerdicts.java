package io.ostiary.gateway.connection;

import io.netty.handler.ssl.OpenSslCertificateException;
import io.netty.internal.tcnative.CertificateVerifier;
import java.net.Socket;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// Judges clients' certificates as another does, and says in the alert of TLS what is wrong with
/// one (RFC 8446 section 6.2). Left alone, a client that we do not trust is told of an internal
/// error, and its operator looks for it here.
final class ClientVerdicts extends X509ExtendedTrustManager {
  /// For clients of TLS, and for everything.
  private static final String CLIENTS = "1.3.6.1.5.5.7.3.2";

  private static final String ANY = "2.5.29.37.0";

  private final X509ExtendedTrustManager by;

  ClientVerdicts(X509ExtendedTrustManager by) {
    this.by = by;
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    try {
      by.checkClientTrusted(chain, kind, engine);
    } catch (CertificateException e) {
      throw told(chain[0], e);
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    try {
      by.checkClientTrusted(chain, kind, socket);
    } catch (CertificateException e) {
      throw told(chain[0], e);
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    try {
      by.checkClientTrusted(chain, kind);
    } catch (CertificateException e) {
      throw told(chain[0], e);
    }
  }

  /// Times and revocations are told already, by whoever asked us.
  private static CertificateException told(X509Certificate first, CertificateException e)
      throws CertificateException {
    if (reason(e) instanceof BasicReason basic
        && (basic == BasicReason.EXPIRED
            || basic == BasicReason.NOT_YET_VALID
            || basic == BasicReason.REVOKED)) {
      return e;
    }
    var uses = first.getExtendedKeyUsage();
    boolean forOthers = uses != null && !uses.contains(CLIENTS) && !uses.contains(ANY);
    return new OpenSslCertificateException(
        e.getMessage(),
        e,
        forOthers
            ? CertificateVerifier.X509_V_ERR_INVALID_PURPOSE
            : CertificateVerifier.X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  }

  private static CertPathValidatorException.@Nullable Reason reason(Throwable e) {
    for (var at = e; at != null; at = at.getCause()) {
      if (at instanceof CertPathValidatorException path) {
        return path.getReason();
      }
    }
    return null;
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return by.getAcceptedIssuers();
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    by.checkServerTrusted(chain, kind, engine);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    by.checkServerTrusted(chain, kind, socket);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    by.checkServerTrusted(chain, kind);
  }
}
