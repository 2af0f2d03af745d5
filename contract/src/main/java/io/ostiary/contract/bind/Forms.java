package io.ostiary.contract.bind;

import io.ostiary.model.Cidr;
import io.ostiary.model.setting.About;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The values that have a written form of their own.
final class Forms {
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,12})(ms|s|m|h|d)");
  private static final Pattern BYTES =
      Pattern.compile("([0-9]{1,15}(?:\\.[0-9]{1,6})?)(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)?");
  private static final Map<String, Long> UNITS =
      Map.of(
          "B", 1L,
          "kB", 1_000L,
          "KB", 1_000L,
          "MB", 1_000_000L,
          "GB", 1_000_000_000L,
          "TB", 1_000_000_000_000L,
          "KiB", 1L << 10,
          "MiB", 1L << 20,
          "GiB", 1L << 30,
          "TiB", 1L << 40);

  static final Shape.Form DURATIONS =
      new Shape.Form(
          "a duration such as 500ms, 30s, 5m, 1h or 1d",
          "^([0-9]{1,12}(ms|s|m|h|d))+$",
          false,
          false,
          Forms::duration);

  /// A file, which the binder places beside the document that names it.
  static final Shape.Form FILES =
      new Shape.Form("a path, relative to this file", "", false, false, Path::of);

  static final Shape.Form URLS =
      new Shape.Form(
          "a URL such as https://id.example.com/keys", "^https?://", false, false, Forms::url);

  private Forms() {}

  private static URI url(String text) {
    try {
      var url = new URI(text);
      if (url.getHost() != null) {
        return url;
      }
    } catch (URISyntaxException e) {
      // Said below.
    }
    throw new IllegalArgumentException("not a URL");
  }

  /// `1m30s`
  static Duration duration(String text) {
    var total = Duration.ZERO;
    var matcher = DURATION.matcher(text);
    int end = 0;
    while (matcher.find() && matcher.start() == end) {
      total = total.plus(part(Long.parseLong(matcher.group(1)), matcher.group(2)));
      end = matcher.end();
    }
    if (end == 0 || end != text.length() || total.compareTo(Duration.ofDays(36_500)) > 0) {
      throw new IllegalArgumentException("not a duration");
    }
    return total;
  }

  private static Duration part(long count, String unit) {
    return switch (unit) {
      case "ms" -> Duration.ofMillis(count);
      case "s" -> Duration.ofSeconds(count);
      case "m" -> Duration.ofSeconds(Math.multiplyExact(count, 60));
      case "h" -> Duration.ofSeconds(Math.multiplyExact(count, 3_600));
      default -> Duration.ofSeconds(Math.multiplyExact(count, 86_400));
    };
  }

  /// `64KiB`, `1.5MB`, `4096`
  static Shape.Form bytes(boolean small) {
    return new Shape.Form(
        "a size such as 64KiB, 10MB or a number of bytes" + (small ? ", below 2GiB" : ""),
        "^[0-9]{1,15}(\\.[0-9]{1,6})?(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)?$",
        true,
        false,
        text -> {
          long size = bytes(text);
          if (!small) {
            return size;
          }
          return Math.toIntExact(size);
        });
  }

  private static long bytes(String text) {
    var matcher = BYTES.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("not a size");
    }
    var unit = matcher.group(2) == null ? 1L : UNITS.getOrDefault(matcher.group(2), 1L);
    var number = matcher.group(1);
    // Mostly there is no fraction, and BigDecimal makes large tables when it is first used.
    return number.indexOf('.') < 0
        ? Math.multiplyExact(Long.parseLong(number), unit)
        : new BigDecimal(number).multiply(BigDecimal.valueOf(unit)).longValueExact();
  }

  /// The form of a type that reads itself by a public static `parse(String)` or `of(String)`, or
  /// null.
  static Shape.@Nullable Form ofType(Class<?> type) {
    var method = reader(type);
    if (method == null) {
      return null;
    }
    if (type == Cidr.class) {
      return new Shape.Form(
          "an address or a block such as 203.0.113.0/24",
          "^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$",
          false,
          true,
          text -> invoke(method, text));
    }
    var about = type.getAnnotation(About.class);
    var expected = about == null ? "a text" : about.value();
    return new Shape.Form(expected, pattern(type), true, true, text -> invoke(method, text));
  }

  /// What editors hold texts against: the type's own `WRITTEN`, where it has one.
  private static String pattern(Class<?> type) {
    try {
      var field = type.getDeclaredField("WRITTEN");
      field.setAccessible(true);
      return String.valueOf(field.get(null));
    } catch (NoSuchFieldException e) {
      return "";
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(type + ".WRITTEN cannot be read", e);
    }
  }

  private static @Nullable Method reader(Class<?> type) {
    for (var method : type.getDeclaredMethods()) {
      var name = method.getName();
      if ((name.equals("parse") || name.equals("of"))
          && Modifier.isStatic(method.getModifiers())
          && method.getReturnType() == type
          && Arrays.equals(method.getParameterTypes(), new Class<?>[] {String.class})) {
        method.setAccessible(true);
        return method;
      }
    }
    return null;
  }

  private static Object invoke(Method method, String text) {
    try {
      return method.invoke(null, text);
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof IllegalArgumentException cause
          ? cause
          : new IllegalStateException(method + " failed", e.getCause());
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(method + " cannot be called", e);
    }
  }
}
