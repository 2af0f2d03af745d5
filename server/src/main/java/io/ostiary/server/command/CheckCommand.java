package io.ostiary.server.command;

import io.ostiary.contract.config.ConfigRead;
import io.ostiary.contract.config.ConfigReader;
import io.ostiary.contract.config.ConfigSchema;
import io.ostiary.contract.config.Configuration;
import io.ostiary.contract.openapi.OpenApiReader;
import io.ostiary.contract.tree.Fault;
import io.ostiary.gateway.Gateway;
import io.ostiary.server.PolicyList;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
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
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "data",
      description = "Where the folder of your own policies is (default: ./data).")
  private Path data = Path.of("data");

  @Option(
      names = "--schema",
      description = "Print the JSON Schema of ostiary.yaml, for editors, and end.")
  private boolean schema;

  @Override
  public Integer call() {
    var out = spec.commandLine().getOut();
    if (schema) {
      out.println(ConfigSchema.json(policies().settings()));
      out.flush();
      return 0;
    }
    var policies = policies();
    policies.refusals().forEach(refusal -> out.println("warning: " + refusal));
    int exit =
        switch (ConfigReader.read(file, policies.settings(), new OpenApiReader())) {
          case ConfigRead.Refused(var faults) -> refused(out, faults);
          case ConfigRead.Understood(var configuration, var warnings) -> {
            warnings.forEach(warning -> out.println("warning: " + warning.render()));
            var faults = uncompiled(configuration, policies);
            yield faults.isEmpty() ? good(out, configuration) : refused(out, faults);
          }
        };
    out.flush();
    return exit;
  }

  private PolicyList policies() {
    return PolicyList.load(PolicyList.folder(file, data));
  }

  private int refused(PrintWriter out, List<Fault> faults) {
    faults.forEach(fault -> out.println(fault.render()));
    out.printf("%s: %s%n", file, counted(faults.size(), "fault"));
    return 1;
  }

  private int good(PrintWriter out, Configuration configuration) {
    long routes = configuration.apis().stream().mapToLong(api -> api.routes().size()).sum();
    out.printf(
        "%s is good: %s, %s, %s, %s%n",
        file,
        counted(configuration.apis().size(), "API"),
        counted(routes, "route"),
        counted(configuration.upstreams().size(), "upstream"),
        counted(configuration.kernel().rules().size(), "kernel rule"));
    return 0;
  }

  /// What only turns up where policies meet their routes.
  private static List<Fault> uncompiled(Configuration configuration, PolicyList policies) {
    var snapshot = configuration.snapshot(1, Instant.EPOCH, List.of(), List.of(), List.of());
    return Gateway.check(policies.all(), snapshot).stream()
        .map(fault -> configuration.fault(fault.policy(), fault.message()))
        .toList();
  }

  private static String counted(long number, String noun) {
    return number + " " + (number == 1 ? noun : noun + "s");
  }
}
