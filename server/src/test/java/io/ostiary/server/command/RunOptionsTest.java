package io.ostiary.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

final class RunOptionsTest {
  private static RunOptions byLibrary(String line) {
    var command = new RunCommand();
    var words = line.split(" ");
    new CommandLine(command).parseArgs(Arrays.copyOfRange(words, 1, words.length));
    return command.options();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run",
        "run --config a.yaml",
        "run --data /var/lib/x --loops 3",
        "run --control [::1]:9080 --take-over",
        "run --take-over --config a.yaml --data b --control 127.0.0.1:1 --loops 0"
      })
  void readsAPlainLineAsTheLibraryDoes(String line) {
    assertThat(RunOptions.parse(line.split(" "))).isEqualTo(byLibrary(line));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "check",
        "run --help",
        "run --loops",
        "run --loops many",
        "run --loops -1",
        "run --config=a.yaml",
        "run --config --data",
        "run extra",
        "run --unknown 1"
      })
  void leavesTheRestToTheLibrary(String line) {
    assertThat(RunOptions.parse(line.split(" "))).isNull();
  }

  @Test
  void understandsEveryOptionOfTheCommand() {
    for (var option : new CommandLine(new RunCommand()).getCommandSpec().options()) {
      var name = option.longestName();
      var line =
          option.arity().max() == 0 ? new String[] {"run", name} : new String[] {"run", name, "1"};
      assertThat(RunOptions.parse(line)).as(name).isNotNull();
    }
  }
}
