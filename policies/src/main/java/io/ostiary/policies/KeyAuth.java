package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.SignIn;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.Snapshot;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Asks for a key and recognises the consumer by it.
public final class KeyAuth implements Policy<KeyAuth.Settings> {
  private static final HeaderName AUTHORIZATION = HeaderName.of("Authorization");

  /// The table of the last snapshot. Plans are compiled one after another, and every site of a plan
  /// asks for the same one; a reload that leaves the keys alone finds it again.
  private volatile @Nullable KeyTable last;

  /// @param header the field that carries the key
  /// @param query a query parameter that may carry it instead; not given: none
  /// @param bearer whether `Authorization: Bearer KEY` may carry it as well
  /// @param forwardKey whether the upstream sees the key
  public record Settings(
      @About("The header field that carries the key.") @Default("X-API-Key") String header,
      @About("A query parameter that may carry it instead.") @Nullable String query,
      @About("Whether 'Authorization: Bearer KEY' may carry it as well.") @Default("false")
          boolean bearer,
      @About("Whether the upstream sees the key.") @Default("false") boolean forwardKey) {
    public Settings {
      HeaderRules.changeable("key-auth.header", header);
      if (header.equalsIgnoreCase("Authorization")) {
        throw new IllegalArgumentException(
            "key-auth.header: Authorization (expected: another field). Use 'bearer: true' for"
                + " 'Authorization: Bearer KEY'");
      }
      if (query != null && query.isBlank()) {
        throw new IllegalArgumentException("key-auth.query: '' (expected: a parameter's name)");
      }
    }
  }

  @Override
  public String name() {
    return "key-auth";
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
    return new Gate(settings, table(site.snapshot()), site.api().name());
  }

  private KeyTable table(Snapshot snapshot) {
    var table = last;
    if (table == null || !table.isOf(snapshot.keys(), snapshot.consumers())) {
      table = new KeyTable(snapshot.keys(), snapshot.consumers());
      last = table;
    }
    return table;
  }

  private static final class Gate implements SignIn {
    private final KeyTable table;
    private final HeaderName header;
    private final @Nullable String parameter;
    private final boolean bearer;
    private final boolean hide;
    private final Verdict missing;
    private final Verdict unknown;
    private final Verdict repeated;

    Gate(Settings settings, KeyTable table, String realm) {
      this.table = table;
      header = HeaderName.of(settings.header);
      parameter = settings.query;
      bearer = settings.bearer;
      hide = !settings.forwardKey;
      missing = refusal(settings, realm, "The call has no key. " + places(settings), "");
      unknown = refusal(settings, realm, "The key is not known here.", "invalid_token");
      repeated =
          refusal(settings, realm, "The call has more than one key. Send one.", "invalid_request");
    }

    private static String places(Settings settings) {
      return "Send it in the header field '"
          + settings.header
          + "'"
          + (settings.bearer ? " or as 'Authorization: Bearer KEY'" : "")
          + (settings.query == null ? "" : " or in the query parameter '" + settings.query + "'")
          + ".";
    }

    private static Verdict refusal(Settings settings, String realm, String detail, String error) {
      var problem = Problem.of(401, "key-auth", "Key required", detail);
      var own =
          Field.of(
              "WWW-Authenticate",
              "ApiKey realm=\"" + realm + "\", name=\"" + settings.header + "\"");
      if (!settings.bearer) {
        return new Verdict.Reply(problem.withFields(own));
      }
      var code = error.isEmpty() ? "" : ", error=\"" + error + "\"";
      return new Verdict.Reply(
          problem.withFields(
              own, Field.of("WWW-Authenticate", "Bearer realm=\"" + realm + "\"" + code)));
    }

    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST);
    }

    @Override
    public boolean addressed(Exchange exchange) {
      var headers = exchange.requestHeaders();
      var query = parameter == null ? null : exchange.query();
      return headers.has(header)
          || (bearer && bearerToken(headers) != null)
          || (query != null
              && parameter != null
              && !Query.take(query, parameter).values().isEmpty());
    }

    @Override
    public Verdict request(Exchange exchange) {
      var headers = exchange.requestHeaders();
      int found = 0;
      if (headers.has(header)) {
        found = headers.repeated(header) ? 2 : 1;
      }
      String key = null;
      var token = bearer ? bearerToken(headers) : null;
      if (token != null) {
        key = token;
        found += headers.repeated(AUTHORIZATION) ? 2 : 1;
      }
      var query = parameter == null ? null : exchange.query();
      if (query != null && parameter != null) {
        var taken = Query.take(query, parameter);
        found += taken.values().size();
        if (!taken.values().isEmpty()) {
          key = taken.values().getFirst();
          if (hide) {
            exchange.query(taken.rest());
          }
        }
      }
      if (found > 1) {
        return repeated;
      }
      if (found == 0) {
        return missing;
      }
      var owner = key == null ? table.find(headers, header) : table.find(key);
      return owner == null ? unknown : admit(exchange, owner, token != null);
    }

    private static @Nullable String bearerToken(io.ostiary.gateway.spi.Headers headers) {
      var value = headers.first(AUTHORIZATION);
      return value != null && value.regionMatches(true, 0, "Bearer ", 0, 7)
          ? value.substring(7).strip()
          : null;
    }

    private Verdict admit(Exchange exchange, Caller owner, boolean inAuthorization) {
      var headers = exchange.requestHeaders();
      if (hide) {
        headers.removeSpellings(header);
        if (inAuthorization) {
          headers.remove(AUTHORIZATION);
        }
      }
      owner.recognised(exchange);
      return Verdict.CONTINUE;
    }
  }
}
