package io.ostiary.policies;

import io.ostiary.contract.bind.Binder;
import io.ostiary.contract.bind.Shapes;
import io.ostiary.contract.tree.Limits;
import io.ostiary.contract.tree.Parsed;
import io.ostiary.contract.tree.TreeReader;
import io.ostiary.gateway.spi.Policy;
import java.util.Map;

/// Settings made of what people write, with the defaults that they get: a test says what it is
/// about, and a new setting changes no test.
final class WrittenSettings {
  private WrittenSettings() {}

  /// @param text YAML, what stands behind the policy's name
  /// @throws IllegalArgumentException where it has faults, with the first of them
  static <S extends Record> S of(Policy<S> policy, String text) {
    if (!(TreeReader.parse(text, policy.name(), Limits.CONFIGURATION)
        instanceof Parsed.Tree tree)) {
      throw new AssertionError(policy.name() + ": no YAML: " + text);
    }
    var binder = new Binder();
    var settings = binder.bind(new Shapes(Map.of()), policy.settings(), tree.root(), policy.name());
    if (settings == null) {
      throw new IllegalArgumentException(binder.faults().getFirst().message());
    }
    return settings;
  }
}
