package io.ostiary.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// One pass over the tree for what no compiler checks: the house's words, the size of functions and
/// files, a page for everything a user meets, links that lead somewhere.
final class TidyTest {
  private static final int COLUMNS_MAX = 100;
  private static final int FUNCTION_LINES_MAX = 70;
  private static final int FILE_LINES_MAX = 500;

  private static final Pattern TYPE =
      Pattern.compile("\\b(?:class|interface|enum|record)\\s+([A-Z]\\w*)");
  private static final Pattern BAD_TYPE =
      Pattern.compile(".*(Manager|Helper|Utils?|Impl)$|^Abstract.*");
  private static final Pattern TODO = Pattern.compile("\\b(TODO|FIXME|XXX)\\b(?! ?\\(#\\d+\\))");
  private static final Pattern LINK = Pattern.compile("\\[[^\\]]*\\]\\(([^)#\\s]+)(?:#[^)]*)?\\)");
  private static final Pattern PROBLEM =
      Pattern.compile("Problem\\.of\\(\\s*\\d{3},\\s*\"([a-z0-9-]+)\"");
  private static final Pattern WORD_ROW = Pattern.compile("^\\| ~~([a-z-]+)~~ \\| ([^|]+) \\|.*");

  @Test
  void linesFitTheColumns() {
    var found = new ArrayList<String>();
    for (var ending : List.of(".java", ".c", ".h")) {
      for (var file : Tree.files(ending)) {
        var lines = Tree.lines(file);
        for (int i = 0; i < lines.size(); i++) {
          int columns = lines.get(i).replace("\t", "        ").length();
          if (columns > COLUMNS_MAX && !textBlockOrUrl(lines.get(i))) {
            found.add(Tree.at(file, i + 1) + ": " + columns + " columns");
          }
        }
      }
    }
    assertThat(found).as("lines over %d columns", COLUMNS_MAX).isEmpty();
  }

  /// Text blocks and long addresses cannot always be broken.
  private static boolean textBlockOrUrl(String line) {
    return line.contains("http://")
        || line.contains("https://")
        || line.contains("\\n")
        || !line.endsWith(";") && !line.endsWith("{") && !line.endsWith(",");
  }

  @Test
  void typesHaveTellingNames() {
    var found = new ArrayList<String>();
    for (var file : Tree.files(".java")) {
      var matcher = TYPE.matcher(withoutComments(Tree.read(file)));
      while (matcher.find()) {
        if (BAD_TYPE.matcher(matcher.group(1)).matches()) {
          found.add(Tree.ROOT.relativize(file) + ": " + matcher.group(1));
        }
      }
    }
    assertThat(found)
        .as("names that say nothing (Manager, Helper, Util, Impl, Abstract)")
        .isEmpty();
  }

  @Test
  void forbiddenWordsAreNotUsedInNames() {
    var found = new ArrayList<String>();
    for (var row : forbiddenWords()) {
      var word = Pattern.compile("(?i)(?<![a-z])" + row[0] + "s?(?![a-z])");
      for (var file : Tree.files(".java")) {
        var names = TYPE.matcher(withoutComments(Tree.read(file)));
        while (names.find()) {
          var words = names.group(1).replaceAll("([a-z])([A-Z])", "$1 $2");
          if (word.matcher(words).find()) {
            found.add(Tree.ROOT.relativize(file) + ": " + names.group(1) + ", say " + row[1]);
          }
        }
      }
    }
    assertThat(found).as("words that docs/vocabulary.md replaces").isEmpty();
  }

  private static List<String[]> forbiddenWords() {
    var rows =
        Tree.lines(Tree.ROOT.resolve("docs/vocabulary.md")).stream()
            .map(WORD_ROW::matcher)
            .filter(matcher -> matcher.matches())
            .map(matcher -> new String[] {matcher.group(1), matcher.group(2).strip()})
            .toList();
    assertThat(rows).as("rows '| ~~word~~ | replacement |' of docs/vocabulary.md").isNotEmpty();
    return rows;
  }

  @Test
  void everyTodoHasAnIssue() {
    var found = new ArrayList<String>();
    for (var ending : List.of(".java", ".c", ".h", ".ts", ".tsx")) {
      for (var file : Tree.files(ending)) {
        var lines = Tree.lines(file);
        for (int i = 0; i < lines.size(); i++) {
          if (!file.endsWith("TidyTest.java") && TODO.matcher(lines.get(i)).find()) {
            found.add(Tree.at(file, i + 1));
          }
        }
      }
    }
    assertThat(found).as("TODOs without an issue, written TODO (#12)").isEmpty();
  }

  @Test
  void functionsStayReadable() {
    var found = new ArrayList<String>();
    for (var file : Tree.files(".java")) {
      var lines = Tree.lines(file);
      for (int i = 0; i < lines.size(); i++) {
        int end = endOfFunction(lines, i);
        if (end - i - 1 > FUNCTION_LINES_MAX) {
          found.add(Tree.at(file, i + 1) + ": " + (end - i - 1) + " lines");
        }
      }
    }
    assertThat(found).as("functions over %d lines", FUNCTION_LINES_MAX).isEmpty();
  }

  /// google-java-format closes a function at the indentation at which it began.
  private static int endOfFunction(List<String> lines, int start) {
    var first = lines.get(start);
    int indent = first.length() - first.stripLeading().length();
    if (indent < 2 || indent > 6 || !first.endsWith("{") || !first.contains("(")) {
      return start;
    }
    if (first.strip().startsWith("@")) {
      // The last component of a record: what follows is its body.
      return start;
    }
    if (start + 1 < lines.size() && lines.get(start + 1).strip().equals("return Stream.of(")) {
      // A table of test cases is data; it may be as long as there are cases.
      return start;
    }
    var close = " ".repeat(indent) + "}";
    for (int i = start + 1; i < lines.size(); i++) {
      if (lines.get(i).startsWith(close)) {
        return i;
      }
    }
    return start;
  }

  @Test
  void filesStayReadable() {
    var found = new ArrayList<String>();
    for (var file : Tree.files(".java")) {
      int lines = Tree.lines(file).size();
      if (lines > FILE_LINES_MAX) {
        found.add(Tree.ROOT.relativize(file) + ": " + lines + " lines");
      }
    }
    assertThat(found).as("files over %d lines", FILE_LINES_MAX).isEmpty();
  }

  @Test
  void everyPolicyHasItsPage() {
    var services = "policies/src/main/resources/META-INF/services/io.ostiary.gateway.spi.Policy";
    for (var line : Tree.lines(Tree.ROOT.resolve(services))) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      var type = line.substring(line.lastIndexOf('.') + 1).strip();
      var name = type.replaceAll("([a-z0-9])([A-Z])", "$1-$2").toLowerCase(java.util.Locale.ROOT);
      assertThat(Tree.ROOT.resolve("docs/policies/" + name + ".md")).exists();
    }
  }

  @Test
  void everyProblemHasItsPage() {
    var codes = new TreeSet<String>();
    for (var file : Tree.files(".java")) {
      if (!file.toString().contains("/src/test/")) {
        var matcher = PROBLEM.matcher(Tree.read(file));
        while (matcher.find()) {
          codes.add(matcher.group(1));
        }
      }
    }
    assertThat(codes).isNotEmpty();
    assertThat(codes)
        .allSatisfy(
            code -> assertThat(Tree.ROOT.resolve("docs/problems/" + code + ".md")).exists());
  }

  @Test
  void linksLeadSomewhere() {
    var dead = new ArrayList<String>();
    for (var file : Tree.files(".md")) {
      var lines = Tree.lines(file);
      for (int i = 0; i < lines.size(); i++) {
        var link = LINK.matcher(lines.get(i));
        while (link.find()) {
          if (!link.group(1).contains(":") && !leads(file, link.group(1))) {
            dead.add(Tree.at(file, i + 1) + ": " + link.group(1));
          }
        }
      }
    }
    assertThat(dead).as("dead links").isEmpty();
  }

  private static boolean leads(Path from, String link) {
    return Files.exists(from.resolveSibling(link).normalize());
  }

  /// Every name in backticks of the documents that walk through the code must still exist there.
  @Test
  void documentsNameWhatExists() {
    var known = names();
    var gone = new ArrayList<String>();
    for (var document : List.of("docs/journey.md", "docs/concurrency.md", "ARCHITECTURE.md")) {
      var file = Tree.ROOT.resolve(document);
      var matcher = Pattern.compile("`([^`\\s]+)`").matcher(Tree.read(file));
      while (matcher.find()) {
        var name = matcher.group(1);
        boolean type = name.matches("[A-Z][a-z]\\w*(\\.\\w+\\(?\\)?)?");
        boolean path = name.matches("[\\w.-]+/[\\w./-]*");
        if (type && !known.contains(name.replaceAll("[.(].*", ""))
            || path && !Files.exists(Tree.ROOT.resolve(name))) {
          gone.add(document + ": " + name);
        }
      }
    }
    assertThat(gone).as("names in documents that no longer exist").isEmpty();
  }

  private static Set<String> names() {
    return Tree.files(".java").stream()
        .flatMap(file -> TYPE.matcher(Tree.read(file)).results().map(result -> result.group(1)))
        .collect(Collectors.toSet());
  }

  private static String withoutComments(String source) {
    return source.replaceAll("(?m)//.*$", "").replaceAll("\"(?:\\\\.|[^\"\\\\\\n])*\"", "\"\"");
  }
}
