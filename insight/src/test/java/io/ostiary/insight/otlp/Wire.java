package io.ostiary.insight.otlp;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;

/// A protobuf message, read without its schema.
final class Wire {
  private record Field(int number, long value, byte[] bytes) {}

  private final List<Field> fields = new ArrayList<>();

  Wire(byte[] in) {
    var at = new int[1];
    while (at[0] < in.length) {
      long key = varint(in, at);
      int number = (int) (key >>> 3);
      switch ((int) key & 7) {
        case 0 -> fields.add(new Field(number, varint(in, at), new byte[0]));
        case 1 -> fields.add(new Field(number, fixed(in, at, 8), new byte[0]));
        case 5 -> fields.add(new Field(number, fixed(in, at, 4), new byte[0]));
        case 2 -> {
          int length = (int) varint(in, at);
          var bytes = new ByteArrayOutputStream();
          bytes.write(in, at[0], length);
          at[0] += length;
          fields.add(new Field(number, 0, bytes.toByteArray()));
        }
        default -> throw new IllegalStateException("wire type " + (key & 7));
      }
    }
  }

  private static long varint(byte[] in, int[] at) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = in[at[0]++];
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }

  private static long fixed(byte[] in, int[] at, int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      value |= (in[at[0]++] & 0xffL) << (8 * i);
    }
    return value;
  }

  private Field field(int number) {
    return fields.stream()
        .filter(field -> field.number == number)
        .findFirst()
        .orElse(new Field(number, 0, new byte[0]));
  }

  long number(int field) {
    return field(field).value;
  }

  String text(int field) {
    return new String(field(field).bytes, StandardCharsets.UTF_8);
  }

  String hex(int field) {
    return HexFormat.of().formatHex(field(field).bytes);
  }

  Wire message(int field) {
    return new Wire(field(field).bytes);
  }

  List<Wire> messages(int number) {
    return fields.stream()
        .filter(field -> field.number == number)
        .map(field -> new Wire(field.bytes))
        .toList();
  }

  /// KeyValues by their keys: texts, numbers and truth values.
  TreeMap<String, String> attributes(int number) {
    var all = new TreeMap<String, String>();
    for (var pair : messages(number)) {
      var value = pair.message(2);
      all.put(
          pair.text(1),
          value.fields.isEmpty() || value.fields.getFirst().number == 1
              ? value.text(1)
              : Long.toString(value.fields.getFirst().value));
    }
    return all;
  }
}
