package io.ostiary.gateway.testing;

import io.ostiary.gateway.spi.ClientCertificate;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Identity;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.model.Api;
import io.ostiary.model.Consumer;
import io.ostiary.model.Route;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/// One request and its response in memory. Made by [FakeSite#exchange].
public final class FakeExchange implements Exchange {
  /// Whom every request asks for.
  public static final String HOST = "api.example";

  private final Api api;
  private final Route route;
  private final String method;
  private final String path;
  private @Nullable String query;
  private String upstreamPath;
  private @Nullable String upstreamQuery;
  private @Nullable String upstreamHost;
  private final FakeHeaders requestHeaders = new FakeHeaders();
  private final FakeHeaders responseHeaders = new FakeHeaders();
  private final Map<String, String> pathParameters;
  private final Map<StateKey<?>, Object> states = new HashMap<>();
  private final List<CompletableFuture<Void>> waits = new ArrayList<>();
  private int status = 200;
  private boolean fromUpstream = true;
  private InetAddress peer = InetAddress.ofLiteral("198.18.0.1");
  private InetAddress client = peer;
  private @Nullable ClientCertificate certificate;
  private boolean https;
  private String host = HOST;
  private @Nullable Consumer consumer;
  private @Nullable Identity identity;
  private @Nullable String remark;
  private final Map<String, String> notes = new LinkedHashMap<>();
  private long nanos = 1_000_000_000L;
  private long callId = 1;

  FakeExchange(
      Api api, Route route, String method, String target, Map<String, String> pathParameters) {
    this.api = api;
    this.route = route;
    this.method = method;
    int mark = target.indexOf('?');
    this.path = mark < 0 ? target : target.substring(0, mark);
    this.query = mark < 0 ? null : target.substring(mark + 1);
    this.upstreamQuery = query;
    boolean stripped = api.stripPath() && !api.path().equals("/") && path.startsWith(api.path());
    var rest = stripped ? path.substring(api.path().length()) : path;
    this.upstreamPath = rest.isEmpty() ? "/" : rest;
    this.upstreamHost = HOST;
    this.pathParameters = Map.copyOf(pathParameters);
  }

  /// Adds a field to the request.
  public FakeExchange with(String name, String value) {
    requestHeaders.sent(name, value);
    return this;
  }

  /// Sets who is calling, as peer and as client.
  public FakeExchange from(String address) {
    peer = InetAddress.ofLiteral(address);
    client = peer;
    return this;
  }

  /// Sets for whom a trusted proxy speaks.
  public FakeExchange forwardedFor(String address) {
    client = InetAddress.ofLiteral(address);
    return this;
  }

  /// Asked for this host, with or without a port.
  public FakeExchange asking(String authority) {
    host = authority;
    return this;
  }

  /// Asked by a client that wrote `https`, as a trusted proxy says.
  public FakeExchange byHttps() {
    https = true;
    return this;
  }

  /// Sets what the client proved to hold, over TLS.
  public FakeExchange holding(ClientCertificate proven) {
    certificate = proven;
    return this;
  }

  public FakeExchange at(long nowNanos) {
    nanos = nowNanos;
    return this;
  }

  public FakeExchange named(long id) {
    callId = id;
    return this;
  }

  public FakeExchange answered(int answer) {
    status = answer;
    return this;
  }

  /// Sets that not an upstream answered, but a policy or the gateway.
  public FakeExchange replied(int answer) {
    status = answer;
    fromUpstream = false;
    return this;
  }

  public @Nullable String remark() {
    return remark;
  }

  @Override
  public long callId() {
    return callId;
  }

  /// By its fields, as over HTTP/1.1.
  @Override
  public boolean hasContent() {
    var length = requestHeaders.first(HeaderName.of("Content-Length"));
    return (length != null && !length.equals("0"))
        || requestHeaders.has(HeaderName.of("Transfer-Encoding"));
  }

  @Override
  public Api api() {
    return api;
  }

  @Override
  public Route route() {
    return route;
  }

  @Override
  public String method() {
    return method;
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  public @Nullable String query() {
    return query;
  }

  @Override
  public void query(@Nullable String replacement) {
    query = replacement;
    upstreamQuery = replacement;
  }

  @Override
  public String host() {
    return host;
  }

  @Override
  public String upstreamPath() {
    return upstreamPath;
  }

  /// Takes any path; a real exchange normalises it and refuses what is ambiguous.
  @Override
  public boolean upstreamPath(String replacement) {
    upstreamPath = replacement;
    return true;
  }

  @Override
  public @Nullable String upstreamQuery() {
    return upstreamQuery;
  }

  @Override
  public void upstreamQuery(@Nullable String replacement) {
    upstreamQuery = replacement;
  }

  @Override
  public boolean upstreamHost(@Nullable String authority) {
    upstreamHost = authority;
    return true;
  }

  /// The host that the upstream would be told; null: the target's own.
  public @Nullable String upstreamHost() {
    return upstreamHost;
  }

  @Override
  public @Nullable String pathParameter(String name) {
    return pathParameters.get(name);
  }

  @Override
  public FakeHeaders requestHeaders() {
    return requestHeaders;
  }

  @Override
  public int status() {
    return status;
  }

  /// None.
  @Override
  public @Nullable FakeHeaders responseTrailers() {
    return null;
  }

  @Override
  public boolean fromUpstream() {
    return fromUpstream;
  }

  @Override
  public FakeHeaders responseHeaders() {
    return responseHeaders;
  }

  @Override
  public InetAddress peer() {
    return peer;
  }

  @Override
  public InetAddress client() {
    return client;
  }

  @Override
  public @Nullable ClientCertificate clientCertificate() {
    return certificate;
  }

  @Override
  public boolean secure() {
    return certificate != null;
  }

  @Override
  public boolean https() {
    return https || secure();
  }

  @Override
  public @Nullable Consumer consumer() {
    return consumer;
  }

  @Override
  public void consumer(Consumer known) {
    consumer = known;
  }

  @Override
  public @Nullable Identity identity() {
    return identity;
  }

  @Override
  public void identity(Identity known) {
    identity = known;
  }

  @Override
  public void remark(String word) {
    remark = word;
  }

  @Override
  public void note(String name, String value) {
    notes.putIfAbsent(name, value);
  }

  /// What policies gave its record.
  public Map<String, String> notes() {
    return notes;
  }

  @Override
  public <T> @Nullable T state(StateKey<T> key) {
    return key.type().cast(states.get(key));
  }

  @Override
  public <T> void state(StateKey<T> key, T value) {
    states.put(key, value);
  }

  /// There is never room for one.
  @Override
  public <T> boolean renew(StateKey<T> key, T state) {
    return false;
  }

  @Override
  public CompletionStage<Void> later(Duration time) {
    var stage = new CompletableFuture<Void>();
    waits.add(stage);
    return stage;
  }

  /// The waits that were begun and have no end but what a test gives them.
  public List<CompletableFuture<Void>> waits() {
    return waits;
  }

  @Override
  public long nanos() {
    return nanos;
  }

  @Override
  public boolean inEventLoop() {
    return true;
  }
}
