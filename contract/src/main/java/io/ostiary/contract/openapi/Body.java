package io.ostiary.contract.openapi;

import io.ostiary.contract.schema.Mismatch;
import io.ostiary.contract.schema.SchemaCheck;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;

/// What an operation says of a body, a request's or a response's. Immutable.
public final class Body {
  private final boolean required;
  private final List<Media> medias;

  /// One entry of `content`.
  ///
  /// @param range such as `application/json`, `text/*` or `*/*`, in lower case
  /// @param members of a form that are encoded otherwise than usual
  /// @param check null: the content is not looked at
  public record Media(
      String range, Form form, Kind kind, List<Parameter> members, @Nullable SchemaCheck check) {
    boolean covers(String type) {
      if (range.equals(type) || range.equals("*/*") || range.equals("*")) {
        return true;
      }
      return range.endsWith("/*") && type.startsWith(range.substring(0, range.length() - 1));
    }

    private int precision() {
      return range.startsWith("*") ? 0 : range.endsWith("*") ? 1 : 2;
    }
  }

  /// How content is read.
  enum Form {
    JSON,
    FIELDS,
    TEXT,
    /// Multipart, XML and everything else: passed on as it is.
    OPAQUE;

    static Form of(String range) {
      if (range.equals("application/json") || range.endsWith("+json")) {
        return JSON;
      }
      if (range.equals("application/x-www-form-urlencoded")) {
        return FIELDS;
      }
      return range.equals("text/plain") ? TEXT : OPAQUE;
    }
  }

  Body(boolean required, List<Media> medias) {
    this.required = required;
    this.medias =
        medias.stream().sorted((a, b) -> Integer.compare(b.precision(), a.precision())).toList();
  }

  public boolean required() {
    return required;
  }

  /// The entry for a body of this type, or null: the operation takes no such body.
  ///
  /// @param contentType the value of Content-Type, or null where there is none
  public @Nullable Media media(@Nullable String contentType) {
    var type = type(contentType);
    for (var media : medias) {
      if (type != null && media.covers(type)) {
        // A range says nothing about how to read what it covers.
        return media.form == Form.OPAQUE && media.precision() < 2
            ? new Media(media.range, Form.of(type), media.kind, media.members, media.check)
            : media;
      }
    }
    return null;
  }

  private static @Nullable String type(@Nullable String contentType) {
    if (contentType == null) {
      return null;
    }
    int end = contentType.indexOf(';');
    var type = end < 0 ? contentType : contentType.substring(0, end);
    return type.strip().toLowerCase(Locale.ROOT);
  }

  /// Whether content of some type is looked into, rather than passed on as it is.
  boolean isLookedInto() {
    return medias.stream().anyMatch(media -> media.check != null);
  }

  /// What may be sent, for messages.
  public String expected() {
    return String.join(", ", medias.stream().map(Media::range).toList());
  }

  /// What is wrong with a body.
  public List<ContractFault> check(Media media, ByteBuffer body) {
    if (!body.hasRemaining()) {
      return required ? List.of(new ContractFault("body", "", "is missing")) : List.of();
    }
    var check = media.check;
    if (check == null) {
      return List.of();
    }
    return switch (media.form) {
      case OPAQUE -> List.of();
      case JSON -> faults(check.check(body));
      case TEXT -> {
        var text = utf8(body);
        yield text == null
            ? List.of(new ContractFault("body", "", "is not UTF-8"))
            : faults(check.check(JsonNodeFactory.instance.stringNode(text)));
      }
      case FIELDS -> {
        var text = utf8(body);
        yield text == null
            ? List.of(new ContractFault("body", "", "is not UTF-8"))
            : new FormText(media.kind, media.members).check(text, check);
      }
    };
  }

  /// Where it describes a query as a whole: a form, or JSON that is percent-encoded.
  void checkQuery(String query, List<ContractFault> into) {
    var media = medias.getFirst();
    var text = media.form == Form.FIELDS ? query : Encoded.decode(query, false);
    if (text == null) {
      into.add(new ContractFault("query", "", StyledText.UNDECODABLE));
      return;
    }
    for (var fault : check(media, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)))) {
      into.add(new ContractFault("query", fault.pointer(), fault.message()));
    }
  }

  private static @Nullable String utf8(ByteBuffer body) {
    try {
      CharBuffer chars = StandardCharsets.UTF_8.newDecoder().decode(body.duplicate());
      return chars.toString();
    } catch (CharacterCodingException e) {
      return null;
    }
  }

  static List<ContractFault> faults(List<Mismatch> mismatches) {
    var faults = new ArrayList<ContractFault>(mismatches.size());
    for (var mismatch : mismatches) {
      faults.add(new ContractFault("body", mismatch.pointer(), mismatch.message()));
    }
    return faults;
  }
}
