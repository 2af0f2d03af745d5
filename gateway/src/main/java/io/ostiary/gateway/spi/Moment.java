package io.ostiary.gateway.spi;

/// The five moments at which a filter can act, in the order in which an exchange meets them.
public enum Moment {
  REQUEST,
  REQUEST_BODY,
  RESPONSE,
  RESPONSE_BODY,
  END
}
