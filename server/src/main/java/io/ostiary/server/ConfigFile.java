package io.ostiary.server;

import io.ostiary.contract.config.ConfigRead;
import io.ostiary.contract.config.ConfigReader;
import io.ostiary.contract.config.ConfigSource;
import io.ostiary.contract.config.ConfigWatcher;
import io.ostiary.contract.openapi.OpenApiReader;
import io.ostiary.contract.tree.Fault;
import io.ostiary.control.Control;
import io.ostiary.control.SnapshotState.Flaw;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.model.Snapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The configuration file in force and every later version of it. A bad version is reported and
/// refused whole; what runs goes on. One lock: versions take turns.
final class ConfigFile implements AutoCloseable {
  private static final long LOOK_MILLIS = 500;
  private static final int REHEARSALS = 64;

  /// Between two of them, for there is something else to do after a start.
  private static final long REHEARSAL_PAUSE_MILLIS = 10;

  private static final long REHEARSED_BYTES_MAX = 64 << 10;

  private final Path file;
  private final ConfigSource source;
  private final Path data;
  private final Consumer<List<Policy<?>>> use;
  private final Thread policyWatch;
  private volatile PolicyList policies;
  private String seen;
  private final Control control;
  private final Progress progress;
  private final ConfigWatcher watcher;

  private ConfigFile(
      Path file,
      Path data,
      PolicyList policies,
      Consumer<List<Policy<?>>> use,
      Control control,
      Progress progress) {
    this.file = file;
    source = new ConfigSource(file);
    this.data = data;
    this.policies = policies;
    this.use = use;
    seen = policies.stamp();
    this.control = control;
    this.progress = progress;
    // Before the first reading, so that no change is missed.
    watcher = ConfigWatcher.start(source, this::changed);
    policyWatch = Thread.ofVirtual().name("policy-watcher").start(this::watchPolicies);
  }

  private void watchPolicies() {
    try {
      var before = seen;
      while (true) {
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        var now = PolicyList.stamp(PolicyList.folder(source, data));
        // A jar that is being copied differs from one look to the next.
        if (now.equals(before)) {
          policiesChanged(now);
        }
        before = now;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void policiesChanged(String stamp) {
    if (stamp.equals(seen)) {
      return;
    }
    seen = stamp;
    var next = PolicyList.load(PolicyList.folder(source, data));
    next.refusals().forEach(progress::line);
    var before = policies;
    policies = next;
    use.accept(next.all());
    var problems = load();
    if (problems.isEmpty()) {
      progress.say("policies of your own: %s", own(next));
      return;
    }
    policies = before;
    use.accept(before.all());
    problems.forEach(progress::line);
    progress.say("the policies' jars changed and do not fit %s: those before go on", file);
  }

  /// Their names, for people.
  static String own(PolicyList list) {
    var ours = ConfigFile.class.getClassLoader();
    var names =
        list.all().stream()
            .filter(policy -> !ours.equals(policy.getClass().getClassLoader()))
            .map(Policy::name)
            .toList();
    return names.isEmpty() ? "none" : String.join(", ", names);
  }

  /// Brings the file into force and then follows it.
  ///
  /// @throws UserError with every fault, when it is not good
  ///
  /// @param data where the folder of policies is that the file does not name
  /// @param use takes the policies of the configurations to come
  static ConfigFile open(
      Path file,
      Path data,
      PolicyList policies,
      Consumer<List<Policy<?>>> use,
      Control control,
      Progress progress) {
    var opened = new ConfigFile(file, data, policies, use, control, progress);
    var problems = opened.load();
    if (!problems.isEmpty()) {
      opened.close();
      throw new UserError(String.join("\n", problems));
    }
    return opened;
  }

  /// For after the start: from now on a change is told as soon as it is whole, where the kernel
  /// says so, and the first one is not the first that is read.
  void served() {
    boolean rehearsed = isShort() && namesNoDocument();
    var events = KernelFileEvents.open();
    if (events != null) {
      watcher.with(events, rehearsed);
    }
    if (rehearsed) {
      Thread.ofPlatform().daemon().name("config-rehearsal").start(this::rehearse);
    }
  }

  /// Code that has been run some times is quick: until it has, the reading of a short file takes
  /// four times as long, and to compare two of them 6 ms. Documents are large, so a file that names
  /// some is left alone. Ends where the file has changed meanwhile.
  private void rehearse() {
    @Nullable Snapshot before = null;
    var own = new ConfigSource(file);
    for (int i = 1; i <= REHEARSALS && isShort(); i++) {
      pause();
      own.turn();
      var read = ConfigReader.read(own, policies.settings(), new OpenApiReader());
      if (!(read instanceof ConfigRead.Understood(var next, var _))) {
        return;
      }
      var now = next.snapshot(i, Instant.EPOCH, next.kernel(), List.of(), List.of(), List.of());
      if (before != null && !BothPlanes.sameGateway(now, before)) {
        return;
      }
      before = now;
    }
  }

  private boolean namesNoDocument() {
    var running = control.state().running();
    return running != null && running.apis().stream().allMatch(api -> api.document() == null);
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(REHEARSAL_PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isShort() {
    try {
      return Files.size(file) <= REHEARSED_BYTES_MAX;
    } catch (IOException e) {
      return false;
    }
  }

  /// Reads it again, whether it has changed or not.
  void reload() {
    changed();
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
    return switch (ConfigReader.read(source, policies.settings(), new OpenApiReader())) {
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
    policyWatch.interrupt();
    watcher.close();
  }
}
