package io.ostiary.control.http;

import io.ostiary.model.AddressText;
import io.ostiary.model.Cidr;
import io.ostiary.model.setting.Secret;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Type;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;

/// JSON in and out, by Jackson 3.
public final class Json {
  /// Deeper JSON is refused; nobody needs it here.
  private static final int DEPTH_MAX = 32;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(DEPTH_MAX).build())
                  .build())
          .addModule(texts())
          .build();

  /// OpenAPI documents nest deeper.
  private static final JsonMapper DOCUMENTS = JsonMapper.builder().build();

  private static final JsonMapper SETTINGS =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE)
          .addModule(texts())
          .build();

  private Json() {}

  public static String write(Object value) {
    return MAPPER.writeValueAsString(value);
  }

  public static byte[] writeBytes(Object value) {
    return MAPPER.writeValueAsBytes(value);
  }

  /// @throws JacksonException when it is not JSON
  public static JsonNode readTree(byte[] text) {
    return MAPPER.readTree(text);
  }

  public static JsonNode readDocument(byte[] text) {
    return DOCUMENTS.readTree(text);
  }

  /// Policy settings under the names they have in `ostiary.yaml`.
  public static JsonNode settings(Record settings) {
    return SETTINGS.valueToTree(settings);
  }

  /// Javalin's own mapper would be Jackson 2. It only writes: bodies are read by [Fields].
  public static io.javalin.json.JsonMapper forJavalin() {
    return new io.javalin.json.JsonMapper() {
      @Override
      public String toJsonString(Object value, Type type) {
        return write(value);
      }

      @Override
      public InputStream toJsonStream(Object value, Type type) {
        return new java.io.ByteArrayInputStream(writeBytes(value));
      }

      @Override
      public void writeToOutputStream(Stream<?> stream, OutputStream out) {
        MAPPER.writeValue(out, stream.toList());
      }
    };
  }

  private static SimpleModule texts() {
    return new SimpleModule("ostiary")
        .addSerializer(Cidr.class, new Text<>(Cidr::toString))
        .addSerializer(Secret.class, new Text<>(Secret::toString))
        .addSerializer(InetAddress.class, new Text<>(AddressText::of))
        .addSerializer(Path.class, new Text<>(Path::toString))
        .addSerializer(Duration.class, new Text<>(Json::text));
  }

  /// As people write durations: `250ms`, `90s`, `5m`, `2h`, `7d`.
  static String text(Duration duration) {
    long millis = duration.toMillis();
    long[] units = {86_400_000, 3_600_000, 60_000, 1000};
    String[] names = {"d", "h", "m", "s"};
    for (int i = 0; i < units.length; i++) {
      if (millis >= units[i] && millis % units[i] == 0) {
        return String.format(Locale.ROOT, "%d%s", millis / units[i], names[i]);
      }
    }
    return millis + "ms";
  }

  private static final class Text<T> extends ValueSerializer<T> {
    private final java.util.function.Function<T, String> text;

    Text(java.util.function.Function<T, String> text) {
      this.text = text;
    }

    @Override
    public void serialize(T value, JsonGenerator out, SerializationContext context) {
      out.writeString(text.apply(value));
    }
  }
}
