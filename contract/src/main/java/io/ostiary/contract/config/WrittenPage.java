package io.ostiary.contract.config;

import io.ostiary.contract.tree.Limits;
import io.ostiary.contract.tree.Node;
import io.ostiary.contract.tree.Parsed;
import io.ostiary.contract.tree.TreeReader;
import io.ostiary.model.ErrorPage;
import io.ostiary.model.PageText;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

@About("What clients are told in the place of a problem")
record WrittenPage(
    @About("Statuses such as 404 or 5xx; none stands for every one") @OrOne
        List<StatusClass> statuses,
    @About("Problems by their names, such as no-route; none stands for every one") @OrOne
        List<String> problems,
    @About("A file with the text in UTF-8, relative to this one and read when it changes")
        @Nullable String file,
    @About("The text itself, in place of a file") @Nullable String text,
    @About("Its media type; without it by the end of the file's name") @Nullable String type,
    @About("Status that is answered; 0: the problem's") @Default("0") int status,
    @About("More fields of the answer") Map<String, String> headers,
    @About("Whether it also stands for answers of the upstream with these statuses")
        @Default("false")
        boolean upstream) {
  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "json", "application/problem+json",
          "txt", "text/plain; charset=utf-8",
          "xml", "application/problem+xml");

  WrittenPage {
    if ((file == null) == (text == null)) {
      throw Require.invalid(
          file == null ? "errors" : "text",
          file == null ? "nothing" : "beside file",
          "file or text");
    }
    if (text != null && type == null) {
      throw Require.invalid("type", "none", "a media type such as text/html: there is no file's");
    }
  }

  /// What is meant by pages.
  ///
  /// @param at where they stand
  /// @param beside the configuration
  static List<ErrorPage> read(List<WrittenPage> written, String at, Path beside, Notes notes) {
    var pages = new ArrayList<ErrorPage>();
    if (written.size() > ErrorPage.PAGES_MAX) {
      notes.fault(
          at, "errors: %d (expected: at most %d)".formatted(written.size(), ErrorPage.PAGES_MAX));
    }
    for (int i = 0; i < written.size(); i++) {
      var one = written.get(i);
      var page = notes.attempt(at + "/" + i, () -> one.meaning(beside));
      if (page != null) {
        pages.add(page);
        ProblemNames.warnOfUnknown(one.problems, at + "/" + i + "/problems", notes);
      }
    }
    return pages;
  }

  private ErrorPage meaning(Path beside) {
    var type = type();
    var named = type == null ? ofFile() : type;
    var kind = PageText.Kind.of(named);
    return new ErrorPage(
        statuses.stream().map(StatusClass::number).collect(Collectors.toSet()),
        Set.copyOf(problems),
        named,
        kind == PageText.Kind.JSON ? json(content(beside)) : parsed(content(beside), kind),
        status,
        headers,
        upstream);
  }

  private String ofFile() {
    var name = String.valueOf(file);
    var end = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    var type = TYPES.get(end);
    if (type == null) {
      throw Require.invalid(
          "file", "'" + file + "'", "a name that ends with .html, .json, .txt or .xml, or type");
    }
    return type;
  }

  private String content(Path beside) {
    if (file == null) {
      return String.valueOf(text);
    }
    var path = ConfigReader.beside(beside, file);
    try {
      if (path == null || !Files.isRegularFile(path)) {
        throw Require.invalid("file", "'" + file + "'", "a file that can be read");
      }
      Require.between("file (bytes)", Files.size(path), 0, PageText.BYTES_MAX);
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(Files.readAllBytes(path)))
          .toString();
    } catch (CharacterCodingException e) {
      throw Require.invalid("file", path, "text in UTF-8");
    } catch (IOException e) {
      throw Require.invalid("file", path, "a file that can be read, as by " + e.getMessage());
    }
  }

  private PageText parsed(String content, PageText.Kind kind) {
    try {
      return PageText.parse(content, kind);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(place() + e.getMessage(), e);
    }
  }

  /// So that the fault is told where the text is named.
  private String place() {
    return file == null ? "text: " : "file: " + file + ", ";
  }

  /// A page of JSON that is none with its places filled would only be found out by clients.
  private PageText json(String content) {
    var page = parsed(content, PageText.Kind.JSON);
    var filled = page.fill(of -> of == PageText.Place.STATUS ? "500" : "x");
    var parsed = TreeReader.parse(filled, file == null ? "text" : file, Limits.CONFIGURATION);
    if (parsed instanceof Parsed.Broken(var faults)) {
      var first = faults.getFirst();
      throw new IllegalArgumentException(
          place()
              + "line %d, column %d: %s (expected: JSON, with places within quotes, but for"
                  .formatted(first.line(), first.column(), first.message())
              + " {{status}})");
    }
    return page;
  }

  /// The files that a configuration names.
  static Set<Path> named(Node root, Path beside) {
    var files = new LinkedHashSet<Path>();
    var all = new ArrayList<>(Notes.items(root, "errors"));
    Notes.items(root, "apis").forEach(api -> all.addAll(Notes.items(api, "errors")));
    for (var page : all) {
      var named = Notes.text(page, "file");
      var path = named == null ? null : ConfigReader.beside(beside, named.text());
      if (path != null) {
        files.add(path);
      }
    }
    return files;
  }
}
