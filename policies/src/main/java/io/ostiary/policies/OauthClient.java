package io.ostiary.policies;

import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.HttpAsk;
import io.ostiary.model.setting.Secret;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// What we are to an authorization server: a client with a secret, which it is shown in
/// `Authorization`, or in the form where it takes it there only (RFC 6749 section 2.3.1).
/// Immutable.
final class OauthClient {
  private final String id;
  private final String secret;
  private final List<Field> fields;
  private final List<Field> fieldsWithout;

  OauthClient(String id, Secret secret) {
    this.id = id;
    this.secret = secret.text();
    var basic = encoded(id) + ":" + encoded(this.secret);
    var sealed = Base64.getEncoder().encodeToString(basic.getBytes(StandardCharsets.UTF_8));
    fieldsWithout =
        List.of(
            Field.of("Accept", "application/json"),
            Field.of("Content-Type", "application/x-www-form-urlencoded"));
    fields = new ArrayList<>(fieldsWithout);
    fields.add(Field.of("Authorization", "Basic " + sealed));
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

  /// The same with the secret in the form.
  HttpAsk askInForm(
      URI where, Map<String, String> form, Duration limit, int bytesMax, boolean repeatable) {
    var all = new LinkedHashMap<>(form);
    all.put("client_id", id);
    all.put("client_secret", secret);
    return new HttpAsk("POST", where, fieldsWithout, form(all), limit, bytesMax, repeatable);
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
