package io.ostiary.model;

import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// How connections to an upstream are encrypted, and by what it proves who it is.
///
/// @param serverName the name it must prove, and that it is told (SNI); null: the target's host
/// @param verify whether its certificate is checked at all
/// @param ca those who may vouch for it, a PEM file; null: those whom the system trusts
/// @param certificate ours, with its chain, a PEM file; null: we prove nothing
/// @param key the certificate's private key, a PEM file
/// @param minVersion older ones are refused
public record UpstreamTls(
    @Nullable String serverName,
    boolean verify,
    @Nullable Path ca,
    @Nullable Path certificate,
    @Nullable Path key,
    Version minVersion) {
  /// Versions of TLS.
  public enum Version {
    V1_2,
    V1_3
  }

  private static final Pattern SERVER_NAME = Pattern.compile("[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+");

  public UpstreamTls {
    if (serverName != null) {
      Require.notBlank("tls.server-name", serverName);
      if (serverName.length() > 253 || !SERVER_NAME.matcher(serverName).matches()) {
        throw Require.invalid(
            "tls.server-name", "'" + serverName + "'", "a name such as api.example, or an address");
      }
    }
    if ((certificate == null) != (key == null)) {
      throw Require.invalid(
          certificate == null ? "tls.certificate" : "tls.key",
          "nothing",
          "both certificate and key, or neither");
    }
    if (!verify && ca != null) {
      throw Require.invalid("tls.ca", ca, "nothing where verify is false: nobody would ask it");
    }
  }
}
