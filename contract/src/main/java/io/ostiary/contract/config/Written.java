package io.ostiary.contract.config;

import io.ostiary.model.Balance;
import io.ostiary.model.Cidr;
import io.ostiary.model.HealthCheck;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Require;
import io.ostiary.model.Retries;
import io.ostiary.model.UpstreamLink;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Alone;
import io.ostiary.model.setting.Bytes;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// `ostiary.yaml` as people write it: one record for each object in it. [Meaning] turns it into the
/// words of the model. Names, defaults and sentences here are what users see, in the file, in
/// editors and in `docs/configuration.md`.
@About("What Ostiary serves, to whom, and what it keeps out")
record Written(
    @About("Addresses on which calls come in") @Default("[ \"0.0.0.0:8080\" ]")
        List<WrittenListener> listeners,
    @About("What is published") List<Api> apis,
    @About("Who answers") List<Upstream> upstreams,
    @About("What happens to packets before they reach a socket") WrittenKernel kernel,
    @About("Virtual addresses whose connections the kernel spreads over targets")
        List<Service> services,
    @About("Bounds on what clients may send") Limits limits,
    @About("How long clients may take") Timeouts timeouts,
    @About("Peers whose Forwarded and X-Forwarded-* fields are believed") @OrOne
        List<TrustedProxy> trustedProxies,
    @About("What clients are told in the place of problems, where the API does not say")
        List<WrittenPage> errors,
    @About("Lines that are written for calls") @OrOne List<WrittenLog> accessLog,
    @About("Spans and metrics for an OpenTelemetry collector") WrittenLog.Telemetry telemetry,
    @About("Whom policies may call: key sets, token services, webhooks") WrittenOutbound outbound,
    @About(
            "Folder of jars with policies of your own, relative to this file; without it the folder"
                + " policies in the data folder")
        @Nullable String policiesFolder) {

  @About("A set of routes published under one path and answered by one upstream, or by policies")
  record Api(
      @About("Unique; appears in metrics, filters and the console") String name,
      @About(
              "OpenAPI document, relative to this file; gives routes, validation, documentation"
                  + " and try-it")
          @Nullable String openapi,
      @About(
              "Hosts it is published for, such as api.example.com or \"*.example.com\"; none stands"
                  + " for every host")
          @OrOne
          List<String> hosts,
      @About("Where it is published: / or a path such as /petstore") String path,
      @About(
              "Name of the upstream that answers; none where each route has its own, or a policy that"
                  + " answers, such as respond")
          @Nullable String upstream,
      @About("Shares of the calls that go to other upstreams") Split split,
      @About("Whether the path is cut off before a call goes upstream") @Default("true")
          boolean stripPath,
      @About("What every call passes, in this order") List<PolicyUse> policies,
      @About("Bounds of its calls, in place of the upstream's and the gateway's") CallLimits limits,
      @About(
              "With openapi: more policies for some operations, and more paths. Without: the only"
                  + " paths; none stands for every path")
          List<Route> routes,
      @About("To which protocols clients may change their connection") @Default("websocket")
          Upgrade upgrade,
      @About("Whether %2F may stand in its paths, as a part of its segment") @Default("false")
          boolean encodedSlashes,
      @About("What clients are told in the place of problems, before the gateway's own errors")
          List<WrittenPage> errors) {}

  @About("Protocols that take over a connection, such as WebSocket")
  record Upgrade(
      @Alone
          @OrOne
          @About("Names as in the field Upgrade, beside HTTP and TLS; [] stands for none")
          @Default("websocket")
          List<String> protocols,
      @About("How long a tunnel may rest, without a byte in either direction") @Default("5m")
          Duration idle) {}

  @About("A path with methods, or an operation of the OpenAPI document")
  record Route(
      @About("Unique within the API; made of methods and path where it is absent")
          @Nullable String id,
      @About("Relative to the API's path: /orders/{id}, or /files/* for everything below")
          @Nullable String path,
      @About("Such as GET; none stands for all") @OrOne Set<String> methods,
      @About("What else a request must be like") When when,
      @About("Name of an upstream, in place of the API's and its split") @Nullable String upstream,
      @About("An operation id of the OpenAPI document, instead of path and methods")
          @Nullable String operation,
      @About("What a call passes after the API's own policies") List<PolicyUse> policies,
      @About("Shares of its calls that go to other upstreams, in place of the API's") Split split,
      @About("Bounds of its calls, in place of the API's") CallLimits limits,
      @About("To which protocols its clients may change, in place of the API's")
          @Nullable Upgrade upgrade) {
    Route {
      if ((path == null) == (operation == null)) {
        throw Require.invalid(
            "route", path == null ? "neither" : "both", "either path or operation");
      }
      if (operation != null && (id != null || !methods.isEmpty())) {
        throw Require.invalid(
            id != null ? "id" : "methods",
            id != null ? id : methods,
            "nothing: the operation has an id and a method of its own");
      }
      if (id != null && (id.isBlank() || id.chars().anyMatch(Character::isISOControl))) {
        throw Require.invalid("id", "'" + id + "'", "a text without control characters");
      }
      for (var method : methods) {
        if (!RouteMeaning.method(method)) {
          throw Require.invalid("methods", method, "capital letters, such as GET");
        }
      }
    }
  }

  @About("Shares of an API's calls that go to other upstreams; the rest goes to its own")
  record Split(
      @About("Whose calls go the same way together: call, client or consumer") @Default("call")
          io.ostiary.model.Split.By by,
      @About("The upstreams and their shares") @OrOne List<Share> to) {}

  @About("An upstream and its share of the calls")
  record Share(
      @About("Name of the upstream") String upstream,
      @About("Share of the calls, 0-100") @Default("0") double percent,
      @About("Calls for which this holds all go there") When when,
      @About("Consumers, by id or name, whose calls all go there") @OrOne Set<String> consumers) {}

  @About("How long calls may take and how much they may carry; not given: as around")
  record CallLimits(
      @About("From the first byte of the request to the last of the answer")
          @Nullable Duration total,
      @About("From the last request byte sent to the first response byte")
          @Nullable Duration answer,
      @About("Between two reads of one response") @Nullable Duration idle,
      @About("One request body") @Bytes @Nullable Long requestBody,
      @About("One response body") @Bytes @Nullable Long responseBody) {}

  @About("What a route asks of a request beside path and method; all of it must hold")
  record When(
      @About("Header fields, such as X-Version: \"2\"") Map<String, Expected> headers,
      @About("Query parameters") Map<String, Expected> query,
      @About("Cookies") Map<String, Expected> cookies,
      @About("Client addresses and blocks") @OrOne List<Cidr> from,
      @About("A regular expression (RE2) that the client's whole path must match")
          @Nullable String path) {}

  @About("What a value must be: a text, or one of the members")
  record Expected(
      @Alone @About("Exactly this") @Nullable String is,
      @About("A regular expression (RE2) for the whole value") @Nullable String matches,
      @About("Anything, as long as it is there") @Default("false") boolean present) {
    Expected {
      int ways = (is == null ? 0 : 1) + (matches == null ? 0 : 1) + (present ? 1 : 0);
      if (ways != 1) {
        throw Require.invalid("when", ways + " expectations", "one of is, matches or present");
      }
    }
  }

  @About("Those who can answer")
  record Upstream(
      @About("Unique; apis refer to it") String name,
      @About("Such as \"127.0.0.1:9001\" or { address: \"orders.internal:80\", weight: 2 }") @OrOne
          List<Target> targets,
      @About("Where more targets are found") @Nullable Discovery discovery,
      @About(
              "How a target is chosen: round-robin, random, least-requests, least-latency,"
                  + " kernel-aware, ring-hash, maglev or source-hash")
          @Default("round-robin")
          Balance balance,
      @About("How calls spread over the targets, beside that") Spread spread,
      @About("When targets are taken out because of how their calls went") Outliers outliers,
      @About("What is tried again") Retry retry,
      @About("How many calls it is given at once, and who goes first when that is too few")
          Overload overload,
      @About("An active check; without it targets are taken out only by failing attempts")
          @Nullable Health health,
      @About("How long it may take") UpstreamTimeouts timeouts,
      @About("Connections to one target at once") @Default("1024") int connections,
      @About(
              "What is spoken: http1, http2 (in plain text without asking), or auto, which agrees"
                  + " on one in the TLS handshake")
          @Default("http1")
          UpstreamLink.Protocol protocol,
      @About("Encrypts connections; tls: {} checks certificates against those the system trusts")
          @Nullable UpstreamTls tls,
      @About(
              "Whether connections begin with the client's name in the PROXY protocol: off, v1 or"
                  + " v2")
          @Default("off")
          UpstreamLink.ProxyHeader proxyProtocol) {}

  @About("How connections to an upstream are encrypted")
  record UpstreamTls(
      @About("The name its certificate must have, and that it is told (SNI), in place of the host")
          @Nullable String serverName,
      @About("Whether its certificate is checked") @Default("true") boolean verify,
      @About("PEM file of those who may vouch for it, in place of those the system trusts")
          @Nullable String ca,
      @About("PEM file of our certificate and its chain, where the upstream asks for one")
          @Nullable String certificate,
      @About("PEM file of its private key (PKCS#8, not encrypted)") @Nullable String key,
      @About("The oldest version that is spoken: 1.2 or 1.3") @Default("\"1.2\"")
          TlsVersion minVersion) {}

  @About("One process that can answer")
  record Target(
      @Alone @About("Host name or IP address, and port; or a Unix socket: unix:/run/app.sock")
          TargetAddress address,
      @About("Its share among its siblings, 1-1000") @Default("1") int weight,
      @About("Whether it gets no new calls, while those it has go on") @Default("false")
          boolean drain,
      @About("Where it stands, such as a data centre") @Nullable String zone,
      @About("0 is asked first, 15 last: while those before are not healthy enough") @Default("0")
          int priority) {}

  @About("Where more targets are found")
  record Discovery(
      @About("A name each of whose addresses is a target, and their port") @Nullable Address dns,
      @About("A name whose SRV records tell targets, ports, priorities and weights")
          @Nullable String srv,
      @About("Name servers that are asked, such as \"198.51.100.53:53\"; without it the system's")
          @OrOne
          List<Address> servers,
      @About("A file of targets (YAML or JSON), relative to this one and read when it changes")
          @Nullable String file,
      @About("Answers are kept at least so long, whatever their time to live") @Default("1s")
          Duration least,
      @About("And at most") @Default("5m") Duration most) {
    Discovery {
      if (dns == null && srv == null && file == null) {
        throw Require.invalid("discovery", "nothing", "dns, srv or file");
      }
    }
  }

  @About("A file of targets")
  record TargetFile(@About("As they are written in ostiary.yaml") List<Target> targets) {}

  @About("How calls spread over an upstream's targets")
  record Spread(
      @About("What ring-hash and maglev hash, such as client; without it that") @Nullable Hash hash,
      @About("A cookie by which a client meets the same target again") @Nullable Sticky sticky,
      @About("How long the weight of a target that came back or is new grows") @Default("0s")
          Duration slowStart,
      @About("Per cent of healthy weight below which every target is asked; 0: nobody is then")
          @Default("50")
          int panic,
      @About("Where this gateway stands; targets of the same zone are preferred")
          @Nullable String zone,
      @About("Per cent of healthy weight below which calls go to the next priority or zone, too")
          @Default("70")
          int spill) {}

  @About("What of a call is hashed")
  record Hash(
      @Alone @About("client, peer, consumer, header, cookie, query or path-parameter")
          io.ostiary.model.Spread.HashKey.By by,
      @About("Of the header, cookie, query or path parameter") @Nullable String name) {}

  @About("A cookie by which a client meets the same target again")
  record Sticky(
      @About("Its name") @Default("ostiary-target") String cookie,
      @About("How long the client keeps it; 0s: until its session ends") @Default("0s")
          Duration lasts,
      @About(
              "What its values are made with, 16 characters or more; without it they change at"
                  + " start")
          @Nullable String secret) {}

  @About("What is tried again, how often and how soon")
  record Retry(
      @About("Attempts of one call together, 1-8") @Default("3") int attempts,
      @About("After what: connect, reset, timeout, malformed, status")
          @Default("[ \"connect\", \"reset\" ]")
          @OrOne
          Set<Retries.On> on,
      @About("Statuses of answers that count as failures, with status under on")
          @Default("[ 502, 503, 504 ]")
          @OrOne
          Set<Integer> statuses,
      @About("The same for grpc-status") @Default("[ 14 ]") @OrOne Set<Integer> grpc,
      @About("Methods that may be repeated although they are not idempotent, such as POST") @OrOne
          Set<String> methods,
      @About(
              "From the start of an attempt to the first byte of its answer, the client's own time to send"
                  + " content not counted; 0s: not bounded")
          @Default("0s")
          Duration perTry,
      @About("Wait before the second attempt; twice as long each time, with jitter")
          @Default("25ms")
          Duration backOff,
      @About("Wait at most") @Default("250ms") Duration backOffMax,
      @About("Per cent of the calls in flight that may be repeats") @Default("20") int budget,
      @About("Repeats at once that may always be") @Default("3") int budgetMin,
      @About("The longest Retry-After of the only target that is waited for") @Default("1s")
          Duration retryAfterMax,
      @About("A second attempt beside the first one") @Nullable Hedge hedge) {}

  @About("A second attempt at another target while the first one is not answered")
  record Hedge(
      @About("How long after the request was sent") @Default("0s") Duration after,
      @About("Per cent of the answers of late that came sooner, 50-99.99; 0: it does not count")
          @Default("0")
          double percentile) {
    Hedge {
      if (after.isZero() && percentile == 0) {
        throw Require.invalid("hedge", "neither", "after, percentile or both");
      }
    }
  }

  @About("How many calls an upstream is given at once")
  record Overload(
      @About("In flight at one target; 0: not bounded") @Default("0") int targetCalls,
      @About("In flight at all targets; 0: not bounded") @Default("0") int calls,
      @About("Calls that may wait for a place") @Default("0") int queue,
      @About("How long they wait") @Default("1s") Duration queueTime,
      @About("Repeats at once, beside the budget; 0: not bounded") @Default("0") int retries,
      @About("A bound for calls that finds itself") @Nullable Adaptive adaptive,
      @About("Header whose value low, normal or high is believed of trusted proxies")
          @Nullable String priorityHeader,
      @About("Whose calls go first; the first that fits counts") List<PriorityRule> priorities) {}

  @About("A bound for the calls in flight that finds itself by their latency")
  record Adaptive(
      @About("Never below") @Default("4") int least,
      @About("Never above") @Default("1000") int most,
      @About("How many times the latency without a queue is too long") @Default("1.5")
          double tolerance,
      @About("How often it is found anew") @Default("100ms") Duration every) {}

  @About("A priority and whose calls have it; all that is said must fit")
  record PriorityRule(
      @About("low, normal or high") io.ostiary.model.Overload.Priority priority,
      @About("Names of APIs") @OrOne Set<String> apis,
      @About("Ids of routes") @OrOne Set<String> routes,
      @About("Names of consumers") @OrOne Set<String> consumers) {}

  @About("When a target rests for a time because of how its calls went")
  record Outliers(
      @About("Attempts in a row without an answer; 0: they do not count") @Default("5")
          int failures,
      @About("Answers in a row with a status of 500 or more; 0: they do not count") @Default("0")
          int errors,
      @About("Standard deviations below the mean success rate; 0: it does not count") @Default("0")
          double deviations,
      @About("Times the median latency of the others; 0: it does not count") @Default("0")
          double slower,
      @About("Calls of a target in one comparison, without which it is not judged") @Default("20")
          int calls,
      @About("How often success rates and latencies are compared") @Default("1s") Duration every,
      @About("How long it rests at first; twice as long each time") @Default("10s") Duration rest,
      @About("How long it rests at most") @Default("5m") Duration restMax,
      @About("Per cent of the targets that may rest at once; one always may") @Default("50")
          int share) {}

  @About("What is asked of a target, and what of the answer is healthy")
  record Health(
      @About(
              "http, grpc (grpc.health.v1) or tcp (a connection is enough); grpc over TLS needs protocol auto or http2")
          @Default("http")
          HealthCheck.Kind kind,
      @About("What an HTTP check asks for; it must be given there") @Nullable String path,
      @About("Where, instead of the target's own port; 0: there") @Default("0") int port,
      @About("Whether that other port is spoken to by the upstream's tls and protocol, too")
          @Default("false")
          boolean tls,
      @About("Statuses of an HTTP answer that are healthy, such as 204 or 200-299")
          @Default("[ \"200-399\" ]")
          @OrOne
          List<String> status,
      @About("A text that the content must have in its first 64 KiB") @Nullable String body,
      @About("What the Host field says; without it the target's address") @Nullable String host,
      @About("More fields of the request") Map<String, String> headers,
      @About("What a gRPC check asks about; without it the server as a whole")
          @Nullable String service,
      @About("Time between two checks") @Default("5s") Duration every,
      @About("How long an answer may take") @Default("2s") Duration timeout,
      @About("Failures in a row that take a target out") @Default("3") int unhealthyAfter,
      @About("Successes in a row that bring it back") @Default("2") int healthyAfter) {
    Health {
      if (kind == HealthCheck.Kind.HTTP && path == null) {
        throw Require.invalid("path", "nothing", "what an http check asks for");
      }
    }
  }

  @About("How long an upstream may take")
  record UpstreamTimeouts(
      @About("Until the TCP connection stands") @Default("3s") Duration connect,
      @About("From the last request byte to the first response byte") @Default("30s")
          Duration answer,
      @About("Between two reads of one response") @Default("60s") Duration idle,
      @About("How old a connection becomes; 0s: of any age") @Default("0s") Duration age) {}

  @About("A virtual address and port whose connections the kernel spreads over targets")
  record Service(
      @About("Unique; appears in the console") String name,
      @About("IP address that the network brings to this host, and port") Address address,
      @About("tcp or udp") @Default("tcp") Transport protocol,
      @About("Who gets a new connection: maglev, weighted or least-loaded") @Default("maglev")
          io.ostiary.model.Service.Algorithm algorithm,
      @About("Those who answer, such as \"198.51.100.11:80\"") @OrOne List<ServiceTarget> targets,
      @About("An active check; without it every target is given connections")
          @Nullable ServiceHealth health,
      @About("How long the share of a target that came back or is new grows to its weight")
          @Default("0s")
          Duration slowStart) {}

  enum Transport {
    TCP,
    UDP
  }

  @About("One who answers for a service")
  record ServiceTarget(
      @Alone @About("IP address and port, reached by way of this host") Address address,
      @About("Its share among its siblings, 1-1000") @Default("1") int weight,
      @About("Whether it gets no new connections, while those it has go on") @Default("false")
          boolean drain) {}

  @About("A TCP connection that must come about, or a GET answered with a status of 200-399")
  record ServiceHealth(
      @About("What is asked for; without it a connection is enough") @Nullable String path,
      @About("Where, instead of the target's own port; needed with udp") @Default("0") int port,
      @About("Time between two checks") @Default("5s") Duration every,
      @About("How long an answer may take") @Default("2s") Duration timeout,
      @About("Failures in a row that take a target out") @Default("3") int unhealthyAfter,
      @About("Successes in a row that bring it back") @Default("2") int healthyAfter) {}

  @About("Bounds on what clients may send; what is over them is refused")
  record Limits(
      @About("Request line and header fields together") @Bytes @Default("32KiB") int head,
      @About("Number of header fields") @Default("100") int headFields,
      @About("One request body") @Bytes @Default("64MiB") long body,
      @About("Client connections at once") @Default("50000") int connections) {}

  @About("How long clients may take")
  record Timeouts(
      @About("From the first byte of a request's head to its last") @Default("10s") Duration head,
      @About("Between two reads of a request body") @Default("30s") Duration body,
      @About("A connection between two requests") @Default("75s") Duration idle,
      @About("How old a connection becomes; 0s: of any age") @Default("0s") Duration age,
      @About("How long calls may go on after SIGTERM") @Default("30s") Duration drain) {}
}
