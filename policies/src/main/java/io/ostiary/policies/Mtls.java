package io.ostiary.policies;

import io.ostiary.gateway.spi.ClientCertificate;
import io.ostiary.gateway.spi.ClientCertificate.NameKind;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Identity;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.SignIn;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.Credential.Kind;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import io.ostiary.model.setting.SomeIfGiven;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Asks for a certificate of the client and recognises the consumer by it. The listener has
/// verified it already; this says whose certificates may call, and for whom they stand.
public final class Mtls implements Policy<Mtls.Settings> {
  private static final Pattern FINGERPRINT = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern NAME = Pattern.compile("(dns|uri|email|ip):.+");

  /// What a certificate says, as `headers` and expressions name it.
  private static final List<String> MEMBERS =
      List.of("subject", "issuer", "serial", "fingerprint", "dns", "uri", "email", "ip");

  public record Settings(
      @About("Subjects that may call, as RFC 2253 writes them; none of the lists: everybody.")
          @SomeIfGiven
          List<String> subjects,
      @About("Alternative names that may call, such as dns:billing.example.com.")
          @OrOne
          @SomeIfGiven
          List<String> names,
      @About("SHA-256 of certificates that may call, in hexadecimal.") @OrOne @SomeIfGiven
          List<String> fingerprints,
      @About("Issuers whose certificates may call, as RFC 2253 writes them; none: any verified.")
          @SomeIfGiven
          List<String> issuers,
      @About("Whether a certificate of no consumer of ours is refused.") @Default("false")
          boolean requireConsumer,
      @About("Header fields that tell the upstream of the certificate: field: member.")
          Map<String, String> headers) {
    public Settings {
      subjects = List.copyOf(subjects);
      names = List.copyOf(names);
      fingerprints = List.copyOf(fingerprints);
      issuers = List.copyOf(issuers);
      headers = Map.copyOf(headers);
      for (var name : names) {
        if (!NAME.matcher(name).matches()) {
          throw Require.invalid("mtls.names", name, "dns:, uri:, email: or ip: and a name");
        }
      }
      for (var fingerprint : fingerprints) {
        if (!FINGERPRINT.matcher(fingerprint).matches()) {
          throw Require.invalid(
              "mtls.fingerprints", fingerprint, "64 hexadecimal digits in lower case");
        }
      }
      Claims.ToHeaders.check("mtls.headers", headers);
      for (var member : headers.values()) {
        if (!MEMBERS.contains(member)) {
          throw Require.invalid("mtls.headers", member, "one of " + String.join(", ", MEMBERS));
        }
      }
    }
  }

  @Override
  public String name() {
    return "mtls";
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
    return new Gate(settings, Callers.of(site.snapshot()));
  }

  private static final class Gate implements SignIn {
    private static final Verdict MISSING =
        refused("The connection has no certificate of the client. Connect with one.");
    private static final Verdict OTHER =
        refused("Calls with this certificate are not let in here.");

    private final Settings settings;
    private final Callers callers;
    private final Claims.ToHeaders headers;

    Gate(Settings settings, Callers callers) {
      this.settings = settings;
      this.callers = callers;
      headers = new Claims.ToHeaders("mtls.headers", settings.headers);
    }

    /// 403, not 401: no header field of the client could repair it (RFC 9110 section 15.5.2).
    private static Verdict refused(String detail) {
      return new Verdict.Reply(Problem.of(403, "mtls", "Client certificate required", detail));
    }

    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST);
    }

    @Override
    public boolean addressed(Exchange exchange) {
      return exchange.clientCertificate() != null;
    }

    @Override
    public void clean(Exchange exchange) {
      headers.clear(exchange.requestHeaders());
    }

    @Override
    public Verdict request(Exchange exchange) {
      clean(exchange);
      var certificate = exchange.clientCertificate();
      if (certificate == null) {
        return MISSING;
      }
      var caller = caller(certificate);
      if (!allowed(certificate) || (caller == null && settings.requireConsumer)) {
        return OTHER;
      }
      var members = members(certificate);
      var identity = new Identity("mtls", certificate.subject(), Set.of(), members);
      Caller.recognised(exchange, identity, caller);
      Claims.ToHeaders.tell(headers.of(members), exchange.requestHeaders());
      return Verdict.CONTINUE;
    }

    private boolean allowed(ClientCertificate certificate) {
      if (!settings.issuers.isEmpty() && !settings.issuers.contains(certificate.issuer())) {
        return false;
      }
      boolean anybody =
          settings.subjects.isEmpty()
              && settings.names.isEmpty()
              && settings.fingerprints.isEmpty();
      return anybody
          || settings.subjects.contains(certificate.subject())
          || settings.fingerprints.contains(certificate.fingerprint())
          || anyName(certificate, settings.names::contains);
    }

    private static boolean anyName(ClientCertificate certificate, Predicate<String> wanted) {
      return certificate.names().stream().map(Gate::written).anyMatch(wanted);
    }

    private static String written(ClientCertificate.Name name) {
      return name.kind().name().toLowerCase(Locale.ROOT) + ":" + name.value();
    }

    /// The most exact credential counts: the certificate, then one of its names, then its subject.
    private @Nullable Caller caller(ClientCertificate certificate) {
      var exact = callers.find(Kind.CERTIFICATE, "sha256:" + certificate.fingerprint());
      if (exact != null) {
        return exact.caller();
      }
      for (var name : certificate.names()) {
        var known = callers.find(Kind.CERTIFICATE, "san:" + written(name));
        if (known != null) {
          return known.caller();
        }
      }
      var named = callers.find(Kind.CERTIFICATE, "subject:" + certificate.subject());
      return named == null ? null : named.caller();
    }

    private static Map<String, Object> members(ClientCertificate certificate) {
      var members = new LinkedHashMap<String, Object>();
      members.put("subject", certificate.subject());
      members.put("issuer", certificate.issuer());
      members.put("serial", certificate.serial());
      members.put("fingerprint", certificate.fingerprint());
      for (var kind : NameKind.values()) {
        members.put(kind.name().toLowerCase(Locale.ROOT), certificate.names(kind));
      }
      return members;
    }
  }
}
