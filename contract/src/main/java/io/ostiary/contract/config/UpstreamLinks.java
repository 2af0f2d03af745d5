package io.ostiary.contract.config;

import io.ostiary.contract.tree.TreeReader;
import io.ostiary.model.Require;
import io.ostiary.model.UpstreamLink;
import io.ostiary.model.UpstreamTls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import org.jspecify.annotations.Nullable;

/// What is spoken with an upstream, from what is written to what is meant. Files are looked at
/// here, so that a check finds what is wrong with them at the place where they are named.
final class UpstreamLinks {
  private final Path file;

  /// @param file of the configuration; others are named relative to it
  UpstreamLinks(Path file) {
    this.file = file;
  }

  /// @throws IllegalArgumentException with what is wrong
  UpstreamLink of(Written.Upstream written) {
    var tls = written.tls();
    return new UpstreamLink(
        written.protocol(),
        tls == null ? null : tls(tls),
        written.proxyProtocol(),
        written.timeouts().age());
  }

  private UpstreamTls tls(Written.UpstreamTls written) {
    return new UpstreamTls(
        written.serverName(),
        written.verify(),
        certificates("ca", written.ca()),
        certificates("certificate", written.certificate()),
        key(written.key()),
        written.minVersion().version());
  }

  private @Nullable Path certificates(String name, @Nullable String text) {
    if (text == null) {
      return null;
    }
    var path = file.resolveSibling(text).normalize();
    try (var in = Files.newInputStream(path)) {
      if (CertificateFactory.getInstance("X.509").generateCertificates(in).isEmpty()) {
        throw Require.invalid("tls." + name, text, "at least one certificate in PEM");
      }
    } catch (IOException e) {
      throw Require.invalid(
          "tls." + name, text, "a file that can be read: " + TreeReader.reason(e));
    } catch (CertificateException e) {
      throw Require.invalid("tls." + name, text, "certificates in PEM");
    }
    return path;
  }

  private @Nullable Path key(@Nullable String text) {
    if (text == null) {
      return null;
    }
    var path = file.resolveSibling(text).normalize();
    try {
      if (!Files.readString(path).contains("-----BEGIN PRIVATE KEY-----")) {
        throw Require.invalid(
            "tls.key",
            text,
            "a private key in PEM, PKCS#8 and not encrypted: openssl pkcs8 -topk8 -nocrypt");
      }
    } catch (IOException e) {
      throw Require.invalid(
          "tls.key", text, "a text file that can be read: " + TreeReader.reason(e));
    }
    return path;
  }
}
