package io.ostiary.contract.config;

import io.ostiary.contract.tree.Fault;
import io.ostiary.model.Document;
import io.ostiary.model.Route;
import java.nio.file.Path;
import java.util.List;

/// Reads the OpenAPI documents that a configuration names.
@FunctionalInterface
public interface ApiDocuments {
  /// @param file where it is
  /// @param name what faults call it
  Loaded load(Path file, String name);

  /// What became of a document.
  sealed interface Loaded {
    /// @param routes one for each operation, without policies, with [Route#operation] set; paths
    ///   are relative to the API's path
    /// @param warnings what is odd in it and does no harm
    record Understood(Document document, List<Route> routes, List<Fault> warnings)
        implements Loaded {
      public Understood {
        routes = List.copyOf(routes);
        warnings = List.copyOf(warnings);
      }
    }

    record Refused(List<Fault> faults) implements Loaded {
      public Refused {
        faults = List.copyOf(faults);
      }
    }
  }
}
