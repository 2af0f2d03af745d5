package io.ostiary.contract.config;

import io.ostiary.contract.bind.Binder;
import io.ostiary.contract.tree.FollowedText;
import io.ostiary.contract.tree.Limits;
import io.ostiary.contract.tree.Node;
import io.ostiary.contract.tree.Parsed;
import io.ostiary.contract.tree.TreeReader;
import io.ostiary.model.KernelSettings;
import java.lang.ref.Reference;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Reads `ostiary.yaml`. Everything that is wrong is found in one reading: the text is bound to
/// records, and whether or not that works, references, names, paths and documents are checked on
/// the tree.
public final class ConfigReader {
  private ConfigReader() {}

  /// @param file faults name it as it is given here; documents are looked for beside it
  /// @param policies name and settings record of each policy that may be used
  /// @param documents reads the OpenAPI documents
  public static ConfigRead read(
      Path file, Map<String, Class<? extends Record>> policies, ApiDocuments documents) {
    return read(new ConfigSource(file), policies, documents);
  }

  /// The same of a file that others read as well.
  public static ConfigRead read(
      ConfigSource source, Map<String, Class<? extends Record>> policies, ApiDocuments documents) {
    synchronized (source.known()) {
      var version = source.version();
      var read = new Reading(source.file(), policies, documents, source.known()).of(version);
      if (read != null) {
        return read;
      }
      // There is something to say, and for that the places must be right.
      version = source.exact();
      read = new Reading(source.file(), policies, documents, source.known()).of(version);
      return Objects.requireNonNull(read, "an exact reading is good");
    }
  }

  /// Reads a text that is not in a file, or not yet.
  ///
  /// @param file where it would be
  public static ConfigRead parse(
      String text,
      Path file,
      Map<String, Class<? extends Record>> policies,
      ApiDocuments documents) {
    var parsed = TreeReader.parse(text, file.toString(), Limits.CONFIGURATION);
    var version = FollowedText.Version.of(parsed);
    var read = new Reading(file, policies, documents, new KnownApis()).of(version);
    return Objects.requireNonNull(read, "an exact reading is good");
  }

  /// The folder of policies that a file names, which must be known before the policies in it can be
  /// read; null where it names none or cannot be read.
  public static @Nullable Path policiesFolder(ConfigSource source) {
    var named =
        source.parsed() instanceof Parsed.Tree(var root, var _)
            ? Notes.text(root, "policies-folder")
            : null;
    return named == null ? null : beside(source.file().toAbsolutePath(), named.text());
  }

  /// A path that a configuration names; null: it is none.
  static @Nullable Path beside(Path file, String named) {
    try {
      return named.isBlank() ? null : file.resolveSibling(named).normalize();
    } catch (InvalidPathException e) {
      return null;
    }
  }

  /// Reads what [Configuration#kernelText] said, at another time.
  ///
  /// @param file where it stood
  /// @return null where it cannot be understood any more
  public static @Nullable KernelSettings kernel(String text, Path file) {
    var read =
        parse(
            "{\"kernel\": " + text + "}",
            file,
            Map.of(),
            (path, name) -> ApiDocuments.Loaded.Refused.NOTHING);
    return read instanceof ConfigRead.Understood(var configuration, var _)
        ? configuration.kernel()
        : null;
  }

  /// One reading of one version.
  private record Reading(
      Path file,
      Map<String, Class<? extends Record>> policies,
      ApiDocuments documents,
      KnownApis known) {

    /// Null: something is to be said of nodes that do not know where they stand.
    @Nullable ConfigRead of(FollowedText.Version version) {
      try {
        return read(version);
      } finally {
        known.end();
        // Nodes only borrow their text, and faults show it.
        Reference.reachabilityFence(version.text());
      }
    }

    private @Nullable ConfigRead read(FollowedText.Version version) {
      return switch (version.parsed()) {
        case Parsed.Broken(var faults) -> new ConfigRead.Refused(faults);
        case Parsed.Tree(var root, var faults) -> {
          var notes = new Notes(root);
          notes.faults(faults);
          var read = read(root, notes, version);
          boolean wrong = read instanceof ConfigRead.Refused || notes.misplaced();
          yield wrong && !version.exact() ? null : read;
        }
      };
    }

    private ConfigRead read(Node root, Notes notes, FollowedText.Version version) {
      var shapes = known.begin(policies);
      var binder = new Binder(known.kept());
      var written = binder.bind(shapes, Written.class, root, "document");
      notes.faults(binder.faults());
      var loaded = Documents.load(root, file, documents, known.documents(), notes);
      References.check(root, loaded, notes, known);
      if (written == null || notes.faulty()) {
        return new ConfigRead.Refused(notes.sortedFaults());
      }
      var places = new PolicyPlaces(binder.uses(), known.all(), shapes, root, version.text());
      var configuration = new Meaning(written, loaded, notes, known, places).configuration();
      if (configuration == null || notes.faulty()) {
        return new ConfigRead.Refused(notes.sortedFaults());
      }
      Overlaps.check(configuration.apis(), notes);
      RuleConflicts.check(configuration.kernel(), configuration.gateway().trustedProxies(), notes);
      return notes.faulty()
          ? new ConfigRead.Refused(notes.sortedFaults())
          : new ConfigRead.Understood(configuration, notes.sortedWarnings());
    }
  }
}
