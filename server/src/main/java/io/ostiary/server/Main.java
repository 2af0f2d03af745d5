package io.ostiary.server;

import io.ostiary.server.command.RunOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;

/// Where the process begins. A start that is written plainly does not wait for the library that
/// reads command lines: it takes a fifth of a second on one core, and the start-up cache holds none
/// of its classes, whose format is too old for it.
public final class Main {
  /// What the launcher runs to make the start-up cache; a folder of its own follows, and "kernel"
  /// where the kernel side may run.
  private static final String WARM_UP = "warm-up";

  private static final String SELECTORS = "java.nio.channels.spi.SelectorProvider";

  private Main() {}

  public static void main(String[] arguments) throws Exception {
    chooseSelectors();
    System.exit(run(arguments));
  }

  private static int warmUp(String[] arguments, PrintWriter out) throws InterruptedException {
    try {
      WarmUp.run(Path.of(arguments[1]), arguments.length > 2, out);
      return 0;
    } catch (IOException | RuntimeException e) {
      e.printStackTrace(); // and no thread that is left keeps the launcher waiting
      return 1;
    }
  }

  /// Names what the JDK would take anyway, once it had looked through all of the class path for
  /// something else. Netty asks for it, though it then uses io_uring.
  private static void chooseSelectors() {
    if (System.getProperty(SELECTORS) == null && System.getProperty("os.name").equals("Linux")) {
      System.setProperty(SELECTORS, "sun.nio.ch.EPollSelectorProvider");
    }
  }

  private static int run(String[] arguments) throws Exception {
    var out = new PrintWriter(System.out, true, System.out.charset());
    if (arguments.length >= 2 && arguments[0].equals(WARM_UP)) {
      return warmUp(arguments, out);
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
