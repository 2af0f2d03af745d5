package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Identity;
import io.ostiary.model.Credential;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A caller for whom somebody else vouches, ready to be recognised.
///
/// @param told the header fields that tell the upstream of claims
/// @param consumer the name or id of a consumer, or an issuer, a space and a subject
/// @param named whether `consumer` is the former
record Vouched(
    Identity identity, List<Claims.ToHeaders.Told> told, String consumer, boolean named) {
  /// @param consumerClaim that says a consumer's name or id; null: issuer and subject are a
  ///   credential
  static Vouched of(
      String policy,
      Map<String, Object> claims,
      String groupsClaim,
      @Nullable String consumerClaim,
      Claims.ToHeaders headers) {
    var subject = text(claims, "sub");
    var groups = Claims.words(Claims.find(claims, groupsClaim));
    var identity = new Identity(policy, subject, groups, claims);
    var consumer =
        consumerClaim == null
            ? text(claims, "iss") + " " + subject
            : String.valueOf(Objects.requireNonNullElse(Claims.find(claims, consumerClaim), ""));
    return new Vouched(identity, headers.of(claims), consumer, consumerClaim != null);
  }

  private static String text(Map<String, Object> claims, String name) {
    return claims.get(name) instanceof String text ? text : "";
  }

  /// Tells policies and the upstream who it is.
  ///
  /// @return false where a consumer is required and it is none
  boolean recognised(Exchange exchange, Callers callers, boolean required) {
    var caller = caller(callers);
    if (caller == null && required) {
      return false;
    }
    Caller.recognised(exchange, identity, caller);
    Claims.ToHeaders.tell(told, exchange.requestHeaders());
    return true;
  }

  private @Nullable Caller caller(Callers callers) {
    if (named) {
      return callers.named(consumer);
    }
    var known = callers.find(Credential.Kind.SUBJECT, consumer);
    return known == null ? null : known.caller();
  }
}
