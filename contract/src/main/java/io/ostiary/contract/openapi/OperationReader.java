package io.ostiary.contract.openapi;

import io.ostiary.contract.openapi.DocumentFiles.Place;
import io.ostiary.contract.tree.Mapping;
import io.ostiary.contract.tree.Node;
import io.ostiary.model.FieldName;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Reads operations: what their parameters and bodies must be. Schemas are gathered while reading
/// and compiled when an operation is first asked for. Confined to the thread that reads.
final class OperationReader {
  /// Fields that OpenAPI says elsewhere ("Parameter Object": such definitions shall be ignored).
  private static final Set<String> ELSEWHERE = Set.of("accept", "content-type", "authorization");

  private final DocumentFiles files;
  private final Schemas schemas;
  private final ResponseReader responses;
  private final Set<String> keyNames;

  private record ParameterDraft(
      String name,
      Parameter.In in,
      Parameter.Style style,
      boolean explode,
      boolean required,
      boolean emptyAllowed,
      boolean json,
      String schema) {
    Parameter compile(Schemas schemas) {
      var check = schemas.check(schema);
      return new Parameter(
          name, in, style, explode, required, emptyAllowed, json, schemas.kind(schema), check);
    }
  }

  OperationReader(DocumentFiles files, boolean version30, Set<String> keyNames) {
    this.files = files;
    schemas = new Schemas(files, version30, SchemaTranslation.Direction.REQUEST);
    responses = new ResponseReader(files, version30);
    this.keyNames = keyNames;
  }

  /// To be called once every operation has been read: from then on the recipes work.
  void finish() {
    schemas.finish();
  }

  /// @param shared the parameters of the path item, or null
  Supplier<Operation> read(
      String id,
      Place operation,
      @Nullable Place shared,
      String path,
      @Nullable PartialPath partial) {
    var parameters = new LinkedHashMap<String, ParameterDraft>();
    var own = operation.down("parameters");
    var whole = shared == null ? null : parameters(shared, parameters);
    var ownWhole = own == null ? null : parameters(own, parameters);
    var queryString = ownWhole == null ? whole : ownWhole;
    checkPath(operation, path, parameters);
    var body = body(operation);
    var drafts = List.copyOf(parameters.values());
    var answers = responses.add(operation);
    return () ->
        new Operation(
            id,
            drafts.stream().map(draft -> draft.compile(schemas)).toList(),
            queryString == null ? null : queryString.compile(schemas),
            partial,
            keyNames,
            body == null ? null : body.compile(schemas),
            answers);
  }

  /// @return what describes the whole query (OpenAPI 3.2, `in: querystring`), or null
  private @Nullable BodyDraft parameters(Place list, Map<String, ParameterDraft> into) {
    if (!(list.node() instanceof Node.Sequence sequence)) {
      files.fault(list.node(), "parameters: " + list.node().seen() + " (expected: a list)");
      return null;
    }
    BodyDraft whole = null;
    for (int i = 0; i < sequence.items().size(); i++) {
      var place = files.follow(list.child(Integer.toString(i), sequence.items().get(i)));
      if (place != null
          && place.get("in") instanceof Node.Scalar in
          && in.text().equals("querystring")) {
        whole = content(place, "parameter");
        continue;
      }
      var draft = place == null ? null : parameter(place);
      if (draft != null) {
        into.put(draft.in + " " + draft.name, draft);
      }
    }
    return whole;
  }

  private @Nullable ParameterDraft parameter(Place place) {
    if (!(place.get("name") instanceof Node.Scalar name)
        || !(place.get("in") instanceof Node.Scalar where)) {
      files.fault(
          place.node(), "parameter: " + place.node().seen() + " (expected: 'name' and 'in')");
      return null;
    }
    Parameter.In in;
    try {
      in = Parameter.In.valueOf(where.text().toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      files.fault(where, "in: " + where.seen() + " (expected: path, query, header or cookie)");
      return null;
    }
    if (in == Parameter.In.HEADER && ELSEWHERE.contains(name.text().toLowerCase(Locale.ROOT))) {
      return null;
    }
    if (in == Parameter.In.HEADER && !FieldName.fits(name.text())) {
      files.warn(name, "name: " + name.seen() + " (expected: a header field's). It is not checked");
      return null;
    }
    var style = style(place, in);
    boolean explode = flag(place, "explode", style == Parameter.Style.FORM);
    var content = place.get("content") instanceof Mapping c ? c : null;
    boolean json =
        content != null
            && content.members().size() == 1
            && Body.Form.of(content.members().getFirst().name()) == Body.Form.JSON;
    return new ParameterDraft(
        name.text(),
        in,
        style,
        explode,
        in == Parameter.In.PATH || flag(place, "required", false),
        flag(place, "allowEmptyValue", false),
        json,
        parameterSchema(place, content));
  }

  private String parameterSchema(Place place, @Nullable Mapping content) {
    var schema = place.down("schema");
    if (schema == null && content != null && content.members().size() == 1) {
      var media = content.members().getFirst();
      schema = place.child("content", content).child(media.name(), media.value()).down("schema");
    }
    if (schema != null) {
      return schemas.add(schema);
    }
    // Neither is said: any text will do.
    return schemas.add(place.child("schema", new Node.Flag(place.node().at(), true)));
  }

  private Parameter.Style style(Place place, Parameter.In in) {
    var allowed = Parameter.Style.allowed(in);
    if (place.get("style") instanceof Node.Scalar written) {
      var style = Parameter.Style.of(in, written.text());
      if (style != null) {
        return style;
      }
      var expected = String.join(", ", allowed.stream().map(Parameter.Style::word).toList());
      files.fault(written, "style: " + written.seen() + " (expected: " + expected + ")");
    }
    return allowed.getFirst();
  }

  private boolean flag(Place place, String name, boolean absent) {
    var value = place.get(name);
    if (value == null) {
      return absent;
    }
    if (value instanceof Node.Flag flag) {
      return flag.value();
    }
    files.fault(value, name + ": " + value.seen() + " (expected: true or false)");
    return absent;
  }

  private void checkPath(Place operation, String path, Map<String, ParameterDraft> parameters) {
    var templates = PartialPath.names(path);
    for (var draft : List.copyOf(parameters.values())) {
      if (draft.in == Parameter.In.PATH && !templates.contains(draft.name)) {
        parameters.remove(draft.in + " " + draft.name);
        files.warn(
            operation.node(),
            "parameter: '" + draft.name + "' is not in the path " + path + ". It is ignored");
      }
    }
    for (var template : templates) {
      if (!parameters.containsKey(Parameter.In.PATH + " " + template)) {
        files.warn(
            operation.node(),
            "path: '{" + template + "}' has no parameter that describes it. Any text is taken");
      }
    }
  }

  private @Nullable BodyDraft body(Place operation) {
    var written = operation.down("requestBody");
    var place = written == null ? null : files.follow(written);
    return place == null ? null : content(place, "requestBody");
  }

  private @Nullable BodyDraft content(Place place, String what) {
    if (!(place.get("content") instanceof Mapping content)) {
      files.fault(place.node(), what + ": no content (expected: a media type under 'content')");
      return null;
    }
    if (content.members().isEmpty()) {
      files.warn(
          content, "content: nothing (expected: a media type). Any body is taken, and none is");
      return null;
    }
    return BodyDraft.read(files, schemas, place, content, flag(place, "required", false));
  }
}
