package io.ostiary.contract.tree;

import java.util.ArrayList;
import java.util.HashSet;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.json.JsonFactory;

/// JSON tokens to a tree. Used once, by one thread.
final class JsonComposer {
  private final Source source;
  private final Limits limits;
  private final Faults faults = new Faults();

  JsonComposer(Source source, Limits limits) {
    this.source = source;
    this.limits = limits;
  }

  Parsed compose() {
    var constraints =
        StreamReadConstraints.builder()
            .maxNestingDepth(limits.depthMax() + 2)
            .maxStringLength(Integer.MAX_VALUE)
            .maxNameLength(100_000)
            .build();
    var factory = JsonFactory.builder().streamReadConstraints(constraints).build();
    try (var parser = factory.createParser(ObjectReadContext.empty(), source.text())) {
      if (parser.nextToken() == null) {
        faults.add(source.start().fault("document: empty (expected: a JSON value)"));
        return new Parsed.Broken(faults.sorted());
      }
      var root = value(parser, 0);
      if (parser.nextToken() != null) {
        faults.add(here(parser).fault("a second value (expected: the end of the document)"));
        return new Parsed.Broken(faults.sorted());
      }
      return new Parsed.Tree(root, faults.sorted());
    } catch (JacksonException e) {
      faults.add(position(e.getLocation()).fault("not JSON: " + reason(e)));
    } catch (TooDeep e) {
      faults.add(e.at.fault("depth: more than " + limits.depthMax() + " levels"));
    }
    return new Parsed.Broken(faults.sorted());
  }

  private Node value(JsonParser parser, int depth) {
    var at = here(parser);
    if (depth > limits.depthMax()) {
      throw new TooDeep(at);
    }
    return switch (parser.currentToken()) {
      case START_OBJECT -> mapping(parser, at, depth);
      case START_ARRAY -> sequence(parser, at, depth);
      case VALUE_STRING -> new Node.Text(at, parser.getString());
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(at, parser.getString());
      case VALUE_TRUE -> new Node.Flag(at, true);
      case VALUE_FALSE -> new Node.Flag(at, false);
      case VALUE_NULL -> new Node.Null(at);
      case END_OBJECT, END_ARRAY, PROPERTY_NAME, VALUE_EMBEDDED_OBJECT, NOT_AVAILABLE ->
          throw new StreamReadException(parser, "unexpected " + parser.currentToken());
    };
  }

  private Node mapping(JsonParser parser, Position at, int depth) {
    var members = new ArrayList<Mapping.Member>();
    var names = new HashSet<String>();
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      var name = parser.currentName();
      var nameAt = here(parser);
      parser.nextToken();
      var value = value(parser, depth + 1);
      if (names.add(name)) {
        members.add(new Mapping.Member(name, nameAt, value));
      } else {
        faults.add(nameAt.fault("'" + name + "' is given twice in the same object"));
      }
    }
    return Mapping.of(at, members);
  }

  private Node sequence(JsonParser parser, Position at, int depth) {
    var items = new ArrayList<Node>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      items.add(value(parser, depth + 1));
    }
    return new Node.Sequence(at, items);
  }

  private Node number(Position at, String text) {
    var value = Numbers.parse(text);
    if (value == null) {
      faults.add(at.fault("number: too large or too long (expected: at most 400 digits)"));
      return new Node.Numeral(at, text, 0L);
    }
    return new Node.Numeral(at, text, value);
  }

  private Position here(JsonParser parser) {
    return position(parser.currentTokenLocation());
  }

  private Position position(TokenStreamLocation location) {
    return new Position(
        source, Math.max(1, location.getLineNr()), Math.max(1, location.getColumnNr()));
  }

  /// Jackson repeats the location and its options; the first sentence says what is wrong.
  private static String reason(JacksonException e) {
    var message = e.getOriginalMessage().lines().findFirst().orElse("unreadable");
    return message.length() > 300 ? message.substring(0, 300) + "..." : message;
  }

  private static final class TooDeep extends RuntimeException {
    final transient Position at;

    TooDeep(Position at) {
      super("", null, false, false);
      this.at = at;
    }
  }
}
