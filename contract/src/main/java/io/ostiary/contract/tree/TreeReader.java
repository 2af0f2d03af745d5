package io.ostiary.contract.tree;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Reads files and texts into trees. What ends in `.json` must be JSON (RFC 8259); everything else
/// is YAML 1.2, which JSON is a part of.
public final class TreeReader {
  private static final int PIECE = 8192;

  private TreeReader() {}

  /// @param name what faults call the file
  public static Parsed read(Path file, String name, Limits limits) {
    try {
      return parse(bytes(file, limits), name, limits);
    } catch (IOException e) {
      return unreadable(name, e);
    }
  }

  /// One byte more than the limit of what is longer.
  private static byte[] bytes(Path file, Limits limits) throws IOException {
    try (var in = Files.newInputStream(file)) {
      int most = (int) Math.min(limits.bytesMax(), Integer.MAX_VALUE - 16);
      return in.readNBytes(most + 1);
    }
  }

  private static Parsed unreadable(String name, IOException e) {
    return broken(name, "cannot read the file: " + reason(e));
  }

  /// A tree that outlives its text: see [Source#lent].
  ///
  /// @param text to be kept for as long as faults may be found in the tree
  /// @param digest of the file, see [FileDigests]
  public record Lent(Parsed parsed, String text, String digest) {}

  /// @param name what faults call the file
  public static Lent lent(Path file, String name, Limits limits) {
    var held = held(file, name, limits);
    var broken = held.decoded.broken();
    if (broken != null) {
      return new Lent(broken, "", held.digest);
    }
    var text = unmarked(held.decoded.text());
    return new Lent(compose(Source.lent(name, text), limits), text, held.digest);
  }

  private record Held(Decoded decoded, String digest) {}

  /// By itself, so that the bytes are let go of before there is a tree.
  private static Held held(Path file, String name, Limits limits) {
    try {
      byte[] bytes = bytes(file, limits);
      return new Held(decode(bytes, name, limits), FileDigests.of(bytes));
    } catch (IOException e) {
      return new Held(new Decoded("", unreadable(name, e)), FileDigests.ABSENT);
    }
  }

  /// @param name what faults call the text; its ending decides between JSON and YAML
  public static Parsed parse(byte[] bytes, String name, Limits limits) {
    var decoded = decode(bytes, name, limits);
    return decoded.broken() == null ? parse(decoded.text(), name, limits) : decoded.broken();
  }

  /// @param broken why there is no text; null: there is one
  record Decoded(String text, @Nullable Parsed broken) {}

  static Decoded decode(byte[] bytes, String name, Limits limits) {
    if (bytes.length > limits.bytesMax()) {
      var size = "size: more than " + limits.bytesMax() + " bytes (expected: at most that)";
      return new Decoded("", broken(name, size));
    }
    if (ascii(bytes)) {
      return new Decoded(new String(bytes, StandardCharsets.ISO_8859_1), null);
    }
    int good = wellFormed(bytes);
    var text = new String(bytes, 0, good, StandardCharsets.UTF_8);
    if (good < bytes.length) {
      var at = new Source(name, text).position(text.length());
      var what = "encoding: byte 0x%02x (expected: UTF-8)".formatted(bytes[good] & 0xff);
      return new Decoded("", new Parsed.Broken(List.of(at.fault(what))));
    }
    return new Decoded(text, null);
  }

  /// How many bytes at the front are UTF-8 (RFC 3629). Piece by piece: a text may be a large part
  /// of what memory there is.
  private static int wellFormed(byte[] bytes) {
    var in = ByteBuffer.wrap(bytes);
    var piece = CharBuffer.allocate(PIECE);
    var decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    while (decoder.decode(in, piece, true).isOverflow()) {
      piece.clear();
    }
    return in.position();
  }

  /// Without a mark of its byte order.
  static String unmarked(String text) {
    return !text.isEmpty() && text.charAt(0) == '\ufeff' ? text.substring(1) : text;
  }

  static boolean json(String name) {
    return name.toLowerCase(Locale.ROOT).endsWith(".json");
  }

  private static boolean ascii(byte[] bytes) {
    for (byte one : bytes) {
      if (one < 0) {
        return false;
      }
    }
    return true;
  }

  /// @param name what faults call the text; its ending decides between JSON and YAML
  public static Parsed parse(String text, String name, Limits limits) {
    return compose(new Source(name, unmarked(text)), limits);
  }

  private static Parsed compose(Source source, Limits limits) {
    if (json(source.name())) {
      return new JsonComposer(source, limits).compose();
    }
    var simple = SimpleYaml.compose(source, limits);
    return simple != null
        ? new Parsed.Tree(simple, List.of())
        : new YamlComposer(source, limits).compose();
  }

  private static Parsed broken(String name, String message) {
    return new Parsed.Broken(List.of(new Source(name, "").start().fault(message)));
  }

  /// Why a file could not be read, for people.
  public static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> "it does not exist";
      case AccessDeniedException _ -> "permission denied";
      default -> String.valueOf(e.getMessage());
    };
  }
}
