package io.ostiary.contract.config;

import io.ostiary.contract.tree.Spelling;
import java.util.List;
import java.util.Set;

/// The problems that the gateway and the standard policies tell clients of, by their names. Each
/// has its page in `docs/problems`; a test compares them with the sources.
public final class ProblemNames {
  public static final Set<String> KNOWN =
      Set.of(
          "acl",
          "ambiguous-path",
          "any-of",
          "ban-limit",
          "banned",
          "basic-auth",
          "body-too-large",
          "cel",
          "client-timeout",
          "coding-unknown",
          "concurrency",
          "content-coding",
          "cors",
          "decompress-broken",
          "decompress-too-long",
          "expectation-failed",
          "fault",
          "forward-auth",
          "grpc-web",
          "head-too-large",
          "hmac",
          "insufficient-scope",
          "internal",
          "introspection-unavailable",
          "ip",
          "jwt",
          "key-auth",
          "keys-unavailable",
          "malformed-body",
          "malformed-request",
          "mask-compressed",
          "mask-unreadable",
          "method-not-allowed",
          "method-refused",
          "mock-not-acceptable",
          "mock-unknown",
          "mtls",
          "no-route",
          "no-upstream",
          "not-cached",
          "oauth2-introspection",
          "oidc-unavailable",
          "oidc-unknown",
          "oidc",
          "policy-failed",
          "quota",
          "rate-limit",
          "redirect",
          "request-body-size",
          "request-fields-size",
          "request-query-size",
          "response-invalid",
          "response-too-large",
          "rewrite",
          "sign-in-busy",
          "target-too-long",
          "unsupported-media-type",
          "upstream-answered",
          "upstream-busy",
          "upstream-failed",
          "upstream-timeout",
          "upstream-tls",
          "upstream-unreachable",
          "validate-busy",
          "validate",
          "version-not-supported");

  private ProblemNames() {}

  /// Warns of names that nobody tells: a page for such a problem never comes. They are no faults,
  /// for a policy of one's own may tell them.
  ///
  /// @param at where the list stands
  static void warnOfUnknown(List<String> names, String at, Notes notes) {
    for (int i = 0; i < names.size(); i++) {
      var name = names.get(i);
      if (!KNOWN.contains(name)) {
        var near = Spelling.hint(name, KNOWN);
        notes.warning(
            at + "/" + i,
            "problems: '%s' is told by no policy that Ostiary brings%s".formatted(name, near));
      }
    }
  }
}
