package io.ostiary.gateway.spi;

import io.ostiary.model.Ending;
import java.nio.ByteBuffer;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A policy in force at one site. Immutable, or safe for all event loops at once. A filter decides;
/// only the runner writes to the wire. What it throws ends the exchange with 500 and is blamed on
/// its policy.
public interface Filter {
  /// The moments at which it acts; the plan leaves it out of the others.
  Set<Moment> moments();

  /// The head of the request is complete; nothing has gone upstream.
  default Verdict request(Exchange exchange) {
    return Verdict.CONTINUE;
  }

  /// Whether this filter answers CORS preflights (OPTIONS with `Origin` and
  /// `Access-Control-Request-Method`). A path seldom has a route for OPTIONS, so a preflight that
  /// matches no route is given to the route of the method it asks about, or where there is none to
  /// any route of its path: of that route only the filters that say true here see the request. What
  /// none of them answers is refused with 405 as any other method.
  default boolean answersPreflights() {
    return false;
  }

  default BodyNeed requestBodyNeed() {
    return BodyNeed.NONE;
  }

  /// Filters see the body in the order in which they were written, each as those before have left
  /// it. With [BodyNeed.Whole] called once with the whole body (empty where there is none) before
  /// anything goes upstream; with [BodyNeed.Stream] for each piece, the last one possibly empty.
  ///
  /// @param body read-only, valid only during the call
  default Verdict requestBody(Exchange exchange, ByteBuffer body, boolean last) {
    return Verdict.CONTINUE;
  }

  /// With [BodyNeed.Change], asked once when all filters have seen the head and a body follows:
  /// what replaces it; null: this one passes untouched.
  default @Nullable BodyChange requestChange(Exchange exchange) {
    return null;
  }

  /// The head of the response is complete; nothing has gone to the client. Also called for replies
  /// of policies that ran after this one, so that headers such as CORS reach every answer.
  default Verdict response(Exchange exchange) {
    return Verdict.CONTINUE;
  }

  default BodyNeed responseBodyNeed() {
    return BodyNeed.NONE;
  }

  default Verdict responseBody(Exchange exchange, ByteBuffer body, boolean last) {
    return Verdict.CONTINUE;
  }

  /// As [#requestChange], but asked when this filter has seen the head, so that those who see it
  /// next know. Also asked for an answer to HEAD, whose fields are those that the answer to GET
  /// would have.
  default @Nullable BodyChange responseChange(Exchange exchange) {
    return null;
  }

  /// Always called exactly once if any other moment of this filter was.
  default void end(Exchange exchange, Ending ending) {}

  /// Who is told of exchanges that ended before they had a route, which no filter sees; null:
  /// nobody. Equal watches of a plan count as one, so filters of many routes may give the same.
  default @Nullable UnroutedWatch unrouted() {
    return null;
  }
}
