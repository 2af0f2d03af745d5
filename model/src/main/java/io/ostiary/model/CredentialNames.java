package io.ostiary.model;

import java.util.HashSet;
import java.util.Set;

/// Names under which credentials usually travel, in lower case: what stays of a call or a packet
/// does not show their values. What else is secret in an API only its owner knows.
public final class CredentialNames {
  /// Header fields of either direction that let their holder do something.
  public static final Set<String> FIELDS =
      Set.of(
          "api-key",
          "apikey",
          "authentication-info",
          "authorization",
          "cookie",
          "proxy-authorization",
          "set-cookie",
          "set-cookie2",
          "x-access-token",
          "x-amz-security-token",
          "x-api-key",
          "x-auth-token",
          "x-csrf-token",
          "x-xsrf-token");

  /// Parameters of queries.
  public static final Set<String> PARAMETERS =
      Set.of(
          "access_token",
          "api-key",
          "api_key",
          "apikey",
          "client_secret",
          "code",
          "id_token",
          "key",
          "passwd",
          "password",
          "refresh_token",
          "secret",
          "sig",
          "signature",
          "token");

  private CredentialNames() {}

  /// Both, for who cannot tell where a name stands.
  public static Set<String> everywhere() {
    var all = new HashSet<>(FIELDS);
    all.addAll(PARAMETERS);
    return Set.copyOf(all);
  }
}
