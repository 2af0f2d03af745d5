package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.grpc.testing.integration.AbstractInteropTest;
import io.grpc.testing.integration.EmptyProtos;
import io.grpc.testing.integration.Messages;
import io.grpc.testing.integration.TestServiceGrpc;
import io.grpc.testing.integration.TestServiceImpl;
import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Retries;
import io.ostiary.model.Target;
import io.ostiary.model.UpstreamLink;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// gRPC's own interoperability cases, directly and through the gateway: over HTTP/2 to the gateway,
/// and over HTTP/2 on.
class GrpcTest {
  private static final ScheduledExecutorService WORK = Executors.newScheduledThreadPool(2);
  private static Server server;
  private static Kit kit;

  /// Its methods are the cases.
  private static final class Cases extends AbstractInteropTest {
    private final int port;

    private Cases(int port) {
      this.port = port;
    }

    @Override
    protected ManagedChannelBuilder<?> createChannelBuilder() {
      return Grpc.newChannelBuilderForAddress(
              "127.0.0.1", port, InsecureChannelCredentials.create())
          .maxInboundMessageSize(MAX_MESSAGE_SIZE)
          .overrideAuthority("grpc.example");
    }

    @Override
    protected boolean customCensusModulePresent() {
      return true;
    }

    @Override
    protected boolean metricsExpected() {
      return false;
    }
  }

  @BeforeAll
  static void start() throws Exception {
    server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .maxInboundMessageSize(AbstractInteropTest.MAX_MESSAGE_SIZE)
            .addService(
                ServerInterceptors.intercept(
                    new TestServiceImpl(WORK), TestServiceImpl.interceptors()))
            .build()
            .start();
    kit = new Kit(List.of(new Target("127.0.0.1", server.getPort(), 1)));
    kit.settings = Kit.settings(64L * 1024 * 1024);
    kit.answer = Duration.ofSeconds(10);
    kit.idle = Duration.ofSeconds(10);
    kit.link = new UpstreamLink(UpstreamLink.Protocol.HTTP2, null, UpstreamLink.ProxyHeader.OFF);
    kit.publish();
  }

  @AfterAll
  static void stop() {
    kit.close();
    server.shutdownNow();
    WORK.shutdownNow();
  }

  static Stream<String> cases() {
    return Stream.of(
        "emptyUnary",
        "emptyUnaryWithRetriableStream",
        "largeUnary",
        "serverCompressedUnary",
        "serverStreaming",
        "serverCompressedStreaming",
        "clientStreaming",
        "cancelAfterBegin",
        "pingPong",
        "emptyStream",
        "cancelAfterFirstResponse",
        "fullDuplexCallShouldSucceed",
        "halfDuplexCallShouldSucceed",
        "serverStreamingShouldBeFlowControlled",
        "veryLargeRequest",
        "veryLargeResponse",
        "exchangeMetadataUnaryCall",
        "exchangeMetadataStreamingCall",
        "deadlineNotExceeded",
        "deadlineExceeded",
        "deadlineExceededServerStreaming",
        "deadlineInPast",
        "unimplementedMethod",
        "unimplementedService",
        "timeoutOnSleepingServer",
        "customMetadata",
        "gracefulShutdown",
        "statusCodeAndMessage",
        "specialStatusMessage");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void passesThroughTheGatewayAsDirectly(String name) {
    assertThat(outcome(name, kit.port)).isEqualTo(outcome(name, server.getPort())).isEqualTo("ok");
  }

  /// What becomes of one case of theirs: ok, or what it says.
  static String outcome(String name, int port) {
    var cases = new Cases(port);
    cases.setUp();
    try {
      AbstractInteropTest.class.getMethod(name).invoke(cases);
      return "ok";
    } catch (ReflectiveOperationException e) {
      return String.valueOf(e.getCause());
    } finally {
      cases.tearDown();
    }
  }

  private static Status.Code code(int port, Duration deadline, TestServiceCall call) {
    var channel =
        Grpc.newChannelBuilderForAddress("127.0.0.1", port, InsecureChannelCredentials.create())
            .build();
    try {
      var stub = TestServiceGrpc.newBlockingStub(channel);
      call.make(stub.withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS));
      return Status.Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    } finally {
      channel.shutdownNow();
    }
  }

  private interface TestServiceCall {
    void make(TestServiceGrpc.TestServiceBlockingStub stub);
  }

  @Test
  void tellsItsOwnProblemsAsGrpcDoes() {
    try (var nobody = new Kit(List.of(new Target("127.0.0.1", Kit.deafPort(), 1)))) {
      nobody.link = kit.link;
      nobody.routes = List.of(Kit.route("one", "/grpc.testing.TestService/EmptyCall"));
      nobody.publish();
      var limit = Duration.ofSeconds(5);
      assertThat(
              code(
                  nobody.port,
                  limit,
                  stub -> stub.emptyCall(EmptyProtos.Empty.getDefaultInstance())))
          .isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(
              code(
                  nobody.port,
                  limit,
                  stub -> stub.unaryCall(Messages.SimpleRequest.getDefaultInstance())))
          .isEqualTo(Status.Code.UNIMPLEMENTED);
      assertThat(nobody.ledger(2)).anyMatch(line -> line.contains(" 503 UPSTREAM connect-refused"));
    }
  }

  /// Reads the request's content whole, so that it can be sent again.
  private record Gathering() implements PlainPolicy {
    @Override
    public String name() {
      return "gathering";
    }

    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST_BODY);
    }

    @Override
    public BodyNeed requestBodyNeed() {
      return new BodyNeed.Whole(1024);
    }
  }

  /// One of two servers, both gRPC's own, says with each answer that it is unavailable.
  ///
  /// @param gathered whether a policy reads the request's message whole
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void repeatsByTheStatusOfGrpc(boolean gathered) throws Exception {
    var refused = new AtomicInteger();
    var busy =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(
                new TestServiceGrpc.TestServiceImplBase() {
                  @Override
                  public void emptyCall(
                      EmptyProtos.Empty request, StreamObserver<EmptyProtos.Empty> to) {
                    refused.incrementAndGet();
                    to.onError(Status.UNAVAILABLE.asRuntimeException());
                  }
                })
            .build()
            .start();
    var both =
        List.of(
            new Target("127.0.0.1", busy.getPort(), 1),
            new Target("127.0.0.1", server.getPort(), 1));
    try (var two = new Kit(both, new Gathering())) {
      two.link = kit.link;
      two.uses = gathered ? List.of(new PolicyUse("gathering", new PlainPolicy.None())) : List.of();
      two.retries = repeating(Set.of(8));
      two.publish();
      assertThat(outcomes(two.port)).contains(Status.Code.OK, Status.Code.UNAVAILABLE);
      two.retries = repeating(Set.of(14));
      two.publish();
      int before = refused.get();
      assertThat(outcomes(two.port)).containsOnly(Status.Code.OK);
      assertThat(refused.get()).isGreaterThan(before);
    } finally {
      busy.shutdownNow();
    }
  }

  private static Retries repeating(Set<Integer> statuses) {
    var d = Retries.DEFAULT;
    return new Retries(
        3,
        Set.of(Retries.On.STATUS),
        d.statuses(),
        statuses,
        Set.of("POST"),
        d.perTry(),
        d.backOff(),
        d.backOffMax(),
        d.budget(),
        10,
        d.retryAfterMax(),
        d.hedge());
  }

  private static List<Status.Code> outcomes(int port) {
    return IntStream.range(0, 4)
        .mapToObj(i ->
            code(
                port,
                Duration.ofSeconds(5),
                stub -> stub.emptyCall(EmptyProtos.Empty.getDefaultInstance())))
        .toList();
  }

  /// So servers say that a call's time is over. A client whose own clock is not there yet reads
  /// from it what happened, where any other error would be a fault of the server.
  @Test
  void passesOnThatACallWasCancelled() throws Exception {
    try (var cancelling =
            new RawHttp2(talk -> {
              if (talk.path().equals("/begun")) {
                talk.headers(false, ":status", "200", "content-type", "application/grpc");
                talk.data(false, "abc");
              }
              talk.reset(8);
              return true;
            });
        var between = new Kit(List.of(new Target("127.0.0.1", cancelling.port(), 1)))) {
      between.link = kit.link;
      between.publish();
      try (var client = new FrameClient(between.port)) {
        client.get(1, "/begun", "content-type", "application/grpc");
        assertThat(client.answer(1).status()).isEqualTo("reset 8");
      }
      assertThat(between.ledger(1))
          .containsExactly("GET /begun 200 UPSTREAM cancelled-response attempts=1");
      var limit = Duration.ofSeconds(5);
      assertThat(
              code(
                  between.port,
                  limit,
                  stub -> stub.emptyCall(EmptyProtos.Empty.getDefaultInstance())))
          .isEqualTo(Status.Code.CANCELLED);
      assertThat(between.ask("POST /x HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"))
          .startsWith("HTTP/1.1 502 ")
          .contains(":upstream-failed\"", "cancelled");
      assertThat(between.ledger(2)).allMatch(line -> line.contains(" 502 UPSTREAM cancelled-resp"));
    }
  }

  @Test
  void endsACallAtItsDeadline() {
    try (var silent = new RawHttp2(talk -> true);
        var slow = new Kit(List.of(new Target("127.0.0.1", silent.port(), 1)))) {
      slow.link = kit.link;
      slow.publish();
      assertThat(
              slow.ask(
                  "POST /x HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 0\r\n"
                      + "Content-Type: application/grpc\r\ngrpc-timeout: 200m\r\n\r\n"))
          .startsWith("HTTP/1.1 200 OK\r\n")
          .contains("grpc-status: 4\r\n", "Content-Type: application/grpc\r\n");
      assertThat(slow.ledger(1).getFirst()).contains(" 504 UPSTREAM total-timeout");
    }
  }
}
