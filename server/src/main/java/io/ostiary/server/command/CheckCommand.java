package io.ostiary.server.command;

import io.ostiary.contract.config.ConfigRead;
import io.ostiary.contract.config.ConfigReader;
import io.ostiary.contract.config.ConfigSchema;
import io.ostiary.contract.openapi.OpenApiReader;
import io.ostiary.server.PolicyList;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
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

  @Option(
      names = "--schema",
      description = "Print the JSON Schema of ostiary.yaml, for editors, and end.")
  private boolean schema;

  @Override
  public Integer call() {
    var out = spec.commandLine().getOut();
    if (schema) {
      out.println(ConfigSchema.json(PolicyList.load().settings()));
      out.flush();
      return 0;
    }
    var read = ConfigReader.read(file, PolicyList.load().settings(), new OpenApiReader());
    int exit =
        switch (read) {
          case ConfigRead.Refused(var faults) -> {
            faults.forEach(fault -> out.println(fault.render()));
            out.printf("%s: %s%n", file, counted(faults.size(), "fault"));
            yield 1;
          }
          case ConfigRead.Understood(var configuration, var warnings) -> {
            warnings.forEach(warning -> out.println("warning: " + warning.render()));
            long routes = configuration.apis().stream().mapToLong(api -> api.routes().size()).sum();
            out.printf(
                "%s is good: %s, %s, %s, %s%n",
                file,
                counted(configuration.apis().size(), "API"),
                counted(routes, "route"),
                counted(configuration.upstreams().size(), "upstream"),
                counted(configuration.kernel().rules().size(), "kernel rule"));
            yield 0;
          }
        };
    out.flush();
    return exit;
  }

  private static String counted(long number, String noun) {
    return number + " " + (number == 1 ? noun : noun + "s");
  }
}
