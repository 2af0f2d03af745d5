package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Message;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Answers by itself, without an upstream: a text that never changes, such as `robots.txt`, a
/// health page, or a sentence for a time of maintenance.
public final class Respond implements Policy<Respond.Settings> {
  /// Of the body. What is larger belongs on a file server.
  static final int BODY_BYTES_MAX = 64 * 1024;

  private static final HeaderName CONTENT_TYPE = HeaderName.of("Content-Type");
  private static final Map<String, String> TYPES =
      Map.of(
          "css", "text/css; charset=utf-8",
          "html", "text/html; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "json", "application/json",
          "svg", "image/svg+xml",
          "xml", "application/xml",
          "yaml", "application/yaml");

  /// @param status 200-599
  /// @param headers beside Content-Type, which is guessed where it is not among them
  /// @param body sent as UTF-8
  /// @param file in place of `body`: text in UTF-8, read when the configuration is
  /// @param when calls that are answered
  public record Settings(
      @About("200-599.") @Default("200") int status,
      @About("Fields of the answer, such as Cache-Control: max-age=60.")
          Map<String, String> headers,
      @About("The text of the answer.") @Nullable String body,
      @About(
              "A file with the text in UTF-8, at most 64 KiB, relative to this file; read when the"
                  + " configuration is.")
          @Nullable Path file,
      @About("Calls that are answered so; not given: all.") When when) {
    public Settings {
      headers = Collections.unmodifiableMap(new LinkedHashMap<>(headers));
      if (status < 200 || status > 599) {
        throw new IllegalArgumentException("respond.status: " + status + " (expected: 200-599)");
      }
      if (body != null && file != null) {
        throw new IllegalArgumentException("respond.file: beside body (expected: one)");
      }
      boolean bodiless = status == 204 || status == 205 || status == 304;
      if (bodiless && (file != null || (body != null && !body.isEmpty()))) {
        throw new IllegalArgumentException(
            "respond.status: " + status + " with a body (expected: a status that has one)");
      }
      if (body != null) {
        tooLong("respond.body", body.getBytes(StandardCharsets.UTF_8).length);
      }
    }

    private static void tooLong(String setting, long bytes) {
      if (bytes > BODY_BYTES_MAX) {
        throw new IllegalArgumentException(
            setting + ": " + bytes + " bytes (expected: at most " + BODY_BYTES_MAX + ")");
      }
    }

    private String text() {
      if (file == null) {
        return body == null ? "" : body;
      }
      try {
        tooLong("respond.file", Files.size(file));
        return StandardCharsets.UTF_8
            .newDecoder()
            .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
            .toString();
      } catch (CharacterCodingException e) {
        throw new IllegalArgumentException(
            "respond.file: " + file + " (expected: text in UTF-8)", e);
      } catch (IOException e) {
        throw new IllegalArgumentException(
            "respond.file: " + file + " (expected: a file that can be read): " + e.getMessage(), e);
      }
    }

    private String type() {
      var name = file == null ? "" : String.valueOf(file.getFileName());
      var end = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
      return TYPES.getOrDefault(end, "text/plain; charset=utf-8");
    }
  }

  @Override
  public String name() {
    return "respond";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public boolean answers(Settings settings) {
    return true;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    var fields = new ArrayList<Field>();
    settings.headers.forEach((name, value) -> {
      var header = HeaderRules.changeable("respond.headers", name);
      try {
        fields.add(new Field(header, value.strip()));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("respond.headers." + e.getMessage(), e);
      }
    });
    var body = settings.text();
    boolean typed = fields.stream().anyMatch(field -> field.name().equals(CONTENT_TYPE));
    if (!body.isEmpty() && !typed) {
      fields.add(new Field(CONTENT_TYPE, settings.type()));
    }
    var answer = new Verdict.Answer(new Message(settings.status, fields, body));
    return new Answering(answer, settings.when.compile());
  }

  private record Answering(Verdict answer, Predicate<Exchange> when) implements Filter {
    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST);
    }

    @Override
    public Verdict request(Exchange exchange) {
      return when.test(exchange) ? answer : Verdict.CONTINUE;
    }
  }
}
