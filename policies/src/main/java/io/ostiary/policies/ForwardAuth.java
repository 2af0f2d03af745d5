package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.HttpAsk;
import io.ostiary.gateway.spi.HttpCalls;
import io.ostiary.gateway.spi.HttpReply;
import io.ostiary.gateway.spi.Message;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.AddressText;
import io.ostiary.model.LateLogger;
import io.ostiary.model.Peers;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Asks an HTTP service before each call whether it may pass.
public final class ForwardAuth implements Policy<ForwardAuth.Settings> {
  private static final System.Logger LOG = new LateLogger("io.ostiary.policies");
  private static final int ANSWER_BYTES_MAX = 64 * 1024;

  private final InstantSource clock;

  public ForwardAuth() {
    this(InstantSource.system());
  }

  ForwardAuth(InstantSource clock) {
    this.clock = clock;
  }

  /// What happens to calls while the service cannot be asked.
  public enum OnFailure {
    REFUSE,
    PASS
  }

  public record Settings(
      @About("Who is asked, by a GET.") URI url,
      @About("Header fields of the call that the service sees.")
          @Default("[ Authorization, Cookie ]")
          @OrOne
          List<String> send,
      @About("Header fields of its answer that the upstream sees, in place of the client's.") @OrOne
          List<String> receive,
      @About("Header fields of its refusal that the client sees.")
          @Default("[ WWW-Authenticate, Location, Set-Cookie, Content-Type ]")
          @OrOne
          List<String> answer,
      @About("Header fields of its yes that the client sees with the answer, such as Set-Cookie.")
          @OrOne
          List<String> tell,
      @About("How long an answer may take.") @Default("2s") Duration timeout,
      @About("What happens when it does not answer: refuse or pass.") @Default("refuse")
          OnFailure onFailure,
      @About("How long a yes is remembered for equal questions; 0s: not.") @Default("0s")
          Duration remember,
      @About("How many answers are remembered.") @Default("10000") int rememberMax) {
    public Settings {
      HttpAsk.check("forward-auth.url", url);
      send = List.copyOf(send);
      receive = List.copyOf(receive);
      answer = List.copyOf(answer);
      tell = List.copyOf(tell);
      tell.forEach(name -> HeaderRules.changeable("forward-auth.tell", name));
      send.forEach(HeaderName::of);
      receive.forEach(name -> HeaderRules.changeable("forward-auth.receive", name));
      answer.forEach(name -> HeaderRules.changeable("forward-auth.answer", name));
      Require.between("forward-auth.timeout (ms)", timeout.toMillis(), 10, 60_000);
      Require.between("forward-auth.remember (s)", remember.toSeconds(), 0, 3600);
      Require.between("forward-auth.remember-max", rememberMax, 0, 1_000_000);
    }
  }

  @Override
  public String name() {
    return "forward-auth";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    var memory =
        site.shared(
            "forward-auth " + settings,
            Memory.class,
            () -> new Memory(new Remembered<>(settings.rememberMax, settings.remember, clock)));
    return new Gate(settings, site, memory, clock);
  }

  /// The fields that a yes brought, by the question.
  private record Memory(Remembered<List<Field>> answers) {}

  /// What of a yes the client is told. Not remembered, for it is said to this call alone.
  private record Told(List<Field> fields) {}

  private static final class Gate implements Filter {
    private static final HeaderName HOST = HeaderName.of("Host");
    private static final HeaderName SET_COOKIE = HeaderName.of("Set-Cookie");
    private static final HeaderName CACHE_CONTROL = HeaderName.of("Cache-Control");
    private static final Verdict UNAVAILABLE =
        new Verdict.Reply(
            Problem.of(
                    503,
                    "forward-auth",
                    "The decision cannot be had",
                    "The service that decides about this call does not answer. Try again later.")
                .withFields(Field.of("Retry-After", "5")));

    private final Settings settings;
    private final HttpCalls http;
    private final Duration patience;
    private final Memory memory;
    private final InstantSource clock;
    private final List<HeaderName> send;
    private final List<HeaderName> receive;
    private final List<HeaderName> answer;
    private final List<HeaderName> tell;
    private final StateKey<Told> told;

    Gate(Settings settings, Site site, Memory memory, InstantSource clock) {
      this.settings = settings;
      this.memory = memory;
      this.clock = clock;
      http = site.http();
      patience = site.patience(settings.timeout);
      send = settings.send.stream().map(HeaderName::of).toList();
      receive =
          settings.receive.stream()
              .map(name -> HeaderRules.changeable("forward-auth.receive", name))
              .toList();
      answer =
          settings.answer.stream()
              .map(name -> HeaderRules.changeable("forward-auth.answer", name))
              .toList();
      tell =
          settings.tell.stream()
              .map(name -> HeaderRules.changeable("forward-auth.tell", name))
              .toList();
      told = site.state(Told.class);
    }

    @Override
    public Set<Moment> moments() {
      return tell.isEmpty() ? Set.of(Moment.REQUEST) : Set.of(Moment.REQUEST, Moment.RESPONSE);
    }

    @Override
    public Verdict response(Exchange exchange) {
      var brought = exchange.state(told);
      if (brought != null) {
        var fields = exchange.responseHeaders();
        for (var field : brought.fields) {
          fields.add(field.name(), field.value());
          if (field.name().equals(SET_COOKIE)) {
            // Nobody else may be handed this answer with this cookie.
            fields.set(CACHE_CONTROL, "no-store");
          }
        }
      }
      return Verdict.CONTINUE;
    }

    @Override
    public Verdict request(Exchange exchange) {
      var headers = exchange.requestHeaders();
      var question = question(exchange);
      for (int i = 0; i < receive.size(); i++) {
        headers.removeSpellings(receive.get(i));
      }
      boolean remembers = !settings.remember.isZero();
      var key = TokenKey.of(question.toString());
      var known = remembers ? memory.answers.find(key, 0) : null;
      if (known != null) {
        return pass(exchange, known);
      }
      var ask = new HttpAsk("GET", settings.url, question, "", patience, ANSWER_BYTES_MAX, true);
      return new Verdict.Wait(
          http.send(ask)
              .handle((reply, failure) -> {
                if (failure != null || reply.status() >= 500 || reply.status() < 200) {
                  return failed(failure == null ? "status " + reply.status() : why(failure));
                }
                return reply.status() < 300
                    ? new Verdict.OnLoop(() -> yes(exchange, key, reply))
                    : new Verdict.Answer(refusal(reply));
              }));
    }

    private static String why(Throwable failure) {
      return "" + Refusals.cause(failure).getMessage();
    }

    private Verdict failed(String why) {
      LOG.log(System.Logger.Level.WARNING, "forward-auth: {0}: {1}", settings.url, why);
      return settings.onFailure == OnFailure.PASS ? Verdict.CONTINUE : UNAVAILABLE;
    }

    private List<Field> question(Exchange exchange) {
      var headers = exchange.requestHeaders();
      var fields = new ArrayList<Field>();
      var query = exchange.query();
      var host = headers.first(HOST);
      fields.add(Field.of("X-Forwarded-Method", exchange.method()));
      fields.add(Field.of("X-Forwarded-Proto", exchange.https() ? "https" : "http"));
      fields.add(Field.of("X-Forwarded-Host", host == null ? "" : host));
      fields.add(Field.of("X-Forwarded-Uri", exchange.path() + (query == null ? "" : "?" + query)));
      var client = exchange.client();
      var known = Peers.local(client) ? "unknown" : AddressText.of(client);
      fields.add(Field.of("X-Forwarded-For", known));
      var consumer = exchange.consumer();
      if (consumer != null) {
        fields.add(Field.of(HeaderRules.CONSUMER, Caller.plain(consumer.id())));
      }
      for (var name : send) {
        headers.all(name).forEach(value -> fields.add(new Field(name, value)));
      }
      return fields;
    }

    private Verdict yes(Exchange exchange, TokenKey key, HttpReply reply) {
      var brought = chosen(reply, receive);
      if (!tell.isEmpty()) {
        exchange.state(told, new Told(chosen(reply, tell)));
      }
      if (!settings.remember.isZero()) {
        memory.answers.put(key, brought, clock.millis() + settings.remember.toMillis(), 0);
      }
      return pass(exchange, brought);
    }

    private static Verdict pass(Exchange exchange, List<Field> brought) {
      brought.forEach(field -> exchange.requestHeaders().add(field.name(), field.value()));
      return Verdict.CONTINUE;
    }

    private Message refusal(HttpReply reply) {
      return new Message(reply.status(), chosen(reply, answer), reply.body());
    }

    private static List<Field> chosen(HttpReply reply, List<HeaderName> names) {
      return reply.fields().stream().filter(field -> names.contains(field.name())).toList();
    }
  }
}
