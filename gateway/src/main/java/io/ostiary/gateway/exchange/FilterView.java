package io.ostiary.gateway.exchange;

import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.spi.ClientCertificate;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Headers;
import io.ostiary.gateway.spi.Identity;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.wire.Bytes;
import io.ostiary.gateway.wire.RequestHead;
import io.ostiary.model.Api;
import io.ostiary.model.Consumer;
import io.ostiary.model.Route;
import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// What filters see of a call, can be read off its parts, or was left with it by them. Apart from
/// [Call] only to keep that readable; confined to its event loop.
abstract sealed class FilterView implements Exchange, RouteGuard.Asker permits Call {
  @Nullable Object[] states = {};
  @Nullable Consumer consumer;
  @Nullable Identity identity;
  @Nullable String remark;

  abstract Loop loop();

  abstract ClientSide clientSide();

  abstract RoutePlan routed();

  abstract RequestHead requestHead();

  abstract Answer answer();

  abstract Caller caller();

  abstract Routing routing();

  abstract CallTimes times();

  @Override
  public @Nullable Consumer consumer() {
    return consumer;
  }

  @Override
  public void consumer(Consumer recognised) {
    consumer = recognised;
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

  @Nullable String remark() {
    return remark;
  }

  @Override
  public <T> @Nullable T state(StateKey<T> key) {
    return key.type().cast(states[key.index()]);
  }

  @Override
  public <T> void state(StateKey<T> key, T value) {
    states[key.index()] = value;
  }

  @Override
  public Api api() {
    return routed().api();
  }

  @Override
  public Route route() {
    return routed().route();
  }

  @Override
  public String method() {
    return requestHead().method();
  }

  @Override
  public @Nullable String query() {
    return requestHead().queryStart() < 0
        ? null
        : Bytes.text(requestHead().bytes(), requestHead().queryStart(), requestHead().queryEnd());
  }

  @Override
  public void query(@Nullable String query) {
    requestHead().query(query);
  }

  @Override
  public String host() {
    return Bytes.text(
        requestHead().bytes(), requestHead().authorityStart(), requestHead().authorityEnd());
  }

  @Override
  public String upstreamPath() {
    return requestHead().upstream().path();
  }

  @Override
  public boolean upstreamPath(String path) {
    return requestHead().upstream().path(path);
  }

  @Override
  public @Nullable String upstreamQuery() {
    return requestHead().upstream().query();
  }

  @Override
  public void upstreamQuery(@Nullable String query) {
    requestHead().upstream().query(query);
  }

  @Override
  public boolean upstreamHost(@Nullable String authority) {
    return requestHead().upstream().host(authority);
  }

  @Override
  public @Nullable String pathParameter(String name) {
    return routing().parameter(routed().parameters().indexOf(name), requestHead());
  }

  @Override
  public Headers requestHeaders() {
    return requestHead().fields();
  }

  @Override
  public boolean hasContent() {
    return requestHead().hasBody();
  }

  @Override
  public int status() {
    return answer().status();
  }

  @Override
  public @Nullable Headers responseTrailers() {
    return answer().trailers();
  }

  @Override
  public boolean fromUpstream() {
    return !answer().replying();
  }

  @Override
  public Headers responseHeaders() {
    return answer().head().fields();
  }

  @Override
  public InetAddress peer() {
    return clientSide().peer().address();
  }

  @Override
  public InetAddress client() {
    return caller().address();
  }

  @Override
  public @Nullable ClientCertificate clientCertificate() {
    return clientSide().certificate();
  }

  @Override
  public boolean secure() {
    return clientSide().secure();
  }

  @Override
  public boolean https() {
    return caller().https();
  }

  @Override
  public void note(String name, String value) {
    times().logged.add(name, value);
  }

  @Override
  public CompletionStage<Void> later(Duration time) {
    var stage = new CompletableFuture<Void>();
    var ignored =
        loop()
            .eventLoop()
            .schedule(() -> stage.complete(null), time.toNanos(), TimeUnit.NANOSECONDS);
    return stage;
  }

  @Override
  public long nanos() {
    return loop().now();
  }

  @Override
  public boolean inEventLoop() {
    return loop().eventLoop().inEventLoop();
  }
}
