package io.ostiary.gateway.wire;

import io.ostiary.gateway.spi.FieldLines;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Headers;
import io.ostiary.model.Noted;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// The field lines of one message: the bytes as they came, an index of places in them, and at their
/// end the lines that filters added. Reused from message to message; confined to its event loop.
///
/// No object is made per field. What goes on is copied line by line, neighbours together, so a head
/// that nobody changed costs one copy.
public final class Fields implements Headers {
  private static final int STRIDE = 7;
  private static final int NAME_END = 1;
  private static final int VALUE = 2;
  private static final int VALUE_END = 3;
  private static final int LINE_END = 4;
  private static final int KIND = 5;
  private static final int HASH = 6;
  private static final int KEPT_BYTES_MAX = 64 * 1024;

  // Made when the first line comes: a call has four of these, and one that waits for its head or
  // its body needs only one. Ten thousand slow clients are many calls.
  private static final int FIRST_BYTES = 1024;
  private static final int FIRST_LINES = 20;
  private static final byte[] NO_BYTES = {};
  private static final int[] NO_LINES = {};

  private byte[] bytes = NO_BYTES;
  private int length;
  private int[] index = NO_LINES;
  private int count;

  /// What filters took out or put in another's place, whether or not it was there.
  private final ArrayList<HeaderName> withheld = new ArrayList<>(0);

  @Override
  public void clear() {
    if (bytes.length > KEPT_BYTES_MAX) {
      bytes = NO_BYTES;
    }
    length = 0;
    count = 0;
    withheld.clear();
  }

  /// Becomes what `other` is now.
  void copyFrom(Fields other) {
    bytes = Arrays.copyOf(other.bytes, other.length);
    index = Arrays.copyOf(other.index, other.count * STRIDE);
    length = other.length;
    count = other.count;
    withheld.clear();
    withheld.addAll(other.withheld);
  }

  public byte[] bytes() {
    return bytes;
  }

  int length() {
    return length;
  }

  void length(int length) {
    this.length = length;
  }

  void room(int more) {
    if (length + more > bytes.length) {
      int most = Math.max(Math.max(bytes.length * 2, FIRST_BYTES), length + more);
      bytes = Arrays.copyOf(bytes, most);
    }
  }

  public int count() {
    return count;
  }

  public int kind(int field) {
    return index[field * STRIDE + KIND];
  }

  int nameStart(int field) {
    return index[field * STRIDE];
  }

  int nameEnd(int field) {
    return index[field * STRIDE + NAME_END];
  }

  int hash(int field) {
    return index[field * STRIDE + HASH];
  }

  /// What a filter has taken out, in whatever spelling.
  List<HeaderName> withheld() {
    return withheld;
  }

  void removeLine(int field) {
    index[field * STRIDE + KIND] = FieldKind.REMOVED;
  }

  public int valueStart(int field) {
    return index[field * STRIDE + VALUE];
  }

  public int valueEnd(int field) {
    return index[field * STRIDE + VALUE_END];
  }

  /// The value is what stands in `[start, end)` of the bytes.
  void value(int field, int start, int end) {
    index[field * STRIDE + VALUE] = start;
    index[field * STRIDE + VALUE_END] = end;
  }

  public String value(int field) {
    return Bytes.text(bytes, valueStart(field), valueEnd(field));
  }

  /// Whether the value equals `lower` without regard to case.
  boolean valueIs(int field, byte[] lower) {
    return Bytes.equalsFolded(bytes, valueStart(field), valueEnd(field), lower);
  }

  /// Reads the line in `[start, end)`, CR LF excluded, and puts it into the index.
  @Nullable HeadFault line(int start, int end) {
    if (bytes[start] == ' ' || bytes[start] == '\t') {
      return HeadFault.FIELD_FOLDED;
    }
    boolean underscore = false;
    int hash = 0;
    int p = start;
    for (; p < end && bytes[p] != ':'; p++) {
      byte b = bytes[p];
      byte named = Bytes.NAME[b & 0xff];
      if (named == 0) {
        return HeadFault.FIELD_NAME;
      }
      hash = 31 * hash + named;
      underscore |= b == '_';
    }
    if (p == start || p == end) {
      return HeadFault.FIELD_NAME;
    }
    int value = p + 1;
    int valueEnd = end;
    if (!Bytes.fieldValue(bytes, value, end)) {
      return HeadFault.FIELD_VALUE;
    }
    while (value < valueEnd && blank(bytes[value])) {
      value++;
    }
    while (valueEnd > value && blank(bytes[valueEnd - 1])) {
      valueEnd--;
    }
    int kind = FieldKind.of(bytes, start, p, hash);
    if (underscore && kind != FieldKind.OTHER) {
      if (FieldKind.owned(kind)) {
        return HeadFault.FIELD_DISGUISED;
      }
      kind = FieldKind.REMOVED;
    }
    if (kind == FieldKind.IDENTITY) {
      kind = FieldKind.REMOVED;
    }
    put(start, p, value, valueEnd, end + 2, kind, hash);
    return null;
  }

  static boolean blank(byte b) {
    return b == ' ' || b == '\t';
  }

  private void put(
      int start, int nameEnd, int value, int valueEnd, int lineEnd, int kind, int hash) {
    int at = count * STRIDE;
    if (at + STRIDE > index.length) {
      index = Arrays.copyOf(index, Math.max(index.length * 2, STRIDE * FIRST_LINES));
    }
    index[at] = start;
    index[at + NAME_END] = nameEnd;
    index[at + VALUE] = value;
    index[at + VALUE_END] = valueEnd;
    index[at + LINE_END] = lineEnd;
    index[at + KIND] = kind;
    index[at + HASH] = hash;
    count++;
  }

  /// Takes the console's session out of a Cookie field. What is left moves to the line's front.
  void removeSession(int field) {
    int at = field * STRIDE;
    int end = SessionCookies.remove(bytes, index[at + VALUE], index[at + VALUE_END]);
    index[at + KIND] = end == index[at + VALUE] ? FieldKind.REMOVED : FieldKind.OTHER;
    if (end < index[at + VALUE_END]) {
      bytes[end] = '\r';
      bytes[end + 1] = '\n';
      index[at + VALUE_END] = end;
      index[at + LINE_END] = end + 2;
    }
  }

  /// Takes out the fields called as what stands in `[from, to)`. Those that frame the message, and
  /// Host, are ours and stay.
  void removeNamed(int from, int to) {
    for (int i = 0; i < count; i++) {
      int at = i * STRIDE;
      int kind = index[at + KIND];
      if ((kind >= FieldKind.HOST && kind <= FieldKind.CONNECTION)
          || kind == FieldKind.UPGRADE
          || kind == FieldKind.HTTP2_SETTINGS) {
        continue;
      }
      if (sameName(at, from, to)) {
        index[at + KIND] = FieldKind.REMOVED;
      }
    }
  }

  /// Whether the field at this place of the index is called as what stands in `[from, to)`.
  private boolean sameName(int at, int from, int to) {
    int start = index[at];
    if (index[at + NAME_END] - start != to - from) {
      return false;
    }
    for (int i = 0; i < to - from; i++) {
      if (Bytes.fold(bytes[start + i]) != Bytes.fold(bytes[from + i])) {
        return false;
      }
    }
    return true;
  }

  /// Writes every line whose kind is in the set `keep` (bit = kind), runs of neighbours at once.
  public void writeKinds(HeadText out, int keep) {
    int runStart = 0;
    int runEnd = 0;
    for (int at = 0, end = count * STRIDE; at < end; at += STRIDE) {
      if ((keep >>> index[at + KIND] & 1) == 0) {
        continue;
      }
      if (index[at] != runEnd) {
        out.put(bytes, runStart, runEnd - runStart);
        runStart = index[at];
      }
      runEnd = index[at + LINE_END];
    }
    out.put(bytes, runStart, runEnd - runStart);
  }

  /// An upper bound of what [#writeKinds] writes.
  public int bytesMax() {
    return length;
  }

  /// The first field of this kind, or -1.
  public int find(int kind) {
    for (int i = 0; i < count; i++) {
      if (index[i * STRIDE + KIND] == kind) {
        return i;
      }
    }
    return -1;
  }

  /// Appends characters of ISO-8859-1, for which there is room.
  Fields append(CharSequence text) {
    for (int i = 0; i < text.length(); i++) {
      bytes[length++] = (byte) text.charAt(i);
    }
    return this;
  }

  /// The one field of this kind; -1: there is none, or more than one.
  int findOnly(int kind) {
    int only = find(kind);
    for (int i = only + 1; only >= 0 && i < count; i++) {
      if (index[i * STRIDE + KIND] == kind) {
        return -1;
      }
    }
    return only;
  }

  private int find(HeaderName name, int from) {
    var lower = name.lower();
    int hash = name.hash();
    for (int i = from; i < count; i++) {
      int at = i * STRIDE;
      if (index[at + HASH] == hash
          && index[at + KIND] != FieldKind.REMOVED
          && Bytes.isToken(bytes, index[at], index[at + NAME_END], lower)) {
        return i;
      }
    }
    return -1;
  }

  /// Adds the first value of a field to what is noted, or nothing where there is none.
  public void note(HeaderName name, Noted into) {
    int field = find(name, 0);
    if (field < 0) {
      into.add(bytes, 0, 0);
    } else {
      into.add(bytes, valueStart(field), valueEnd(field));
    }
  }

  @Override
  public @Nullable String first(HeaderName name) {
    int field = find(name, 0);
    return field < 0 ? null : value(field);
  }

  @Override
  public int copyFirst(HeaderName name, byte[] into) {
    int field = find(name, 0);
    if (field < 0) {
      return -1;
    }
    int start = valueStart(field);
    int size = valueEnd(field) - start;
    System.arraycopy(bytes, start, into, 0, size <= into.length ? size : 0);
    return size;
  }

  @Override
  public List<String> all(HeaderName name) {
    int field = find(name, 0);
    if (field < 0) {
      return List.of();
    }
    var values = new ArrayList<String>(2);
    while (field >= 0) {
      values.add(value(field));
      field = find(name, field + 1);
    }
    return values;
  }

  @Override
  public boolean has(HeaderName name) {
    return find(name, 0) >= 0;
  }

  @Override
  public boolean repeated(HeaderName name) {
    int first = find(name, 0);
    return first >= 0 && find(name, first + 1) >= 0;
  }

  @Override
  public void forEach(BiConsumer<String, String> action) {
    for (int i = 0; i < count; i++) {
      int at = i * STRIDE;
      if (index[at + KIND] != FieldKind.REMOVED) {
        action.accept(Bytes.text(bytes, index[at], index[at + NAME_END]), value(i));
      }
    }
  }

  @Override
  public int size() {
    int sum = 0;
    for (int at = 0, end = count * STRIDE; at < end; at += STRIDE) {
      sum += index[at + KIND] == FieldKind.REMOVED ? 0 : index[at + LINE_END] - index[at];
    }
    return sum;
  }

  @Override
  public void set(HeaderName name, String value) {
    remove(name);
    add(name, value);
  }

  @Override
  public void set(FieldLines lines) {
    append(lines, true);
  }

  @Override
  public void add(FieldLines lines) {
    append(lines, false);
  }

  private void append(FieldLines lines, boolean alone) {
    var text = lines.text();
    room(text.length);
    int base = length;
    System.arraycopy(text, 0, bytes, base, text.length);
    length = base + text.length;
    for (int i = 0; i < lines.count(); i++) {
      int start = base + lines.start(i);
      int nameEnd = base + lines.nameEnd(i);
      int end = base + lines.end(i);
      int hash = lines.hash(i);
      int kind = kindSet(start, nameEnd, hash);
      if (alone) {
        removeOthers(start, nameEnd, hash);
      }
      put(start, nameEnd, nameEnd + 2, end - 2, end, kind, hash);
    }
  }

  private void removeOthers(int start, int nameEnd, int hash) {
    for (int at = 0, stop = count * STRIDE; at < stop; at += STRIDE) {
      if (index[at + HASH] == hash && sameName(at, start, nameEnd)) {
        index[at + KIND] = FieldKind.REMOVED;
      }
    }
  }

  /// What a field that a filter sets is to the gateway; its name stands in `[start, end)`.
  private int kindSet(int start, int end, int hash) {
    int kind = FieldKind.of(bytes, start, end, hash);
    if (FieldKind.owned(kind)) {
      throw new IllegalArgumentException(
          Bytes.text(bytes, start, end)
              + ": set by a filter (expected: a field that does not belong to the gateway)");
    }
    return kind == FieldKind.IDENTITY || kind == FieldKind.COOKIE ? FieldKind.OTHER : kind;
  }

  @Override
  public void add(HeaderName name, String value) {
    byte[] spelled = name.bytes();
    int size = value.length();
    room(spelled.length + size + 4);
    int start = length;
    byte[] to = bytes;
    System.arraycopy(spelled, 0, to, start, spelled.length);
    int nameEnd = start + spelled.length;
    int kind = kindSet(start, nameEnd, name.hash());
    to[nameEnd] = ':';
    to[nameEnd + 1] = ' ';
    int valueStart = nameEnd + 2;
    for (int i = 0; i < size; i++) {
      char c = value.charAt(i);
      if (c > 0xff || !Bytes.VALUE[c]) {
        throw new IllegalArgumentException(
            name + ": a character U+%04X (expected: printable ISO-8859-1)".formatted((int) c));
      }
      to[valueStart + i] = (byte) c;
    }
    int valueEnd = valueStart + size;
    to[valueEnd] = '\r';
    to[valueEnd + 1] = '\n';
    length = valueEnd + 2;
    put(start, nameEnd, valueStart, valueEnd, length, kind, name.hash());
  }

  @Override
  public void removeSpellings(HeaderName name) {
    withheld.add(name);
    var lower = name.lower();
    for (int at = 0, end = count * STRIDE; at < end; at += STRIDE) {
      int kind = index[at + KIND];
      if (kind != FieldKind.REMOVED
          && !FieldKind.owned(kind)
          && Bytes.isSpelled(bytes, index[at], index[at + NAME_END], lower)) {
        index[at + KIND] = FieldKind.REMOVED;
      }
    }
  }

  @Override
  public void remove(HeaderName name) {
    withheld.add(name);
    for (int field = find(name, 0); field >= 0; field = find(name, field + 1)) {
      if (FieldKind.owned(kind(field))) {
        throw new IllegalArgumentException(
            name + ": removed by a filter (expected: a field that is not the gateway's own)");
      }
      index[field * STRIDE + KIND] = FieldKind.REMOVED;
    }
  }
}
