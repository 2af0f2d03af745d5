package io.ostiary.policies.mocking;

import io.ostiary.contract.openapi.Body;
import io.ostiary.contract.openapi.Responses;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Message;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// All answers that one operation of a document can give, made when its plan is compiled.
/// Immutable.
public final class MockAnswers {
  /// By media type, then by the name of the example.
  private record Answers(Map<String, Map<String, Message>> byType, Message empty) {}

  private final Map<Integer, Answers> byStatus = new TreeMap<>();
  private final int usual;

  /// @param pointer to the operation; a reference may stand on the way
  /// @param settable which header fields of the document an answer may have
  /// @param responses what the document says of them; null: answers are not tried against it
  public MockAnswers(
      JsonNode document,
      String pointer,
      Predicate<String> settable,
      @Nullable Responses responses) {
    var examples = new Examples(document);
    var operation = examples.at(pointer);
    boolean succeeds =
        operation.path("responses").propertyNames().stream().anyMatch(name -> name.startsWith("2"));
    for (var response : operation.path("responses").properties()) {
      int status = status(response.getKey(), succeeds);
      if (status > 0) {
        var body = responses == null ? null : responses.of(status);
        byStatus.put(
            status,
            answers(
                status,
                examples.follow(response.getValue()),
                examples,
                settable,
                body == null ? null : body.body()));
      }
    }
    if (byStatus.isEmpty()) {
      var none = new Message(204, List.of(), "");
      byStatus.put(204, new Answers(Map.of(), none));
    }
    usual =
        byStatus.keySet().stream()
            .filter(status -> status / 100 == 2)
            .findFirst()
            .orElse(byStatus.keySet().iterator().next());
  }

  /// `2XX` stands for 200; `default` for all that is not said, which is 200 where no success is.
  ///
  /// @param succeeds whether a success is said
  private static int status(String written, boolean succeeds) {
    var text = written.toUpperCase(Locale.ROOT);
    if (text.equals("DEFAULT")) {
      return succeeds ? 500 : 200;
    }
    if (text.matches("[2-5]XX")) {
      return (text.charAt(0) - '0') * 100;
    }
    return text.matches("[2-5][0-9]{2}") ? Integer.parseInt(text) : 0;
  }

  private static Answers answers(
      int status,
      JsonNode response,
      Examples examples,
      Predicate<String> settable,
      @Nullable Body said) {
    var headers = new ArrayList<Field>();
    for (var header : response.path("headers").properties()) {
      if (settable.test(header.getKey())) {
        var node = examples.follow(header.getValue());
        var value = examples.named(node, _ -> true).values().iterator().next();
        headers.add(new Field(HeaderName.of(header.getKey()), plain(value)));
      }
    }
    var byType = new LinkedHashMap<String, Map<String, Message>>();
    for (var media : response.path("content").properties()) {
      var named = new LinkedHashMap<String, Message>();
      var fields = new ArrayList<>(headers);
      fields.add(Field.of("Content-Type", media.getKey()));
      examples
          .named(media.getValue(), value -> fits(said, media.getKey(), value))
          .forEach((name, value) ->
              named.put(name, new Message(status, fields, body(media.getKey(), value))));
      byType.put(media.getKey(), named);
    }
    return new Answers(byType, new Message(status, headers, ""));
  }

  private static boolean fits(@Nullable Body said, String type, JsonNode value) {
    var media = said == null ? null : said.media(type);
    return said == null || media == null || said.check(media, body(type, value)).isEmpty();
  }

  private static String plain(JsonNode value) {
    var text = value.isString() ? value.stringValue() : value.toString();
    return text.replaceAll("[^\\x20-\\x7e]", "?").strip();
  }

  /// As JSON; a text of another media type is the body as it is.
  private static ByteBuffer body(String type, JsonNode value) {
    var bare = type.toLowerCase(Locale.ROOT).replaceAll("\\s*;.*", "");
    boolean json = bare.endsWith("/json") || bare.endsWith("+json");
    var text = !json && value.isString() ? value.stringValue() : value.toString();
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  /// The statuses that can be asked for.
  public Set<Integer> statuses() {
    return byStatus.keySet();
  }

  /// @param code the status asked for; 0: the usual one
  /// @param example the name of the example asked for; empty: the first
  /// @param accepted the value of Accept; null: anything
  /// @return null: not so
  public @Nullable Message choose(int code, String example, @Nullable String accepted) {
    var answers = byStatus.get(code == 0 ? usual : code);
    if (answers == null) {
      return null;
    }
    if (answers.byType.isEmpty()) {
      return answers.empty;
    }
    String best = null;
    int most = 0;
    for (var type : answers.byType.keySet()) {
      int weight = accepted == null ? 1000 : weight(accepted, type);
      if (weight > most) {
        most = weight;
        best = type;
      }
    }
    var named = best == null ? null : answers.byType.get(best);
    if (named == null) {
      return null;
    }
    return example.isEmpty() ? named.values().iterator().next() : named.get(example);
  }

  /// In thousandths; of several ranges the most specific counts (RFC 9110 section 12.5.1).
  private static int weight(String accepted, String type) {
    var bare = type.toLowerCase(Locale.ROOT).replaceAll("\\s*;.*", "");
    var family = bare.substring(0, Math.max(0, bare.indexOf('/'))) + "/*";
    int weight = 0;
    int known = -1;
    for (var part : accepted.toLowerCase(Locale.ROOT).split(",")) {
      var range = part.split(";");
      var name = range[0].strip();
      int specific = name.equals(bare) ? 2 : name.equals(family) ? 1 : name.equals("*/*") ? 0 : -1;
      if (specific > known) {
        known = specific;
        weight = quality(range);
      }
    }
    return weight;
  }

  private static int quality(String[] range) {
    for (int i = 1; i < range.length; i++) {
      var parameter = range[i].replaceAll("\\s", "");
      if (parameter.matches("q=(0(\\.[0-9]{0,3})?|1(\\.0{0,3})?)")) {
        return (int) Math.round(Double.parseDouble(parameter.substring(2)) * 1000);
      }
    }
    return 1000;
  }
}
