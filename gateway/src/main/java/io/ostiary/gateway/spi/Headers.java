package io.ostiary.gateway.spi;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// The header fields of a message. Fields that frame the message or belong to one hop
/// (Content-Length, Transfer-Encoding, Connection and what it names, ...) can be read but not
/// changed: the gateway owns them.
public interface Headers {
  /// The first value, or null. Where a decision depends on a field, use [#all], since an upstream
  /// may read another one of several.
  @Nullable String first(HeaderName name);

  /// Copies the first value to the front of `into`, for who needs it on every call and makes no
  /// text of it. Returns its length, -1 where there is none; a value that is longer than `into` is
  /// not copied.
  default int copyFirst(HeaderName name, byte[] into) {
    var value = first(name);
    if (value == null) {
      return -1;
    }
    var bytes = value.getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(bytes, 0, into, 0, bytes.length <= into.length ? bytes.length : 0);
    return bytes.length;
  }

  List<String> all(HeaderName name);

  boolean has(HeaderName name);

  /// Whether the field stands more than once. Asked on every call where a credential must be
  /// single, so an implementation should answer without making a list.
  default boolean repeated(HeaderName name) {
    return all(name).size() > 1;
  }

  /// In the order of the wire.
  void forEach(BiConsumer<String, String> action);

  /// How many bytes the fields take as lines of HTTP/1.1, with their line ends.
  default int size() {
    var sum = new int[1];
    forEach((name, value) -> sum[0] += name.length() + value.length() + 4);
    return sum[0];
  }

  /// Replaces all values of this name by one.
  void set(HeaderName name, String value);

  /// As [#set(HeaderName, String)] for each of them, with next to no work.
  default void set(FieldLines lines) {
    for (int i = 0; i < lines.count(); i++) {
      var field = lines.field(i);
      set(field.name(), field.value());
    }
  }

  void add(HeaderName name, String value);

  /// As [#add(HeaderName, String)] for each of them, with next to no work.
  default void add(FieldLines lines) {
    for (int i = 0; i < lines.count(); i++) {
      var field = lines.field(i);
      add(field.name(), field.value());
    }
  }

  void remove(HeaderName name);

  /// Takes all of them out.
  default void clear() {
    var names = new ArrayList<HeaderName>();
    forEach((name, _) -> names.add(HeaderName.of(name)));
    names.forEach(this::remove);
  }

  /// Removes the field in every spelling that an upstream may take for `name`: many (CGI, WSGI,
  /// PHP) do not tell `-` from `_` or from other marks.
  default void removeSpellings(HeaderName name) {
    var found = new ArrayList<HeaderName>();
    forEach((spelled, _) -> {
      if (name.spelled(spelled)) {
        found.add(HeaderName.of(spelled));
      }
    });
    found.forEach(this::remove);
  }
}
