package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Verdict;

/// How a sign-in by tokens lets in and refuses, whoever says whether a token is good. Immutable.
///
/// @param policy by whose name it refuses
/// @param headers the fields that tell the upstream of claims
/// @param requireConsumer whether a caller who is no consumer of ours is refused
/// @param forwardToken whether the upstream sees the token
/// @param explained whether challenges say in words what is wrong
record BearerGate(
    String policy,
    String realm,
    Claims.ToHeaders headers,
    Callers callers,
    boolean requireConsumer,
    boolean forwardToken,
    boolean explained) {
  static boolean addressed(Exchange exchange) {
    return Bearer.of(exchange.requestHeaders(), "Bearer") != null;
  }

  /// Nobody but us tells the upstream of claims.
  void clean(Exchange exchange) {
    headers.clear(exchange.requestHeaders());
  }

  Verdict admit(Exchange exchange, Vouched vouched) {
    if (!vouched.recognised(exchange, callers, requireConsumer)) {
      return refused("The token's owner is not known here.", "invalid_token");
    }
    if (!forwardToken) {
      exchange.requestHeaders().remove(Bearer.AUTHORIZATION);
    }
    return Verdict.CONTINUE;
  }

  /// @param error of the challenge (RFC 6750 section 3.1); empty: there was no token
  Verdict refused(String detail, String error) {
    var words = explained ? ", error_description=\"" + detail + "\"" : "";
    var parameters = error.isEmpty() ? "" : ", error=\"" + error + "\"" + words;
    return Refusals.unauthorized(policy, "Token required", detail, "Bearer", realm, parameters);
  }
}
