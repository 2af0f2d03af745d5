package io.ostiary.gateway.spi;

import io.ostiary.model.Api;
import io.ostiary.model.Consumer;
import io.ostiary.model.Route;
import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/// One request and its response. The only mutable thing on the path, owned by one event loop; it
/// must not be touched from another thread nor after its end.
public interface Exchange {
  /// See [io.ostiary.model.CallId].
  long callId();

  Api api();

  Route route();

  /// In upper case as the client sent it.
  String method();

  /// The normalised path that was routed. It goes upstream byte for byte, but for an API's path
  /// that is cut off and what policies rewrite. Percent-encoded, starts with `/`.
  String path();

  /// Without the question mark; null where there is none. As the client sent it.
  @Nullable String query();

  /// Replaces the query that goes upstream and that the ledger keeps: a credential taken from the
  /// query must reach neither. Only in the request moment.
  ///
  /// @param query without the question mark; null: none
  void query(@Nullable String query);

  /// What the client asks for: the authority of its target, else its Host field, as it was sent;
  /// empty where an HTTP/1.0 client named none.
  String host();

  /// The path as it would go upstream now: [#path] without the API's path where that is cut off, or
  /// what a policy put in its place.
  String upstreamPath();

  /// Lets another path go upstream. It is normalised and checked as a client's is; [#path] and the
  /// ledger keep what the client asked for. Only in the request moment.
  ///
  /// @param path percent-encoded, starts with `/`, without a query
  /// @return whether it can go upstream; if not, nothing has changed
  boolean upstreamPath(String path);

  /// The query as it would go upstream now.
  @Nullable String upstreamQuery();

  /// Lets another query go upstream, while [#query] and the ledger keep the client's. A later
  /// [#query(String)] replaces it as well. Only in the request moment.
  ///
  /// @param query without the question mark; null: none
  void upstreamQuery(@Nullable String query);

  /// Names another host to the upstream. Only in the request moment.
  ///
  /// @param authority a name or address, with or without a port; null: the target's own
  /// @return whether it is one; if not, nothing has changed
  boolean upstreamHost(@Nullable String authority);

  /// The still encoded value of a `{name}` segment of the route's path, or null.
  @Nullable String pathParameter(String name);

  Headers requestHeaders();

  /// Whether content follows the request's head, or may. The fields do not tell: over HTTP/2 it
  /// needs none that announces it.
  boolean hasContent();

  /// The response's status and fields; valid from the response moment on.
  int status();

  Headers responseHeaders();

  /// The fields behind the response's content, there with its last piece; null: there are none.
  /// What is taken out of them does not reach the client.
  @Nullable Headers responseTrailers();

  /// Whether the response is an upstream's; false: a policy or the gateway answers in its place.
  /// Valid from the response moment on.
  boolean fromUpstream();

  /// The address of the connection's peer.
  InetAddress peer();

  /// Who is calling: the peer, or whom trusted proxies say it speaks for.
  InetAddress client();

  /// The certificate that the client of this connection proved to hold, verified against the
  /// authorities of its listener; null: it showed none, or was not asked.
  @Nullable ClientCertificate clientCertificate();

  /// Whether the connection is encrypted.
  boolean secure();

  /// Whether the client wrote `https`: the connection is encrypted, or a trusted proxy says that
  /// the client's is.
  boolean https();

  /// Who was recognised by a policy; null: nobody.
  @Nullable Consumer consumer();

  void consumer(Consumer consumer);

  /// What is known of the caller from whoever vouches for it; null: nothing.
  @Nullable Identity identity();

  void identity(Identity identity);

  /// A finding that does not change the answer. If the call is answered, the ledger keeps it as the
  /// call's reason in place of `answered`; the last one counts.
  ///
  /// @param word stable, in kebab case, such as `request-invalid`
  void remark(String word);

  /// Gives the call's record a value for those who read it: the ledger, access logs, the console.
  /// Bounded as [io.ostiary.model.LoggedFields] says. Never a credential.
  ///
  /// @param name from the settings, not from a call
  void note(String name, String value);

  <T> @Nullable T state(StateKey<T> key);

  <T> void state(StateKey<T> key, T value);

  /// Begins a copy of this exchange as it is now, which nobody waits for: it goes upstream with the
  /// same client, consumer and fields, but without conditions. This filter and those behind it have
  /// a part in it as in any other; for those in front of it, it is this one. It has a line of its
  /// own in the ledger and ends after a minute at the latest, also where this one is over before.
  /// Only in the request moment of a request without content.
  ///
  /// @param state that this filter finds there in `key`
  /// @return whether it begins; not where too many are under way
  <T> boolean renew(StateKey<T> key, T state);

  /// Completes on this exchange's event loop once the time is over, also where the exchange is over
  /// before. The gateway limits the wait as any other.
  CompletionStage<Void> later(Duration time);

  /// CLOCK_MONOTONIC nanoseconds, read once for each moment.
  long nanos();

  boolean inEventLoop();
}
