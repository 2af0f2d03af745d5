package io.ostiary.gateway.spi;

/// A call to another service that brought no answer; the message is one sentence for an operator.
public final class HttpCallException extends RuntimeException {
  public HttpCallException(String message) {
    super(message);
  }

  public HttpCallException(String message, Throwable cause) {
    super(message, cause);
  }
}
