package io.ostiary.contract.config;

import io.ostiary.contract.tree.Fault;
import io.ostiary.model.Document;
import io.ostiary.model.Route;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Reads the OpenAPI documents that a configuration names.
@FunctionalInterface
public interface ApiDocuments {
  /// @param file where it is
  /// @param name what faults call it
  Loaded load(Path file, String name);

  /// What became of a document.
  sealed interface Loaded {
    /// Every file that was asked for, the document itself among them, and what it held
    /// ([io.ostiary.contract.tree.FileDigests]): as long as all hold the same, the document need
    /// not be loaded again. Empty: nobody knows, it must be.
    Map<Path, String> files();

    /// @param routes one for each operation, without policies, with [Route#operation] set; paths
    ///   are relative to the API's path
    /// @param warnings what is odd in it and does no harm
    record Understood(
        Document document, List<Route> routes, List<Fault> warnings, Map<Path, String> files)
        implements Loaded {
      public Understood {
        routes = List.copyOf(routes);
        warnings = List.copyOf(warnings);
        files = Map.copyOf(files);
      }
    }

    record Refused(List<Fault> faults, Map<Path, String> files) implements Loaded {
      /// For whoever has no documents.
      static final Refused NOTHING = new Refused(List.of(), Map.of());

      public Refused {
        faults = List.copyOf(faults);
        files = Map.copyOf(files);
      }
    }
  }
}
