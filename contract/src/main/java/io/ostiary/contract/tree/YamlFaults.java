package io.ostiary.contract.tree;

import java.util.Optional;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/// The YAML parser's complaints in our words and places.
final class YamlFaults {
  private YamlFaults() {}

  static Position at(Source source, Optional<Mark> mark) {
    return mark.map(m -> new Position(source, m.getLine() + 1, m.getColumn() + 1))
        .orElseGet(source::start);
  }

  static Fault of(Source source, MarkedYamlEngineException e) {
    var mark = e.getProblemMark().or(e::getContextMark);
    var problem = String.valueOf(e.getProblem());
    if (problem.contains("TAB")) {
      return at(source, mark).fault("a tab (expected: spaces, YAML allows no tab in indentation)");
    }
    if (problem.endsWith("but got {") || problem.endsWith("but got }")) {
      return at(source, mark).fault("not YAML: " + problem + ". Put a text with braces in quotes");
    }
    var context = e.getContext() == null ? "" : " " + e.getContext();
    return at(source, mark).fault("not YAML: " + problem + context);
  }

  static Fault unprintable(Source source) {
    var text = source.text();
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      int point = text.codePointAt(i);
      if (!StreamReader.isPrintable(point)) {
        return source
            .position(i)
            .fault("character: U+%04X (expected: printable characters)".formatted(point));
      }
    }
    return source.start().fault("not YAML: a character that is not printable");
  }
}
