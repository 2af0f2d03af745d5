package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.contract.config.ConfigRead;
import io.ostiary.contract.config.ConfigReader;
import io.ostiary.contract.openapi.OpenApiReader;
import io.ostiary.gateway.Gateway;
import io.ostiary.gateway.spi.Policy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `docs/coming-from.md`: what its tables say is here must be here. Each policy in a table is put
/// into a file and compiled to a plan, and each setting must have its row in the documentation.
class ComingFromTest {
  private static final Pattern CODE = Pattern.compile("`([^`]+)`");

  /// What stands in a table beside policies and settings: values, commands, signals.
  private static final Set<String> OTHERS =
      Set.of(
          "/a",
          "/a/*",
          "/a/{id}",
          "/metrics",
          "SIGTERM",
          "SIGUSR2",
          "http2",
          "least-requests",
          "maglev",
          "random",
          "ring-hash",
          "source-hash",
          "when",
          "wait-max",
          "buffer: true");

  @TempDir Path directory;

  private final Map<String, Policy<?>> policies = new HashMap<>();
  private final Map<String, Class<? extends Record>> settings = new HashMap<>();

  ComingFromTest() {
    for (Policy<?> policy : ServiceLoader.load(Policy.class)) {
      policies.put(policy.name(), policy);
      settings.put(policy.name(), policy.settings());
    }
  }

  @Test
  void whatTheTablesNameIsHere() throws IOException {
    var documented = Files.readString(Path.of("../docs/configuration.md"));
    var unknown = new TreeSet<String>();
    int compiled = 0;
    for (var text : named()) {
      var name = text.split(":", 2)[0];
      if (policies.containsKey(name)) {
        compile(text);
        compiled++;
      } else if (!OTHERS.contains(text)
          && !text.startsWith("./ostiary ")
          && !Pattern.compile("\\| `" + Pattern.quote(text) + "[`.\\[]")
              .matcher(documented)
              .find()) {
        unknown.add(text);
      }
    }
    assertThat(unknown).isEmpty();
    assertThat(compiled).isGreaterThan(50);
  }

  /// What the right columns write as code.
  private static List<String> named() throws IOException {
    var named = new ArrayList<String>();
    for (var line : Files.readAllLines(Path.of("../docs/coming-from.md"))) {
      var cells = line.split(" \\| ", 2);
      if (line.startsWith("| ") && cells.length == 2) {
        var code = CODE.matcher(cells[1]);
        while (code.find()) {
          named.add(code.group(1));
        }
      }
    }
    return named;
  }

  private void compile(String use) throws IOException {
    var file = directory.resolve("ostiary.yaml");
    Files.writeString(
        file,
        """
        upstreams: [ { name: orders, targets: "127.0.0.1:9001", protocol: http2 } ]
        apis:
          - name: orders
            path: /
            upstream: orders
            policies:
              - %s
        """
            .formatted(use));
    var read = ConfigReader.read(file, settings, new OpenApiReader());
    assertThat(read).as(use).isInstanceOf(ConfigRead.Understood.class);
    var snapshot =
        ((ConfigRead.Understood) read)
            .configuration()
            .snapshot(1, Instant.EPOCH, List.of(), List.of(), List.of());
    assertThat(Gateway.check(List.copyOf(policies.values()), snapshot)).as(use).isEmpty();
  }
}
