package io.ostiary.server;

import io.ostiary.contract.config.ConfigRead;
import io.ostiary.contract.config.ConfigReader;
import io.ostiary.contract.config.ConfigWatcher;
import io.ostiary.contract.openapi.OpenApiReader;
import io.ostiary.contract.tree.Fault;
import io.ostiary.control.Control;
import io.ostiary.control.SnapshotState.Flaw;
import java.nio.file.Path;
import java.util.List;

/// The configuration file in force and every later version of it. A bad version is reported and
/// refused whole; what runs goes on. One lock: versions take turns.
final class ConfigFile implements AutoCloseable {
  private final Path file;
  private final PolicyList policies;
  private final Control control;
  private final Progress progress;
  private final ConfigWatcher watcher;

  private ConfigFile(Path file, PolicyList policies, Control control, Progress progress) {
    this.file = file;
    this.policies = policies;
    this.control = control;
    this.progress = progress;
    // Before the first reading, so that no change is missed.
    watcher = ConfigWatcher.start(file, this::changed);
  }

  /// Brings the file into force and then follows it.
  ///
  /// @throws UserError with every fault, when it is not good
  static ConfigFile open(Path file, PolicyList policies, Control control, Progress progress) {
    var opened = new ConfigFile(file, policies, control, progress);
    var problems = opened.load();
    if (!problems.isEmpty()) {
      opened.close();
      throw new UserError(String.join("\n", problems));
    }
    return opened;
  }

  private synchronized void changed() {
    var problems = load();
    problems.forEach(progress::line);
    progress.say(
        problems.isEmpty() ? "%s is in force: plan %d" : "%s is refused: plan %d goes on",
        file,
        control.state().version());
  }

  /// What is wrong, ready to print; empty when it is in force.
  private synchronized List<String> load() {
    return switch (ConfigReader.read(file, policies.settings(), new OpenApiReader())) {
      case ConfigRead.Refused(var faults) -> {
        control.refuse(file.toString(), faults);
        yield faults.stream().map(Fault::render).toList();
      }
      case ConfigRead.Understood(var configuration, var warnings) -> {
        warnings.forEach(warning -> progress.say("warning: %s", warning.render()));
        var flaws = control.publish(file.toString(), configuration);
        yield flaws.stream().map(ConfigFile::render).toList();
      }
    };
  }

  private static String render(Flaw flaw) {
    return flaw.file() == null
        ? flaw.message()
        : "%s:%d:%d: %s".formatted(flaw.file(), flaw.line(), flaw.column(), flaw.message());
  }

  @Override
  public void close() {
    watcher.close();
  }
}
