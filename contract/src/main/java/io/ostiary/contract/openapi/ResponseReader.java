package io.ostiary.contract.openapi;

import io.ostiary.contract.openapi.DocumentFiles.Place;
import io.ostiary.contract.tree.Mapping;
import io.ostiary.contract.tree.Node;
import io.ostiary.model.FieldName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads what operations say of their responses, all of them when one is asked for first: most
/// gateways never ask, and then a fault there keeps nobody from using the document.
///
/// Guarded by its own lock. Once the document has been read, nobody else uses its files.
final class ResponseReader {
  private static final Pattern STATUS = Pattern.compile("[1-5]([0-9]{2}|XX)|default");

  /// "If a response header is defined with the name Content-Type, it shall be ignored."
  private static final Set<String> ELSEWHERE = Set.of("content-type");

  private final DocumentFiles files;
  private final Schemas schemas;
  private final List<Place> operations = new ArrayList<>();
  private final List<Map<String, Draft>> drafts = new ArrayList<>();
  private final Map<Integer, Responses> compiled = new HashMap<>();
  private @Nullable String unusable;
  private boolean read;

  private record HeaderDraft(String name, boolean required, boolean explode, String schema) {
    private Parameter compile(Schemas schemas) {
      return new Parameter(
          name,
          Parameter.In.HEADER,
          Parameter.Style.SIMPLE,
          explode,
          required,
          false,
          false,
          schemas.kind(schema),
          schemas.check(schema));
    }
  }

  private record Draft(List<HeaderDraft> headers, @Nullable BodyDraft body) {
    private Responses.Response compile(Schemas schemas) {
      return new Responses.Response(
          headers.stream().map(header -> header.compile(schemas)).toList(),
          body == null ? null : body.compile(schemas));
    }
  }

  ResponseReader(DocumentFiles files, boolean version30) {
    this.files = files;
    schemas = new Schemas(files, version30, SchemaTranslation.Direction.RESPONSE);
  }

  /// @return throws IllegalArgumentException where a response of the document cannot be understood
  Supplier<Responses> add(Place operation) {
    int index = operations.size();
    operations.add(operation);
    return () -> get(index);
  }

  private synchronized Responses get(int index) {
    if (!read) {
      readAll();
      read = true;
    }
    if (unusable != null) {
      throw new IllegalArgumentException(unusable);
    }
    var known = compiled.get(index);
    if (known == null) {
      var byStatus = new HashMap<String, Responses.Response>();
      drafts.get(index).forEach((status, draft) -> byStatus.put(status, draft.compile(schemas)));
      known = new Responses(byStatus);
      compiled.put(index, known);
    }
    return known;
  }

  private void readAll() {
    operations.forEach(operation -> drafts.add(responses(operation)));
    schemas.finish();
    if (files.isFaulty()) {
      unusable = "response: of the document: " + files.faults().getFirst();
    }
  }

  private Map<String, Draft> responses(Place operation) {
    var found = new LinkedHashMap<String, Draft>();
    var place = operation.down("responses");
    if (place == null || !(place.node() instanceof Mapping mapping)) {
      return found;
    }
    for (var member : mapping.members()) {
      if (member.name().startsWith("x-")) {
        continue;
      }
      var status = status(member.name());
      if (!STATUS.matcher(status).matches()) {
        files.fault(
            member.nameAt(),
            "response: '" + member.name() + "' (expected: a status such as 200, 2XX or default)");
        continue;
      }
      var response = files.follow(place.child(member.name(), member.value()));
      if (response != null) {
        found.put(status, draft(response));
      }
    }
    return found;
  }

  private static String status(String written) {
    return written.equals("default") ? written : written.toUpperCase(Locale.ROOT);
  }

  private Draft draft(Place response) {
    var body =
        response.get("content") instanceof Mapping content && !content.members().isEmpty()
            ? BodyDraft.read(files, schemas, response, content, true)
            : null;
    var headers = new ArrayList<HeaderDraft>();
    var written = response.down("headers");
    if (written != null && written.node() instanceof Mapping mapping) {
      for (var member : mapping.members()) {
        var place = files.follow(written.child(member.name(), member.value()));
        if (place != null
            && FieldName.fits(member.name())
            && !ELSEWHERE.contains(member.name().toLowerCase(Locale.ROOT))) {
          headers.add(header(member.name(), place));
        }
      }
    }
    return new Draft(headers, body);
  }

  private HeaderDraft header(String name, Place place) {
    var schema = place.down("schema");
    if (schema == null) {
      schema = place.child("schema", new Node.Flag(place.node().at(), true));
    }
    return new HeaderDraft(name, is(place, "required"), is(place, "explode"), schemas.add(schema));
  }

  private static boolean is(Place place, String name) {
    return place.get(name) instanceof Node.Flag flag && flag.value();
  }
}
