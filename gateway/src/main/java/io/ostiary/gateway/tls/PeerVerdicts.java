package io.ostiary.gateway.tls;

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

/// Judges certificates as another does, and says in the alert of TLS what is wrong with one (RFC
/// 8446 section 6.2). Left alone, a client or an upstream that we do not trust is told of an
/// internal error, and its operator looks for it here. Only for BoringSSL. Immutable.
public final class PeerVerdicts extends X509ExtendedTrustManager {
  private static final String CLIENTS = "1.3.6.1.5.5.7.3.2";
  private static final String SERVERS = "1.3.6.1.5.5.7.3.1";

  /// For every use.
  private static final String ANY = "2.5.29.37.0";

  private final X509ExtendedTrustManager by;

  public PeerVerdicts(X509ExtendedTrustManager by) {
    this.by = by;
  }

  private interface Check {
    void run() throws CertificateException;
  }

  private static void told(X509Certificate[] chain, String use, Check check)
      throws CertificateException {
    try {
      check.run();
    } catch (CertificateException e) {
      throw told(chain[0], use, e);
    }
  }

  /// Times and revocations are told already, by whoever asked us.
  private static CertificateException told(
      X509Certificate first, String use, CertificateException e) throws CertificateException {
    var reason = reason(e);
    if (reason instanceof BasicReason basic
        && (basic == BasicReason.EXPIRED
            || basic == BasicReason.NOT_YET_VALID
            || basic == BasicReason.REVOKED)) {
      return e;
    }
    var uses = first.getExtendedKeyUsage();
    if (uses != null && !uses.contains(use) && !uses.contains(ANY)) {
      return coded(e, "", CertificateVerifier.X509_V_ERR_INVALID_PURPOSE);
    }
    // So the JDK says that a name does not fit, in a sentence alone. Netty would put another
    // exception, without a code, in the place of one that begins so.
    return String.valueOf(e.getMessage()).startsWith("No ")
        ? coded(e, "for other names: ", CertificateVerifier.X509_V_ERR_HOSTNAME_MISMATCH)
        : coded(e, "", CertificateVerifier.X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  }

  private static CertificateException coded(CertificateException e, String front, int code) {
    return new OpenSslCertificateException(front + e.getMessage(), e, code);
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
  public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    told(chain, CLIENTS, () -> by.checkClientTrusted(chain, kind, engine));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    told(chain, CLIENTS, () -> by.checkClientTrusted(chain, kind, socket));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    told(chain, CLIENTS, () -> by.checkClientTrusted(chain, kind));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    told(chain, SERVERS, () -> by.checkServerTrusted(chain, kind, engine));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    told(chain, SERVERS, () -> by.checkServerTrusted(chain, kind, socket));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    told(chain, SERVERS, () -> by.checkServerTrusted(chain, kind));
  }
}
