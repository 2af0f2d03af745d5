package io.ostiary.policies;

import io.ostiary.gateway.spi.BodyChange;
import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.BodyOut;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Headers;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.Ending;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import io.ostiary.policies.masking.Masked;
import io.ostiary.policies.masking.MaskedForm;
import io.ostiary.policies.masking.MaskedJson;
import io.ostiary.policies.masking.Secrets;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Keeps secrets out of the ledger, and out of bodies on their way.
public final class Mask implements Policy<Mask.Settings> {
  private static final HeaderName CONTENT_TYPE = HeaderName.of("Content-Type");
  private static final HeaderName CONTENT_ENCODING = HeaderName.of("Content-Encoding");
  private static final HeaderName ACCEPT_ENCODING = HeaderName.of("Accept-Encoding");
  private static final HeaderName RANGE = HeaderName.of("Range");
  private static final MediaTypes JSON =
      MediaTypes.of(
          "mask",
          List.of(
              "application/json",
              "application/*+json",
              "application/x-ndjson",
              "application/json-seq",
              "text/json"));

  /// @param fields secret members of JSON, and of forms
  /// @param parameters of the query that the ledger does not keep
  /// @param requests whether the upstream gets bodies without secrets
  /// @param responses whether clients do
  /// @param with stands in place of a secret
  public record Settings(
      @About("Secret members of JSON, and of forms: by name, or by place such as /cards/*/number.")
          List<String> fields,
      @About("Parameters of the query whose values the ledger, logs and console do not show.")
          List<String> parameters,
      @About("Whether upstreams get bodies without the secret fields.") @Default("false")
          boolean requests,
      @About("Whether clients get bodies without the secret fields.") @Default("false")
          boolean responses,
      @About("What stands in place of a secret.") @Default("'***'") String with) {
    public Settings {
      fields = List.copyOf(fields);
      parameters = List.copyOf(parameters);
      parameters.forEach(name -> Require.notBlank("mask.parameters", name));
      boolean bodies = requests || responses;
      if (bodies == fields.isEmpty()) {
        throw new IllegalArgumentException(
            bodies
                ? "mask.fields: nothing (expected: what is secret in bodies)"
                : "mask.requests: false, and 'responses' too (expected: one that is true, where"
                    + " 'fields' are given)");
      }
      if (!bodies && parameters.isEmpty()) {
        throw new IllegalArgumentException("mask: nothing (expected: 'fields' or 'parameters')");
      }
      if (!with.matches("[ !#-%'-<>-\\[\\]-~]{0,64}")) {
        throw new IllegalArgumentException(
            "mask.with: '"
                + with
                + "' (expected: up to 64 visible ASCII characters without \\, \","
                + " & and =)");
      }
      Secrets.of("mask.fields", fields);
    }
  }

  @Override
  public String name() {
    return "mask";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public boolean lasting() {
    return true;
  }

  @Override
  public boolean ofOneRoute(Settings settings) {
    return true;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    return new Gate(settings);
  }

  private static final class Gate implements Filter {
    private static final Verdict COMPRESSED =
        new Verdict.Reply(
            Problem.of(
                415,
                "mask-compressed",
                "Body must not be compressed",
                "Send the body without Content-Encoding."));
    private static final Verdict CODED_RESPONSE =
        new Verdict.Reply(
            Problem.of(
                502,
                "mask-unreadable",
                "Body cannot be read",
                "The upstream answered in a coding that it was not asked for."));

    private final Settings settings;
    private final Directions directions;
    private final Secrets secrets;
    private final Set<String> names;
    private final Set<String> parameters;
    private final byte[] inJson;
    private final byte[] inForms;

    Gate(Settings settings) {
      this.settings = settings;
      secrets = Secrets.of("mask.fields", settings.fields);
      names = new HashSet<>();
      for (var field : settings.fields) {
        boolean top = field.startsWith("/") && field.indexOf('/', 1) < 0;
        if (top || !field.startsWith("/")) {
          names.add(top ? field.substring(1) : field);
        }
      }
      parameters = Set.copyOf(settings.parameters);
      directions = new Directions(settings.requests, settings.responses);
      inJson = ("\"" + settings.with + "\"").getBytes(StandardCharsets.US_ASCII);
      inForms =
          java.net.URLEncoder.encode(settings.with, StandardCharsets.US_ASCII)
              .getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public Set<Moment> moments() {
      var moments = directions.moments();
      if (!parameters.isEmpty()) {
        moments.add(Moment.END);
      }
      if (settings.responses) {
        // The upstream is told what it may not send.
        moments.add(Moment.REQUEST);
      }
      return moments;
    }

    @Override
    public BodyNeed requestBodyNeed() {
      return directions.requestNeed();
    }

    @Override
    public BodyNeed responseBodyNeed() {
      return directions.responseNeed();
    }

    @Override
    public Verdict request(Exchange exchange) {
      var headers = exchange.requestHeaders();
      if (settings.responses) {
        // What is compressed, or cut out of the middle, cannot be read.
        headers.remove(ACCEPT_ENCODING);
        headers.remove(RANGE);
      }
      return settings.requests && coded(headers) ? COMPRESSED : Verdict.CONTINUE;
    }

    @Override
    public Verdict response(Exchange exchange) {
      var headers = exchange.responseHeaders();
      boolean unreadable =
          exchange.fromUpstream()
              && (coded(headers) || exchange.status() == 206)
              && maskable(headers.first(CONTENT_TYPE));
      return unreadable ? CODED_RESPONSE : Verdict.CONTINUE;
    }

    private static boolean coded(Headers headers) {
      var encoding = headers.first(CONTENT_ENCODING);
      return encoding != null && !encoding.equalsIgnoreCase("identity");
    }

    private static boolean maskable(@Nullable String type) {
      return JSON.hold(type) || form(type);
    }

    private static boolean form(@Nullable String type) {
      return type != null && MediaTypes.bare(type).equals("application/x-www-form-urlencoded");
    }

    @Override
    public @Nullable BodyChange requestChange(Exchange exchange) {
      return change(exchange.requestHeaders(), 400);
    }

    @Override
    public @Nullable BodyChange responseChange(Exchange exchange) {
      return exchange.fromUpstream() ? change(exchange.responseHeaders(), 502) : null;
    }

    private @Nullable BodyChange change(Headers headers, int status) {
      var type = headers.first(CONTENT_TYPE);
      if (JSON.hold(type)) {
        return new Change(new MaskedJson(secrets, inJson), status);
      }
      return form(type) ? new Change(new MaskedForm(names, inForms), status) : null;
    }

    /// The record of the call is written from what the exchange says last.
    @Override
    public void end(Exchange exchange, Ending ending) {
      var query = exchange.query();
      if (query != null) {
        exchange.query(MaskedForm.query(query, parameters, settings.with));
      }
    }
  }

  private record Change(Masked body, int status) implements BodyChange {
    @Override
    public Verdict change(Exchange exchange, ByteBuffer in, boolean last, BodyOut out) {
      return body.mask(in, last, out)
          ? Verdict.CONTINUE
          : new Verdict.Reply(
              new Problem(
                  status,
                  "mask-unreadable",
                  "Body cannot be read",
                  "It is not what its Content-Type says.",
                  List.of(),
                  List.of()));
    }
  }
}
