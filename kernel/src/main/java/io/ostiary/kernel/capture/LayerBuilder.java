package io.ostiary.kernel.capture;

import io.ostiary.model.AddressText;
import io.ostiary.model.capture.Layer;
import io.ostiary.model.capture.Layer.Field;
import io.ostiary.model.capture.Layer.Part;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One layer while it is being read. A field that the frame does not hold is left out, never
/// guessed. Confined to one thread.
final class LayerBuilder {
  private final byte[] frame;
  private final Part part;
  private final String protocol;
  private final int start;
  private final List<Field> fields = new ArrayList<>();

  LayerBuilder(byte[] frame, Part part, String protocol, int start) {
    this.frame = frame;
    this.part = part;
    this.protocol = protocol;
    this.start = start;
  }

  /// A name that begins with a dot stands behind the protocol's own.
  private String full(String name) {
    return name.startsWith(".") ? protocol + name : name;
  }

  private boolean has(int at, int size) {
    return at >= 0 && size >= 0 && at + size <= frame.length;
  }

  /// An unsigned number of up to 8 bytes in network order.
  long value(int at, int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      value = value << 8 | (frame[at + i] & 255);
    }
    return value;
  }

  LayerBuilder number(String name, String label, int at, int size) {
    if (has(at, size)) {
      field(name, label, Long.toUnsignedString(value(at, size)), at, size);
    }
    return this;
  }

  /// The same with what it stands for behind it.
  LayerBuilder named(String name, String label, int at, int size, String meaning) {
    if (has(at, size)) {
      var shown = Long.toUnsignedString(value(at, size));
      field(name, label, meaning.isEmpty() ? shown : shown + " (" + meaning + ")", at, size);
    }
    return this;
  }

  LayerBuilder hex(String name, String label, int at, int size) {
    return hex(name, label, at, size, "");
  }

  LayerBuilder hex(String name, String label, int at, int size, String meaning) {
    if (has(at, size)) {
      var shown = ("0x%0" + 2 * size + "x").formatted(value(at, size));
      field(name, label, meaning.isEmpty() ? shown : shown + " (" + meaning + ")", at, size);
    }
    return this;
  }

  /// Some bits of a number.
  LayerBuilder bits(String name, String label, int at, int size, int shift, long mask) {
    if (has(at, size)) {
      field(name, label, Long.toString(value(at, size) >>> shift & mask), at, size);
    }
    return this;
  }

  LayerBuilder hexBits(
      String name, String label, int at, int size, int shift, long mask, int digits) {
    if (has(at, size)) {
      long bits = value(at, size) >>> shift & mask;
      field(name, label, ("0x%0" + digits + "x").formatted(bits), at, size);
    }
    return this;
  }

  LayerBuilder mac(String name, String label, int at) {
    if (has(at, 6)) {
      var text = new StringBuilder();
      for (int i = 0; i < 6; i++) {
        text.append(i == 0 ? "" : ":").append("%02x".formatted(frame[at + i] & 255));
      }
      field(name, label, text.toString(), at, 6);
    }
    return this;
  }

  LayerBuilder address(String name, String label, int at, int size) {
    if (has(at, size)) {
      field(name, label, AddressText.of(Arrays.copyOfRange(frame, at, at + size)), at, size);
    }
    return this;
  }

  LayerBuilder text(String name, String label, int at, int size) {
    if (has(at, size)) {
      field(name, label, printable(at, size), at, size);
    }
    return this;
  }

  private String printable(int at, int size) {
    var text = new String(frame, at, Math.min(size, 200), StandardCharsets.ISO_8859_1);
    var clean = text.replaceAll("[^\\x20-\\x7e\\xa0-\\xff]", "·");
    return size > 200 ? clean + "…" : clean;
  }

  LayerBuilder bytes(String name, String label, int at, int size) {
    if (has(at, size) && size > 0) {
      var text = new StringBuilder();
      for (int i = 0; i < Math.min(size, 16); i++) {
        text.append("%02x".formatted(frame[at + i] & 255));
      }
      field(name, label, size > 16 ? text + "… (" + size + " bytes)" : text.toString(), at, size);
    }
    return this;
  }

  /// What is computed, or said in words.
  LayerBuilder field(String name, String label, String value, int at, int size) {
    fields.add(new Field(full(name), label, value, at, size));
    return this;
  }

  /// The value of a field that was read, for the title.
  @Nullable String shown(String name) {
    var wanted = full(name);
    for (var field : fields) {
      if (field.name().equals(wanted)) {
        return field.value();
      }
    }
    return null;
  }

  /// @param title with `%s` for the values of fields named behind it
  Layer end(int length, String title, String... names) {
    var values = new Object[names.length];
    for (int i = 0; i < names.length; i++) {
      var value = shown(names[i]);
      values[i] = value == null ? "?" : value;
    }
    int whole = Math.clamp(length, 0, Math.max(0, frame.length - start));
    return new Layer(part, protocol, title.formatted(values), start, whole, fields);
  }
}
