package io.ostiary.contract.config;

import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Settings like those of the standard policies, which live in a room that this one does not know.
final class Policies {
  static final Map<String, Class<? extends Record>> ALL =
      Map.of(
          "key-auth", KeyAuth.class,
          "rate-limit", RateLimit.class,
          "validate", Validate.class,
          "ip", Ip.class,
          "cors", Cors.class);

  private Policies() {}

  record KeyAuth(@Default("X-API-Key") String header, @Nullable String query) {}

  record RateLimit(@About("How many calls") int requests, Duration per, @Default("address") By by) {
    RateLimit {
      Require.between("rate-limit.requests", requests, 1, 1_000_000);
    }
  }

  enum By {
    ADDRESS,
    CONSUMER
  }

  record Validate(@Default("enforce") Mode request, @Default("off") Mode response) {}

  enum Mode {
    OFF,
    REPORT,
    ENFORCE
  }

  record Ip(List<io.ostiary.model.Cidr> allow, List<io.ostiary.model.Cidr> deny) {}

  record Cors(List<String> origins) {}
}
