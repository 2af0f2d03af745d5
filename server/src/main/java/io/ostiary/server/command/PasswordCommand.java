package io.ostiary.server.command;

import io.ostiary.server.UserError;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `ostiary password CONSUMER USER`: adds a user name and a password, and the consumer where there
/// is none of this name. The password is asked for, so that it is in no history of a shell.
@Command(
    name = "password",
    description = "Add a user name and a password to a consumer, for the policy basic-auth.")
public final class PasswordCommand implements Callable<Integer> {
  @Mixin private AdminOptions admin;
  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "CONSUMER", description = "A name; made where it is new.")
  private String name = "";

  @Parameters(index = "1", paramLabel = "USER", description = "The user name to sign in with.")
  private String user = "";

  @Override
  public Integer call() throws InterruptedException {
    var password = password();
    admin.ask(client -> client.createPassword(name, user, password));
    var out = spec.commandLine().getOut();
    out.println(user + " can sign in as " + name);
    out.flush();
    return 0;
  }

  /// From the terminal without showing it, else the first line of the standard input.
  @SuppressWarnings("SystemConsoleNull") // It still is null where the JDK was told so.
  private static String password() {
    var console = System.console();
    if (console != null && console.isTerminal()) {
      var typed = console.readPassword("Password (12 characters or more): ");
      return typed == null ? "" : new String(typed);
    }
    try {
      var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      var line = in.readLine();
      return line == null ? "" : line;
    } catch (IOException e) {
      throw new UserError("the password cannot be read from the standard input: " + e.getMessage());
    }
  }
}
