package io.ostiary.gateway.testing;

import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Headers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// Header fields in a list. Refuses to change what frames a message, as the gateway does.
public final class FakeHeaders implements Headers {
  private static final Set<String> FRAMING =
      Set.of(
          "connection",
          "content-length",
          "host",
          "keep-alive",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  private final List<Line> lines = new ArrayList<>();

  private record Line(String name, String value) {
    boolean named(HeaderName other) {
      return name.equalsIgnoreCase(other.toString());
    }
  }

  /// As it came over the wire, framing fields included.
  public FakeHeaders sent(String name, String value) {
    lines.add(new Line(name, value));
    return this;
  }

  @Override
  public @Nullable String first(HeaderName name) {
    for (var line : lines) {
      if (line.named(name)) {
        return line.value;
      }
    }
    return null;
  }

  public @Nullable String first(String name) {
    return first(HeaderName.of(name));
  }

  @Override
  public List<String> all(HeaderName name) {
    return lines.stream().filter(line -> line.named(name)).map(Line::value).toList();
  }

  public List<String> all(String name) {
    return all(HeaderName.of(name));
  }

  @Override
  public boolean has(HeaderName name) {
    return first(name) != null;
  }

  @Override
  public void forEach(BiConsumer<String, String> action) {
    List.copyOf(lines).forEach(line -> action.accept(line.name, line.value));
  }

  @Override
  public void set(HeaderName name, String value) {
    changeable(name);
    remove(name);
    lines.add(new Line(name.toString(), value));
  }

  @Override
  public void add(HeaderName name, String value) {
    changeable(name);
    lines.add(new Line(name.toString(), value));
  }

  @Override
  public void remove(HeaderName name) {
    changeable(name);
    lines.removeIf(line -> line.named(name));
  }

  private static void changeable(HeaderName name) {
    if (FRAMING.contains(name.toString().toLowerCase(Locale.ROOT))) {
      throw new IllegalArgumentException(
          "header: " + name + " (expected: one that is not framing)");
    }
  }

  @Override
  public String toString() {
    return lines.toString();
  }
}
