package io.ostiary.contract.config;

import io.ostiary.model.Require;
import io.ostiary.model.UpstreamTls;

/// A version of TLS as people write it: `1.2` or `1.3`.
record TlsVersion(UpstreamTls.Version version) {
  static TlsVersion parse(String text) {
    return switch (text) {
      case "1.2" -> new TlsVersion(UpstreamTls.Version.V1_2);
      case "1.3" -> new TlsVersion(UpstreamTls.Version.V1_3);
      default -> throw Require.invalid("TLS version", "'" + text + "'", "\"1.2\" or \"1.3\"");
    };
  }
}
