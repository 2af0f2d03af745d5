package io.ostiary.gateway.upstream;

import java.nio.channels.ClosedChannelException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// Which check of TLS failed, as one of the ledger's words. TLS libraries tell it in sentences
/// only; what is not recognised is `tls-failed`.
final class TlsFailure {
  private TlsFailure() {}

  /// Whether the failure is one of TLS.
  static boolean is(Throwable cause) {
    return find(cause, SSLException.class) != null;
  }

  static String reason(Throwable cause) {
    if (find(cause, CertificateExpiredException.class) != null
        || find(cause, CertificateNotYetValidException.class) != null) {
      return "tls-expired";
    }
    if (find(cause, CertPathValidatorException.class) != null) {
      return "tls-untrusted";
    }
    var certificate = find(cause, CertificateException.class);
    if (certificate != null) {
      var text = String.valueOf(certificate.getMessage());
      return text.startsWith("No ") || text.contains("name") ? nameOr(text) : "tls-untrusted";
    }
    if (find(cause, ClosedChannelException.class) != null) {
      return "tls-closed";
    }
    return alert(String.valueOf(deepest(cause).getMessage()).toUpperCase(Locale.ROOT));
  }

  /// The JDK says `No name matching x found`, `No subject alternative DNS name matching x found`,
  /// and where no chain leads to an anchor `unable to find valid certification path`.
  private static String nameOr(String text) {
    return text.contains("certification path") ? "tls-untrusted" : "tls-name";
  }

  private static String alert(String text) {
    if (text.contains("NO_APPLICATION_PROTOCOL")) {
      return "tls-alpn";
    }
    if (text.contains("WRONG_VERSION_NUMBER")
        || text.contains("NOT AN SSL/TLS RECORD")
        || text.contains("HTTP_REQUEST")
        || text.contains("UNSUPPORTED OR UNRECOGNIZED SSL MESSAGE")) {
      return "tls-not-spoken";
    }
    if (text.contains("PROTOCOL_VERSION")
        || text.contains("UNSUPPORTED_PROTOCOL")
        || text.contains("PROTOCOL VERSION")) {
      return "tls-version";
    }
    return text.contains("ALERT") || text.contains("CERTIFICATE_REQUIRED")
        ? "tls-refused"
        : "tls-failed";
  }

  private static <T extends Throwable> @Nullable T find(Throwable in, Class<T> type) {
    Throwable at = in;
    for (int depth = 0; at != null && depth < 16; depth++) {
      if (type.isInstance(at)) {
        return type.cast(at);
      }
      at = at.getCause();
    }
    return null;
  }

  private static Throwable deepest(Throwable in) {
    var at = in;
    for (int depth = 0; at.getCause() != null && depth < 16; depth++) {
      at = at.getCause();
    }
    return at;
  }
}
