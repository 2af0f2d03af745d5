package io.ostiary.server;

import io.ostiary.server.command.RunOptions;
import java.io.PrintWriter;
import java.nio.file.Path;

/// Where the process begins. A start that is written plainly does not wait for the library that
/// reads command lines: it takes a fifth of a second on one core, and the start-up cache holds none
/// of its classes, whose format is too old for it.
public final class Main {
  /// What the launcher runs to make the start-up cache; a folder of its own follows.
  private static final String WARM_UP = "warm-up";

  private Main() {}

  public static void main(String[] arguments) throws Exception {
    System.exit(run(arguments));
  }

  private static int run(String[] arguments) throws Exception {
    var out = new PrintWriter(System.out, true, System.out.charset());
    if (arguments.length == 2 && arguments[0].equals(WARM_UP)) {
      WarmUp.run(Path.of(arguments[1]), out);
      return 0;
    }
    var options = RunOptions.parse(arguments);
    if (options == null) {
      return Commands.run(arguments);
    }
    try {
      return options.serve(out);
    } catch (UserError e) {
      System.err.println(e.getMessage());
      return 1;
    }
  }
}
