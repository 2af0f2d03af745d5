package io.ostiary.contract.openapi;

import io.ostiary.contract.schema.JsonText;
import io.ostiary.contract.schema.Mismatch;
import io.ostiary.contract.schema.SchemaCheck;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// One parameter of an operation. Immutable.
///
/// @param json whether its text is JSON (`content: application/json`)
/// @param emptyAllowed whether `?name=` is fine whatever the schema says
record Parameter(
    String name,
    In in,
    Style style,
    boolean explode,
    boolean required,
    boolean emptyAllowed,
    boolean json,
    Kind kind,
    SchemaCheck check) {
  enum In {
    PATH,
    QUERY,
    HEADER,
    COOKIE;

    String word() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  enum Style {
    FORM("form"),
    SIMPLE("simple"),
    LABEL("label"),
    MATRIX("matrix"),
    SPACE_DELIMITED("spaceDelimited"),
    PIPE_DELIMITED("pipeDelimited"),
    DEEP_OBJECT("deepObject");

    private final String word;

    Style(String word) {
      this.word = word;
    }

    String word() {
      return word;
    }

    /// The default comes first.
    static List<Style> allowed(In in) {
      return switch (in) {
        case PATH -> List.of(SIMPLE, LABEL, MATRIX);
        case QUERY -> List.of(FORM, SPACE_DELIMITED, PIPE_DELIMITED, DEEP_OBJECT);
        case HEADER -> List.of(SIMPLE);
        case COOKIE -> List.of(FORM);
      };
    }

    /// @return null where it is none, or none of those
    static @Nullable Style of(In in, String word) {
      for (var style : allowed(in)) {
        if (style.word.equals(word)) {
          return style;
        }
      }
      return null;
    }
  }

  /// What of a query this parameter takes.
  boolean takes(String queryName) {
    if (style == Style.DEEP_OBJECT) {
      return queryName.startsWith(name + "[") || (kind.list() && queryName.equals(name));
    }
    if (spread()) {
      return kind.members().containsKey(queryName) || (!kind.closed() && kind.members().isEmpty());
    }
    return queryName.equals(name);
  }

  /// An object whose members stand in the query by themselves.
  private boolean spread() {
    return !json && style == Style.FORM && explode && kind.object() && !kind.list();
  }

  void inPath(String raw, List<ContractFault> faults) {
    var text = raw;
    if (style == Style.LABEL || style == Style.MATRIX) {
      var start = style == Style.LABEL ? "." : ";";
      if (!raw.startsWith(start)) {
        faults.add(fault("", "does not start with '" + start + "'"));
        return;
      }
      text = raw.substring(1);
    }
    check(new StyledText(this).path(text), faults);
  }

  /// @param pairs those that [#takes] says are ours
  void inQuery(List<Encoded.Pair> pairs, List<ContractFault> faults) {
    if (pairs.isEmpty()) {
      missing(faults);
      return;
    }
    boolean alone = !spread() && style != Style.DEEP_OBJECT && !(kind.list() && explode);
    if (alone && pairs.size() > 1) {
      faults.add(fault("", "is given more than once"));
      return;
    }
    if (emptyAllowed && pairs.size() == 1 && pairs.getFirst().value().isEmpty()) {
      return;
    }
    check(value(pairs), faults);
  }

  /// @param pairs at least one, all of which are ours
  StyledText.Value value(List<Encoded.Pair> pairs) {
    return new StyledText(this).query(pairs, spread());
  }

  /// @param values of the header field, or of the cookies of this name
  void inHeader(List<String> values, List<ContractFault> faults) {
    if (values.isEmpty()) {
      missing(faults);
      return;
    }
    if (values.size() > 1 && !kind.list()) {
      faults.add(fault("", "is given more than once"));
      return;
    }
    check(new StyledText(this).header(String.join(",", values)), faults);
  }

  private void missing(List<ContractFault> faults) {
    if (required) {
      faults.add(fault("", "is missing"));
    }
  }

  private void check(StyledText.Value value, List<ContractFault> faults) {
    switch (value) {
      case StyledText.Value.Broken(String message) -> faults.add(fault("", message));
      case StyledText.Value.Known(JsonNode node) -> add(check.check(node), faults);
      case StyledText.Value.Plain(String text) -> {
        if (json) {
          var bytes = text.getBytes(StandardCharsets.UTF_8);
          switch (JsonText.read(bytes, 0, bytes.length)) {
            case JsonText.Read.Value(JsonNode node) -> add(check.check(node), faults);
            case JsonText.Read.Unreadable(Mismatch mismatch) -> add(List.of(mismatch), faults);
          }
        } else {
          add(check.check(kind.read(text)), faults);
        }
      }
    }
  }

  private void add(List<Mismatch> mismatches, List<ContractFault> faults) {
    for (var mismatch : mismatches) {
      faults.add(fault(mismatch.pointer(), mismatch.message()));
    }
  }

  private ContractFault fault(String below, String message) {
    return new ContractFault(in.word(), Mismatch.step(name) + below, message);
  }
}
