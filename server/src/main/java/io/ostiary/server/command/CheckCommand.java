package io.ostiary.server.command;

import io.ostiary.contract.config.ConfigRead;
import io.ostiary.contract.config.ConfigReader;
import io.ostiary.contract.openapi.OpenApiReader;
import io.ostiary.server.PolicyList;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `ostiary check FILE`: everything that is wrong with a configuration, at once.
@Command(
    name = "check",
    description =
        "Check a configuration: 0 where it is good, 1 with file:line:column of each fault.")
public final class CheckCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FILE", defaultValue = "ostiary.yaml")
  private Path file = Path.of("ostiary.yaml");

  @Override
  public Integer call() {
    var out = spec.commandLine().getOut();
    var read = ConfigReader.read(file, PolicyList.load().settings(), new OpenApiReader());
    int exit =
        switch (read) {
          case ConfigRead.Refused(var faults) -> {
            faults.forEach(fault -> out.println(fault.render()));
            out.printf("%s: %d faults%n", file, faults.size());
            yield 1;
          }
          case ConfigRead.Understood(var configuration, var warnings) -> {
            warnings.forEach(warning -> out.println("warning: " + warning.render()));
            long routes = configuration.apis().stream().mapToLong(api -> api.routes().size()).sum();
            out.printf(
                "%s is good: %d APIs, %d routes, %d upstreams, %d kernel rules%n",
                file,
                configuration.apis().size(),
                routes,
                configuration.upstreams().size(),
                configuration.kernel().rules().size());
            yield 0;
          }
        };
    out.flush();
    return exit;
  }
}
