package io.ostiary.contract.tree;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A text that is read again whenever it has changed. Items of lists below its root that did not
/// change keep their nodes (the very objects), and so do those of lists below these of which
/// something is made ([Making]). So whoever made something of them need not make it again: of ten
/// thousand routes mostly one has changed.
///
/// Nodes that were kept do not know where they stand now. So what is said to people about such a
/// text is found in a reading of the whole ([#whole]). Used by one thread at a time.
public final class FollowedText {
  private final String name;
  private final Limits limits;
  private final Making making;
  private Before before = Before.none();

  /// @param text what nodes need to make faults of, for as long as this is kept
  /// @param exact whether every node is at the place that it names
  public record Version(Parsed parsed, String text, boolean exact) {
    public static final Version NOTHING = of(new Parsed.Broken(List.<Fault>of()));

    /// A text of which nothing was known before.
    public static Version of(Parsed parsed) {
      return new Version(parsed, "", true);
    }
  }

  /// @param name what faults call the text
  public FollowedText(String name, Limits limits, Making making) {
    this.name = name;
    this.limits = limits;
    this.making = making;
  }

  public Version read(byte[] bytes) {
    return read(bytes, before);
  }

  /// The same where that is quick; null: it takes the whole parser, or is only half written.
  public @Nullable Version quick(byte[] bytes) {
    var decoded = TreeReader.decode(bytes, name, limits);
    return decoded.broken() != null || TreeReader.json(name)
        ? null
        : simple(TreeReader.unmarked(decoded.text()), before);
  }

  /// The same without anything from before.
  public Version whole(byte[] bytes) {
    return read(bytes, Before.none());
  }

  private Version read(byte[] bytes, Before known) {
    var decoded = TreeReader.decode(bytes, name, limits);
    if (decoded.broken() != null || TreeReader.json(name)) {
      return Version.of(TreeReader.parse(bytes, name, limits));
    }
    var text = TreeReader.unmarked(decoded.text());
    var simple = simple(text, known);
    return simple != null
        ? simple
        : new Version(new YamlComposer(Source.lent(name, text), limits).compose(), text, true);
  }

  private @Nullable Version simple(String text, Before known) {
    var next = known.next(text);
    var root = SimpleYaml.compose(Source.lent(name, text), limits, next, making);
    if (root == null) {
      return null;
    }
    before = next.done();
    var tree = new Parsed.Tree(root, List.of());
    return new Version(tree, text, !next.reused());
  }
}
