package io.ostiary.gateway.spi;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// Calls that policies make to HTTP services of their own, such as for a key set. Never blocks the
/// caller; bounded in time, bytes and number. Redirects are not followed, and addresses that the
/// configuration does not allow are not called, whatever name stands for them.
@FunctionalInterface
public interface HttpCalls {
  /// Where nothing may be called, as while a configuration is only checked.
  HttpCalls NONE =
      ask ->
          CompletableFuture.failedFuture(
              new HttpCallException(ask.uri().getHost() + ": not called (only checking)"));

  /// @return completes on a thread that is no event loop, with the whole answer, whatever its
  ///   status, or with an [HttpCallException]
  CompletionStage<HttpReply> send(HttpAsk ask);
}
