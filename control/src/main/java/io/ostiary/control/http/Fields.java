package io.ostiary.control.http;

import io.javalin.http.Context;
import io.ostiary.control.http.ApiProblem.Fault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// One JSON object of a request body, read field by field. Faults are gathered, so that the client
/// learns all of them at once; [#done] throws when there are any. What a reading method returns for
/// a faulty field is only a placeholder.
public final class Fields {
  /// Enough for everything but an import.
  public static final int BODY_BYTES_MAX = 64 * 1024;

  private static final int FAULTS_MAX = 20;

  private final JsonNode node;
  private final String pointer;
  private final List<Fault> faults;

  private Fields(JsonNode node, String pointer, List<Fault> faults) {
    this.node = node;
    this.pointer = pointer;
    this.faults = faults;
  }

  /// @param known the names of all fields
  public static Fields of(Context context, int bytesMax, String... known) {
    var fields = new Fields(parse(context, bytesMax), "", new ArrayList<>());
    fields.check(Set.of(known), known);
    return fields;
  }

  private static JsonNode parse(Context context, int bytesMax) {
    var type = context.contentType();
    if (type == null || !type.split(";")[0].strip().equalsIgnoreCase("application/json")) {
      throw ApiProblem.of(
          415,
          "not-json",
          "The body is not JSON",
          "Content-Type: " + type + " (expected: application/json)");
    }
    byte[] body;
    try {
      body = context.req().getInputStream().readNBytes(bytesMax + 1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (body.length > bytesMax) {
      throw ApiProblem.of(
          413,
          "request-too-large",
          "The body is too large",
          "body: more than " + bytesMax + " bytes (expected: at most that)");
    }
    try {
      return Json.readTree(body);
    } catch (JacksonException e) {
      var place = e.getLocation();
      var where =
          place == null
              ? " (" + e.getOriginalMessage() + ")"
              : " at line " + place.getLineNr() + ", column " + place.getColumnNr();
      var message = "body: not JSON" + where + " (expected: one JSON object)";
      throw ApiProblem.invalid(List.of(new Fault("body", "", message)));
    }
  }

  private void check(Set<String> names, String[] known) {
    if (!node.isObject()) {
      fault("", "the body is not an object (expected: fields " + String.join(", ", known) + ")");
      done();
    }
    for (var name : node.propertyNames()) {
      if (!names.contains(name)) {
        fault(name, "unknown field (expected: " + String.join(", ", known) + ")");
      }
    }
  }

  public boolean has(String name) {
    var value = node.get(name);
    return value != null && !value.isNull();
  }

  /// A text that must be there.
  public String text(String name, int min, int max) {
    if (!has(name)) {
      fault(name, "missing (expected: a text of " + min + "-" + max + " characters)");
      return "";
    }
    return text(name, "", min, max);
  }

  /// A text, or `otherwise` where there is none.
  public String text(String name, String otherwise, int min, int max) {
    var value = node.get(name);
    if (value == null || value.isNull()) {
      return otherwise;
    }
    var text = value.isString() ? value.asString().strip() : null;
    if (text == null
        || text.length() < min
        || text.length() > max
        || text.chars().anyMatch(Character::isISOControl)) {
      fault(
          name,
          shown(value) + " (expected: a text of " + min + "-" + max + " printable characters)");
      return otherwise;
    }
    return text;
  }

  /// A text that nobody else may see: it is taken as it is, blanks at its ends included, and a
  /// fault does not show it.
  public String secret(String name, int min, int max) {
    var value = node.get(name);
    var text = value != null && value.isString() ? value.asString() : "";
    if (text.length() < min
        || text.length() > max
        || text.chars().anyMatch(Character::isISOControl)) {
      fault(
          name,
          "%d characters (expected: a text of %d-%d printable characters)"
              .formatted(text.length(), min, max));
    }
    return text;
  }

  /// A text that must be there and may have several lines, such as a key in PEM.
  public String lines(String name, int max) {
    var value = node.get(name);
    var text = value != null && value.isString() ? value.asString().strip() : "";
    if (text.isEmpty() || text.length() > max) {
      fault(name, "missing or too long (expected: a text of 1-" + max + " characters)");
      return "";
    }
    return text;
  }

  public long number(String name, long otherwise, long min, long max) {
    var value = node.get(name);
    if (value == null || value.isNull()) {
      return otherwise;
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      fault(name, shown(value) + " (expected: a whole number, " + min + "-" + max + ")");
      return otherwise;
    }
    long number = value.asLong();
    if (number < min || number > max) {
      fault(name, number + " (expected: " + min + "-" + max + ")");
      return otherwise;
    }
    return number;
  }

  public boolean flag(String name, boolean otherwise) {
    var value = node.get(name);
    if (value == null || value.isNull()) {
      return otherwise;
    }
    if (!value.isBoolean()) {
      fault(name, shown(value) + " (expected: true or false)");
      return otherwise;
    }
    return value.asBoolean();
  }

  public @Nullable Instant instant(String name) {
    var value = node.get(name);
    if (value == null || value.isNull()) {
      return null;
    }
    try {
      if (value.isString()) {
        return Instant.parse(value.asString());
      }
    } catch (DateTimeException e) {
      // Falls through to the same fault.
    }
    fault(name, shown(value) + " (expected: an instant such as 2026-11-24T00:00:00Z, or null)");
    return null;
  }

  public List<String> texts(String name, int countMax, Consumer<String> check) {
    var texts = new ArrayList<String>();
    int index = 0;
    for (var item : array(name, 0, countMax)) {
      var place = name + "/" + index++;
      if (!item.isString()) {
        fault(place, shown(item) + " (expected: a text)");
        continue;
      }
      texts.add(item.asString());
      checked(place, () -> check.accept(item.asString()));
    }
    return texts;
  }

  /// The objects of an array.
  public List<Fields> objects(String name, int countMin, int countMax, String... known) {
    var names = Set.of(known);
    var objects = new ArrayList<Fields>();
    int index = 0;
    for (var item : array(name, countMin, countMax)) {
      var object = new Fields(item, pointer + "/" + name + "/" + index++, faults);
      object.check(names, known);
      objects.add(object);
    }
    return objects;
  }

  private Iterable<JsonNode> array(String name, int countMin, int countMax) {
    var value = node.get(name);
    if (value == null || value.isNull()) {
      if (countMin > 0) {
        fault(name, "missing (expected: an array of " + countMin + "-" + countMax + ")");
      }
      return List.of();
    }
    if (!value.isArray() || value.size() < countMin || value.size() > countMax) {
      fault(name, shown(value) + " (expected: an array of " + countMin + "-" + countMax + ")");
      return List.of();
    }
    return value;
  }

  /// Runs a check of somebody else's; what it throws becomes a fault of this field.
  public void checked(String name, Runnable check) {
    try {
      check.run();
    } catch (IllegalArgumentException e) {
      fault(name, String.valueOf(e.getMessage()));
    }
  }

  public void fault(String name, String message) {
    if (faults.size() >= FAULTS_MAX) {
      done();
    }
    var place = name.isEmpty() ? pointer : pointer + "/" + name;
    faults.add(new Fault("body", place, (name.isEmpty() ? "" : name + ": ") + message));
  }

  /// Throws when anything was wrong.
  public void done() {
    if (!faults.isEmpty()) {
      throw ApiProblem.invalid(faults);
    }
  }

  private static String shown(JsonNode value) {
    var text = value.toString();
    return text.length() > 80 ? text.substring(0, 80) + "..." : text;
  }
}
