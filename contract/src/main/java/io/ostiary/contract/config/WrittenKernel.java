package io.ostiary.contract.config;

import io.ostiary.model.Cidr;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Alone;
import io.ostiary.model.setting.Bytes;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// `kernel` in `ostiary.yaml` as people write it.
@About("What the kernel side does")
record WrittenKernel(
    @About("Interfaces to watch: auto, off, or a list such as [ eth0 ]") @Default("auto")
        Interfaces interfaces,
    @About("Count what the rules would drop, and drop nothing") @Default("false") boolean dryRun,
    @About("Sources that no rule and no ban can refuse") @OrOne List<Cidr> management,
    @About("Which packets are kept out; allow wins over deny") List<WrittenRule> rules,
    @About("Named sets of addresses, which rules refer to") List<WrittenSet> sets,
    @About("How long a change waits for `ostiary confirm` before it is rolled back; 0s: not")
        @Default("0s")
        Duration confirm,
    @About("Without a sign of life for 3 s: open passes all, keep goes on, closed drops")
        @Default("open")
        KernelSettings.OnSilence onSilence,
    @About("Programs of your own that packets meet; see docs/kernel/stages.md") Stages stages,
    @About("What captures of packets keep and cost; see docs/kernel/capture.md") Capture capture) {

  @About("What captures of packets keep and cost")
  record Capture(
      @About("How far back packets are kept in memory before anybody asks; 0s: not at all")
          @Default("5s")
          Duration preTrigger,
      @About("Bytes of each of these, 64-2048") @Default("128") int snap,
      @About("cut: only headers are written to a file; keep: everything, with secrets masked")
          @Default("cut")
          Bodies bodies,
      @About("Header fields and query parameters that are secret, beside the usual ones") @OrOne
          Set<String> mask,
      @About("What the files of all captures may take together") @Bytes @Default("256MiB")
          long bytes) {}

  enum Bodies {
    CUT,
    KEEP
  }

  @About("Programs of your own that packets meet")
  record Stages(
      @About(
              "Folder of their objects (*.bpf.o), relative to this file; without it the folder"
                  + " stages in the data folder")
          @Nullable String folder,
      @About("What their tables say of APIs") List<StageNumber> numbers) {}

  @About("What a table of a stage says of an API")
  record StageNumber(
      @About("Name of the table, as the stage declares it") String table,
      @About("Name of an API") String api,
      @About("The number, 0-2147483647") int number) {}

  sealed interface Interfaces {
    @About("Every interface that is up and can carry traffic to a listener")
    record Auto() implements Interfaces {}

    @About("None: the kernel side does not run")
    record Off() implements Interfaces {}

    record Named(@Alone @About("Names such as eth0") List<String> names) implements Interfaces {
      private static final Pattern NAME = Pattern.compile("[^/\\s:]{1,15}");

      public Named {
        if (names.isEmpty()) {
          throw Require.invalid("interfaces", "an empty list", "auto, off or names");
        }
        for (var name : names) {
          if (!NAME.matcher(name).matches()) {
            throw Require.invalid(
                "interfaces", "'" + name + "'", "1-15 characters without '/', ':' and spaces");
          }
        }
      }
    }
  }
}
