package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.model.CredentialNames;
import io.ostiary.model.Ending;
import io.ostiary.model.LoggedFields;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.setting.About;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/// Puts values of a call into its record: the ledger, access logs and the console. A credential
/// does not go there as it is: only a fingerprint, the same for the same value.
public final class Log implements Policy<Log.Settings> {
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_.-]{0,63}");

  /// @param fields what the record says, by name
  /// @param masked names of those whose values are secret
  public record Settings(
      @About(
              "Names and values, such as tenant: \"{header:X-Tenant}\"; places are filled when the"
                  + " call ends.")
          Map<String, String> fields,
      @About("Names of fields of which only a fingerprint is kept, the same for the same value.")
          List<String> masked) {
    public Settings {
      fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
      masked = List.copyOf(masked);
      if (fields.isEmpty() || fields.size() > LoggedFields.FIELDS_MAX) {
        throw new IllegalArgumentException(
            "log.fields (count): %d (expected: 1-%d)"
                .formatted(fields.size(), LoggedFields.FIELDS_MAX));
      }
      for (var name : fields.keySet()) {
        if (!NAME.matcher(name).matches()) {
          throw new IllegalArgumentException(
              "log.fields: '"
                  + name
                  + "' (expected: 1-64 of a-z, 0-9, '_', '-' and '.', a letter first)");
        }
      }
      for (var name : masked) {
        if (!fields.containsKey(name)) {
          throw new IllegalArgumentException(
              "log.masked: %s (expected: some of %s)".formatted(name, fields.keySet()));
        }
      }
    }
  }

  @Override
  public String name() {
    return "log";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    var hash = site.shared("log/fingerprints", KeyedHash.class, KeyedHash::new);
    var secret = new Secret(site.api().policies());
    var values = new ArrayList<Value>();
    settings.fields.forEach((name, text) -> {
      boolean masked = settings.masked.contains(name);
      if (!masked) {
        secret.refuse(name, text);
      }
      var template = Template.of("log.fields." + name, text, Template.Kind.RECORD, site);
      values.add(new Value(name, template, masked));
    });
    return new Writer(List.copyOf(values), hash);
  }

  /// What is a credential here: what is one everywhere, what the API itself takes for keys, and
  /// what it masks.
  private static final class Secret {
    private final Set<String> fields = new HashSet<>(CredentialNames.FIELDS);
    private final Set<String> parameters = new HashSet<>(CredentialNames.PARAMETERS);

    Secret(List<PolicyUse> uses) {
      for (var use : uses) {
        if (use.settings() instanceof KeyAuth.Settings keys) {
          fields.add(spelled(keys.header()));
          if (keys.query() != null) {
            parameters.add(keys.query().toLowerCase(Locale.ROOT));
          }
        } else if (use.settings() instanceof Mask.Settings mask) {
          mask.parameters().forEach(name -> parameters.add(name.toLowerCase(Locale.ROOT)));
        }
      }
    }

    void refuse(String field, String text) {
      var places = Template.PLACE.matcher(text);
      while (places.find()) {
        var place = places.group(1);
        int colon = place.indexOf(':');
        if (colon > 0 && holds(place.substring(0, colon), place.substring(colon + 1))) {
          throw new IllegalArgumentException(
              "log.fields.%s: {%s} (expected: no credential). Put '%s' under 'masked' to keep a"
                      .formatted(field, place, field)
                  + " fingerprint.");
        }
      }
    }

    private boolean holds(String kind, String name) {
      return switch (kind) {
        case "cookie" -> true;
        case "header", "response" -> fields.contains(spelled(name));
        case "query" -> parameters.contains(name.toLowerCase(Locale.ROOT));
        default -> false;
      };
    }

    private static String spelled(String name) {
      return name.toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  private record Value(String name, Template template, boolean masked) {}

  /// It acts at the end of every call of its route, also of those that a policy before it refused.
  private record Writer(List<Value> values, KeyedHash hash) implements Filter {
    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.END);
    }

    @Override
    public void end(Exchange exchange, Ending ending) {
      for (int i = 0; i < values.size(); i++) {
        var value = values.get(i);
        var text = value.template.fill(exchange);
        if (text != null && !text.isEmpty()) {
          exchange.note(value.name, value.masked ? "#%016x".formatted(hash.of(text)) : text);
        }
      }
    }
  }
}
