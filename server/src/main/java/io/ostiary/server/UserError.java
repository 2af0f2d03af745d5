package io.ostiary.server;

/// Something the person at the command line can repair; its message is all that is shown.
public final class UserError extends RuntimeException {
  private static final long serialVersionUID = 1;

  public UserError(String message) {
    super(message);
  }
}
