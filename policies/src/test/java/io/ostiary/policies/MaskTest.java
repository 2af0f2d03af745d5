package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.BodyOut;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Ending;
import io.ostiary.model.PolicyUse;
import io.ostiary.policies.masking.Masked;
import io.ostiary.policies.masking.MaskedForm;
import io.ostiary.policies.masking.MaskedJson;
import io.ostiary.policies.masking.Secrets;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

class MaskTest {
  private static final JsonMapper JSON = new JsonMapper();

  private static final class Text implements BodyOut {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Override
    public void write(ByteBuffer from) {
      while (from.hasRemaining()) {
        bytes.write(from.get());
      }
    }

    @Override
    public void write(byte[] from, int start, int length) {
      bytes.write(from, start, length);
    }

    @Override
    public int length() {
      return bytes.size();
    }
  }

  /// What comes out where the text comes in pieces; null: it cannot be read.
  private static String mask(Masked masked, String text, int pieceMax, Random random) {
    var bytes = text.getBytes(StandardCharsets.UTF_8);
    var out = new Text();
    int at = 0;
    while (at < bytes.length) {
      int length = Math.min(bytes.length - at, 1 + random.nextInt(pieceMax));
      var piece = ByteBuffer.wrap(bytes, at, length).asReadOnlyBuffer();
      at += length;
      if (!masked.mask(piece, at == bytes.length, out)) {
        return null;
      }
    }
    return out.bytes.toString(StandardCharsets.UTF_8);
  }

  private static MaskedJson json(String... fields) {
    return new MaskedJson(
        Secrets.of("mask.fields", List.of(fields)), "\"#\"".getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "password | {\"password\":\"x\",\"a\":1} | {\"password\":\"#\",\"a\":1}",
        "password | {\"a\":[{\"password\":123}]} | {\"a\":[{\"password\":\"#\"}]}",
        "p | {\"p\":{\"q\":[1,\"}\"]},\"b\":2} | {\"p\":\"#\",\"b\":2}",
        "p | { \"p\" : null , \"q\" : true } | { \"p\" : \"#\" , \"q\" : true }",
        "p | {\"\\u0070\":1} | {\"\\u0070\":\"#\"}",
        "p | {\"p\":\"a\\\"b\"} | {\"p\":\"#\"}",
        "p | {\"x\":\"p\",\"y\":\"\\\"p\\\":1\"} | {\"x\":\"p\",\"y\":\"\\\"p\\\":1\"}",
        "/cards/*/number | {\"cards\":[{\"number\":1},{\"number\":2}],\"number\":3}"
            + " | {\"cards\":[{\"number\":\"#\"},{\"number\":\"#\"}],\"number\":3}",
        "/0/a | [{\"a\":1},{\"a\":1}] | [{\"a\":\"#\"},{\"a\":1}]",
        "/a~1b | {\"a/b\":1,\"a\":{\"b\":1}} | {\"a/b\":\"#\",\"a\":{\"b\":1}}",
        "/a | {\"b\":{\"a\":1},\"a\":[]} | {\"b\":{\"a\":1},\"a\":\"#\"}",
        "p | {\"p\":1}{\"p\":2} | {\"p\":\"#\"}{\"p\":\"#\"}",
        "ä | {\"ä\":1} | {\"ä\":\"#\"}",
        "p | 12 | 12",
        "p | {} | {}"
      })
  void putsSomethingElseInPlaceOfSecrets(String field, String text, String expected) {
    for (int pieceMax = 1; pieceMax < 10; pieceMax++) {
      assertThat(mask(json(field), text, pieceMax, new Random(pieceMax))).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "{\"a\":1",
        "]",
        "{]",
        "{\"a\" 1}",
        "\"abc",
        "{\"a\":1}}",
        "{a:1}",
        "{\"a\":1,]"
      })
  void whatIsNoJsonCannotBeRead(String text) {
    assertThat(mask(json("p"), text, 3, new Random(1))).isNull();
  }

  @Test
  void agreesWithAReaderOfTheWhole() {
    var random = new Random(42);
    for (int i = 0; i < 2_000; i++) {
      var tree = value(random, 0);
      var text = JSON.writeValueAsString(tree);
      var masked = mask(json("a", "/b/*/c", "/0/d"), text, 1 + random.nextInt(20), random);
      assertThat(masked).isNotNull();
      assertThat(JSON.readTree(masked)).as(text).isEqualTo(masked(tree, ""));
    }
  }

  private static JsonNode value(Random random, int depth) {
    int kind = random.nextInt(depth > 3 ? 3 : 6);
    return switch (kind) {
      case 0 -> JSON.valueToTree(random.nextInt());
      case 1 -> JSON.valueToTree("q\"\\{}[]:,a\u00e4\n".substring(random.nextInt(8)));
      case 2 -> JSON.valueToTree(random.nextBoolean());
      case 3 -> {
        var array = JSON.createArrayNode();
        for (int i = random.nextInt(4); i > 0; i--) {
          array.add(value(random, depth + 1));
        }
        yield array;
      }
      default -> {
        var object = JSON.createObjectNode();
        for (int i = random.nextInt(5); i > 0; i--) {
          object.set(
              "abcd\"".substring(random.nextInt(5)).substring(0, 1), value(random, depth + 1));
        }
        yield object;
      }
    };
  }

  private static JsonNode masked(JsonNode node, String at) {
    if (node instanceof ArrayNode array) {
      var copy = JSON.createArrayNode();
      for (int i = 0; i < array.size(); i++) {
        var place = at + "/" + i;
        copy.add(secret(place, "") ? JSON.valueToTree("#") : masked(array.get(i), place));
      }
      return copy;
    }
    if (node instanceof ObjectNode object) {
      var copy = JSON.createObjectNode();
      object
          .properties()
          .forEach(member -> {
            var place = at + "/" + member.getKey();
            copy.set(
                member.getKey(),
                secret(place, member.getKey())
                    ? JSON.valueToTree("#")
                    : masked(member.getValue(), place));
          });
      return copy;
    }
    return node;
  }

  private static boolean secret(String place, String name) {
    return name.equals("a") || place.matches("/b/[^/]+/c") || place.equals("/0/d");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "token=abc&x=1 | token=#&x=1",
        "x=token&token= | x=token&token=#",
        "%74oken=a%26b&tokens=1 | %74oken=#&tokens=1",
        "token | token",
        "a=b&token=1&token=2 | a=b&token=#&token=#"
      })
  void masksForms(String text, String expected) {
    for (int pieceMax = 1; pieceMax < 6; pieceMax++) {
      var masked = new MaskedForm(Set.of("token"), new byte[] {'#'});
      assertThat(mask(masked, text, pieceMax, new Random(pieceMax))).isEqualTo(expected);
    }
    assertThat(MaskedForm.query(text, Set.of("token"), "#")).isEqualTo(expected);
  }

  private static Mask.Settings settings(boolean requests, boolean responses) {
    return new Mask.Settings(List.of("password"), List.of("token"), requests, responses, "***");
  }

  @Test
  void theLedgerDoesNotKeepSecretParameters() {
    var site = FakeSite.anywhere();
    var filter =
        new Mask()
            .compile(new Mask.Settings(List.of(), List.of("token"), false, false, "***"), site);
    assertThat(filter.moments()).containsExactly(Moment.END);
    var exchange = site.exchange("GET", "/orders?token=secret&a=1");
    filter.end(exchange, new Ending.Answered(200));
    assertThat(exchange.query()).isEqualTo("token=***&a=1");
  }

  @Test
  void bodiesPassWithoutSecretsBothWays() {
    try (var upstream =
            FakeUpstream.of(talk -> {
              var body =
                  "{\"got\":%s,\"password\":\"out\",\"coding\":\"%s\"}"
                      .formatted(
                          new String(talk.body(), StandardCharsets.UTF_8),
                          talk.field("Accept-Encoding"));
              talk.send(
                  "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
                      + "Content-Length: "
                      + body.length()
                      + "\r\n\r\n"
                      + body);
              return true;
            });
        var kit =
            new PolicyKit(
                upstream, List.of(new Mask()), new PolicyUse("mask", settings(true, true)))) {
      var answer =
          kit.curl(
              "-H",
              "Content-Type: application/json",
              "-H",
              "Accept-Encoding: gzip",
              "-d",
              "{\"password\":\"in\",\"a\":1}",
              "/");
      assertThat(answer)
          .isEqualTo(
              "{\"got\":{\"password\":\"***\",\"a\":1},\"password\":\"***\",\"coding\":\"\"}");
      assertThat(
              kit.curl("-i", "-H", "Content-Type: application/json", "-d", "{\"password\":", "/"))
          .startsWith("HTTP/1.1 400")
          .contains(":mask-unreadable\"");
      assertThat(kit.curl("-i", "-H", "Content-Encoding: gzip", "-d", "x", "/"))
          .startsWith("HTTP/1.1 415");
    }
  }

  @Test
  void anAnswerThatCannotBeReadIsNotPassedOn() {
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send(
                  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
                      + "Content-Length: 6\r\n\r\nsecret");
              return true;
            });
        var kit =
            new PolicyKit(
                upstream, List.of(new Mask()), new PolicyUse("mask", settings(false, true)))) {
      assertThat(kit.curl("-i", "/")).startsWith("HTTP/1.1 502").doesNotContain("secret");
    }
  }

  @Test
  void refusesSettingsThatCannotWork() {
    assertThatThrownBy(() -> new Mask.Settings(List.of(), List.of(), false, false, "*"))
        .hasMessageStartingWith("mask");
    assertThatThrownBy(() -> new Mask.Settings(List.of("a"), List.of(), false, false, "*"))
        .hasMessageStartingWith("mask.requests: false");
    assertThatThrownBy(() -> new Mask.Settings(List.of("a/b"), List.of(), true, false, "*"))
        .hasMessageStartingWith("mask.fields: 'a/b'");
    assertThatThrownBy(() -> new Mask.Settings(List.of("a"), List.of(), true, false, "\""))
        .hasMessageStartingWith("mask.with");
  }
}
