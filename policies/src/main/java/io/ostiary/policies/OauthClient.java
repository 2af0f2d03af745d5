package io.ostiary.policies;

import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.HttpAsk;
import io.ostiary.model.setting.Secret;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// What we are to an authorization server: a client with a secret, which it is shown in
/// `Authorization` (RFC 6749 section 2.3.1). Immutable.
final class OauthClient {
  private final String id;
  private final List<Field> fields;

  OauthClient(String id, Secret secret) {
    this.id = id;
    var basic = encoded(id) + ":" + encoded(secret.text());
    fields =
        List.of(
            Field.of("Accept", "application/json"),
            Field.of("Content-Type", "application/x-www-form-urlencoded"),
            Field.of(
                "Authorization",
                "Basic "
                    + Base64.getEncoder().encodeToString(basic.getBytes(StandardCharsets.UTF_8))));
  }

  String id() {
    return id;
  }

  /// @param repeatable whether it may be sent again where no answer came; a code or a token that is
  ///   good for one use may not
  HttpAsk ask(
      URI where, Map<String, String> form, Duration limit, int bytesMax, boolean repeatable) {
    return new HttpAsk("POST", where, fields, form(form), limit, bytesMax, repeatable);
  }

  static String form(Map<String, String> members) {
    return members.entrySet().stream()
        .map(member -> encoded(member.getKey()) + "=" + encoded(member.getValue()))
        .collect(Collectors.joining("&"));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
