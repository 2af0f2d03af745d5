package io.ostiary.contract.tree;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.events.SequenceStartEvent;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/// YAML events to a tree. Used once, by one thread.
///
/// We compose from events ourselves rather than take snakeyaml's nodes: so all names given twice
/// are reported instead of the first, depth is bounded before the stack is, and aliases are bounded
/// by what they would write out. An alias gives the same node again, so a bomb costs no memory
/// here; it would when somebody walks the tree, hence the limit.
final class YamlComposer {
  private static final String STANDARD = "tag:yaml.org,2002:";
  private static final Set<String> COLLECTION_TAGS =
      Set.of(STANDARD + "map", STANDARD + "seq", "!");

  private final Source source;
  private final Limits limits;
  private final Faults faults = new Faults();
  private final Map<Anchor, Anchored> anchors = new HashMap<>();
  private final Set<Anchor> open = new HashSet<>();
  private final ParserImpl parser;
  private long written;
  private long aliased;

  /// @param weight the nodes it would take to write it out again
  private record Anchored(Node node, long weight) {}

  YamlComposer(Source source, Limits limits) {
    this.source = source;
    this.limits = limits;
    var settings =
        LoadSettings.builder()
            .setLabel(source.name())
            .setCodePointLimit(Integer.MAX_VALUE)
            .setUseMarks(true)
            .build();
    parser = new ParserImpl(settings, new StreamReader(settings, source.text()));
  }

  Parsed compose() {
    try {
      var root = document();
      return new Parsed.Tree(root, faults.sorted());
    } catch (Stop e) {
      faults.add(e.fault);
    } catch (MarkedYamlEngineException e) {
      faults.add(YamlFaults.of(source, e));
    } catch (ReaderException e) {
      faults.add(YamlFaults.unprintable(source));
    } catch (YamlEngineException e) {
      faults.add(source.start().fault("not YAML: " + e.getMessage()));
    }
    return new Parsed.Broken(faults.sorted());
  }

  private Node document() {
    parser.next();
    if (parser.checkEvent(Event.ID.StreamEnd)) {
      return new Node.Null(source.start());
    }
    parser.next();
    var root = node(0);
    parser.next();
    if (!parser.checkEvent(Event.ID.StreamEnd)) {
      throw stop(parser.peekEvent(), "a second document (expected: one document per file)");
    }
    return root;
  }

  private Node node(int depth) {
    var event = parser.next();
    if (depth > limits.depthMax()) {
      throw stop(event, "depth: more than " + limits.depthMax() + " levels");
    }
    if (event instanceof AliasEvent alias) {
      return alias(alias);
    }
    var anchor = ((NodeEvent) event).getAnchor();
    anchor.ifPresent(open::add);
    long before = written + aliased;
    written++;
    var node =
        switch (event) {
          case ScalarEvent scalar -> scalar(scalar);
          case SequenceStartEvent start -> sequence(start, depth);
          case MappingStartEvent start -> mapping(start, depth);
          default -> throw stop(event, "unexpected " + event.getEventId());
        };
    anchor.ifPresent(name -> {
      open.remove(name);
      anchors.put(name, new Anchored(node, written + aliased - before));
    });
    return node;
  }

  private Node alias(AliasEvent event) {
    var name = event.getAnchor().orElseThrow();
    if (open.contains(name)) {
      throw stop(event, "alias '*" + name + "' stands within its own anchor");
    }
    var anchored = anchors.get(name);
    if (anchored == null) {
      faults.add(
          at(event)
              .fault(
                  "unknown alias '*" + name + "'" + Spelling.hint(name.getValue(), anchorNames())));
      return new Node.Null(at(event));
    }
    aliased += anchored.weight();
    if (aliased > limits.aliasNodesMax()) {
      throw stop(
          event,
          "aliases: more than "
              + limits.aliasNodesMax()
              + " values when written out (expected: at most that)");
    }
    return anchored.node();
  }

  private List<String> anchorNames() {
    return anchors.keySet().stream().map(Anchor::getValue).toList();
  }

  private Node mapping(MappingStartEvent start, int depth) {
    checkTag(start);
    var members = new ArrayList<Mapping.Member>();
    var names = new HashSet<String>();
    while (!parser.checkEvent(Event.ID.MappingEnd)) {
      var keyEvent = parser.peekEvent();
      var key = key(keyEvent, depth + 1);
      var value = node(depth + 1);
      if (!(key instanceof Node.Scalar scalar)) {
        faults.add(at(keyEvent).fault("name: " + key.kind() + " (expected: a text)"));
        continue;
      }
      var name = name(keyEvent, scalar);
      if (!names.add(name)) {
        faults.add(at(keyEvent).fault("'" + name + "' is given twice in the same object"));
        continue;
      }
      members.add(new Mapping.Member(name, at(keyEvent), value));
    }
    parser.next();
    return Mapping.of(at(start), members);
  }

  /// A plain name is no number, however large it would be.
  private Node key(Event event, int depth) {
    boolean plain =
        event instanceof ScalarEvent one && one.getTag().isEmpty() && one.getAnchor().isEmpty();
    if (!plain) {
      return node(depth);
    }
    parser.next();
    written++;
    return new Node.Text(at(event), ((ScalarEvent) event).getValue());
  }

  /// Names stay as they are written: `200:`, `on:` and `null:` are names like any other.
  private static String name(Event event, Node.Scalar key) {
    return event instanceof ScalarEvent scalar ? scalar.getValue() : key.text();
  }

  private Node sequence(SequenceStartEvent start, int depth) {
    checkTag(start);
    var items = new ArrayList<Node>();
    while (!parser.checkEvent(Event.ID.SequenceEnd)) {
      items.add(node(depth + 1));
    }
    parser.next();
    return new Node.Sequence(at(start), items);
  }

  private void checkTag(CollectionStartEvent start) {
    start
        .getTag()
        .filter(tag -> !COLLECTION_TAGS.contains(tag))
        .ifPresent(tag -> faults.add(unknownTag(start, tag)));
  }

  private Node scalar(ScalarEvent event) {
    var at = at(event);
    var text = event.getValue();
    var tag = event.getTag();
    if (tag.isEmpty()) {
      return event.isPlain() ? resolve(at, text) : new Node.Text(at, text);
    }
    return switch (tag.get()) {
      case STANDARD + "str", "!" -> new Node.Text(at, text);
      case STANDARD + "int", STANDARD + "float", STANDARD + "bool", STANDARD + "null" ->
          resolve(at, text);
      default -> {
        faults.add(unknownTag(event, tag.get()));
        yield new Node.Text(at, text);
      }
    };
  }

  private Node resolve(Position at, String text) {
    var node = CoreSchema.resolve(at, text);
    if (node == null) {
      faults.add(at.fault("number: too large or too long (expected: at most 400 digits)"));
      return new Node.Numeral(at, text, 0L);
    }
    return node;
  }

  private Fault unknownTag(Event event, String tag) {
    return at(event).fault("tag: " + tag + " (expected: no tag)");
  }

  private Position at(Event event) {
    return YamlFaults.at(source, event.getStartMark());
  }

  private Stop stop(Event event, String message) {
    return new Stop(at(event).fault(message));
  }

  /// Ends the reading; carries no stack, for it is an answer rather than an accident.
  private static final class Stop extends RuntimeException {
    final transient Fault fault;

    Stop(Fault fault) {
      super("", null, false, false);
      this.fault = fault;
    }
  }
}
