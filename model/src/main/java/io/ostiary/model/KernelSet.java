package io.ostiary.model;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A named set of addresses that rules refer to: blocklists, partners, own networks.
public record KernelSet(String name, Supply supply) {
  public static final Duration EVERY_MIN = Duration.ofSeconds(10);

  public KernelSet {
    Require.name("name", name);
  }

  /// What the sets hold that are written out; nothing of the others.
  public static Map<String, List<Cidr>> inline(List<KernelSet> sets) {
    return sets.stream()
        .collect(
            Collectors.toMap(
                KernelSet::name,
                set -> set.supply() instanceof Supply.Inline(var blocks) ? blocks : List.of()));
  }

  /// Where its blocks come from.
  public sealed interface Supply {
    record Inline(List<Cidr> blocks) implements Supply {
      public Inline {
        blocks = List.copyOf(blocks);
      }
    }

    /// @param every how often it is looked whether the file has changed
    /// @param read what it held when the configuration was read; null: it was not. No part of what
    ///   makes two sets the same
    record File(Path path, Duration every, @Nullable CidrFile read) implements Supply {
      public File {
        checked(every);
      }

      public File(Path path, Duration every) {
        this(path, every, null);
      }

      @Override
      public boolean equals(Object other) {
        return other instanceof File file && path.equals(file.path) && every.equals(file.every);
      }

      @Override
      public int hashCode() {
        return Objects.hash(path, every);
      }
    }

    /// @param every how often it is fetched
    record Web(URI address, Duration every) implements Supply {
      public Web {
        checked(every);
        if (!("http".equals(address.getScheme()) || "https".equals(address.getScheme()))
            || address.getHost() == null) {
          throw Require.invalid("url", address, "http://... or https://...");
        }
      }
    }
  }

  private static void checked(Duration every) {
    if (every.compareTo(EVERY_MIN) < 0) {
      throw Require.invalid("every", every.toMillis() + "ms", "at least 10s");
    }
  }
}
