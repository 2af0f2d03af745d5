package io.ostiary.gateway.spi;

/// A filter that finds out who calls. Several of them can stand side by side in the policy
/// `any-of`.
public interface SignIn extends Filter {
  /// Whether the call carries what this filter looks at, right or wrong. Cheap, and without effect.
  boolean addressed(Exchange exchange);

  /// Takes out of the request what only this filter may say, such as header fields that tell the
  /// upstream who calls. Called before any of several sign-ins is asked.
  default void clean(Exchange exchange) {}
}
