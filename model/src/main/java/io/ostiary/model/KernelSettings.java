package io.ostiary.model;

import io.ostiary.model.capture.CaptureSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What the kernel side is asked to do.
///
/// @param interfaces which network interfaces to watch
/// @param dryRun count what the rules would drop, and drop nothing
/// @param management sources that no rule and no ban can ever refuse
/// @param sets of addresses that the rules refer to by name
/// @param stages programs that users bring
/// @param captures what captures may keep and cost
public record KernelSettings(
    Interfaces interfaces,
    boolean dryRun,
    List<Cidr> management,
    List<KernelRule> rules,
    List<KernelSet> sets,
    Safety safety,
    Stages stages,
    CaptureSettings captures) {
  public KernelSettings {
    management = List.copyOf(management);
    rules = List.copyOf(rules);
    sets = List.copyOf(sets);
  }

  public KernelSettings(
      Interfaces interfaces, boolean dryRun, List<Cidr> management, List<KernelRule> rules) {
    this(
        interfaces,
        dryRun,
        management,
        rules,
        List.of(),
        Safety.DEFAULT,
        Stages.NONE,
        CaptureSettings.DEFAULT);
  }

  public KernelSettings withoutRules() {
    return new KernelSettings(
        interfaces, dryRun, management, List.of(), sets, safety, stages, captures);
  }

  /// Whether both do the same to packets, however long each may be on trial.
  public boolean sameEffect(KernelSettings other) {
    return unconfirmed().equals(other.unconfirmed());
  }

  private KernelSettings unconfirmed() {
    var same = new Safety(Duration.ZERO, safety.onSilence());
    var any = CaptureSettings.DEFAULT;
    return new KernelSettings(interfaces, dryRun, management, rules, sets, same, stages, any);
  }

  public static final KernelSettings OFF =
      new KernelSettings(new Interfaces.Off(), false, List.of(), List.of());

  /// What keeps a mistake from cutting off those who run the host.
  ///
  /// @param confirm how long changed settings wait to be confirmed before those before come back;
  ///   zero: they are in force for good at once
  public record Safety(Duration confirm, OnSilence onSilence) {
    public static final Duration CONFIRM_MIN = Duration.ofSeconds(5);
    public static final Duration CONFIRM_MAX = Duration.ofHours(1);
    public static final Safety DEFAULT = new Safety(Duration.ZERO, OnSilence.OPEN);

    public Safety {
      if (!confirm.isZero()
          && (confirm.compareTo(CONFIRM_MIN) < 0 || confirm.compareTo(CONFIRM_MAX) > 0)) {
        throw Require.invalid("confirm", confirm.toSeconds() + "s", "5s-1h, or 0s for none");
      }
    }
  }

  /// What the programs do when this process gives no sign of life.
  public enum OnSilence {
    /// Pass everything.
    OPEN,
    /// Go on with the rules as they are.
    KEEP,
    /// Pass only what no rule could refuse: management, operators' sessions, and what the host
    /// needs to stay reachable.
    CLOSED
  }

  /// Which interfaces the programs are attached to.
  public sealed interface Interfaces {
    /// Every interface that is up and can carry traffic to a listener.
    record Auto() implements Interfaces {}

    /// None: the kernel side does not run.
    record Off() implements Interfaces {}

    record Named(List<String> names) implements Interfaces {
      public Named {
        names = List.copyOf(names);
      }
    }

    /// Whether an interface can have this name.
    static void check(String field, String name) {
      boolean fits =
          !name.isBlank() && name.length() <= 15 && name.chars().noneMatch(Interfaces::foreign);
      if (!fits) {
        throw Require.invalid(
            field, "'" + name + "'", "1-15 characters without '/', ':' and spaces");
      }
    }

    private static boolean foreign(int c) {
      return c <= ' ' || c == 0x7f || c == '/' || c == ':';
    }
  }

  /// Users' own programs, and numbers that these are told.
  ///
  /// @param folder where they are; null for the folder `stages` in the data folder
  public record Stages(@Nullable Path folder, List<StageNumber> numbers) {
    public static final Stages NONE = new Stages(null, List.of());

    public Stages {
      numbers = List.copyOf(numbers);
    }

    /// The same with a folder in any case.
    public Stages orIn(Path otherwise) {
      return folder == null ? new Stages(otherwise, numbers) : this;
    }
  }

  /// @param table a map of a stage that holds a number for each API
  public record StageNumber(String table, String api, int number) {
    private static final Pattern TABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,126}");

    public StageNumber {
      if (!TABLE.matcher(table).matches()) {
        throw Require.invalid("table", "'" + table + "'", "the name of a map, such as dscp_by_api");
      }
      Require.name("api", api);
    }
  }
}
