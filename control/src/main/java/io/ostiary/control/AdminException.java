package io.ostiary.control;

/// The admin API could not do what the command line asked. The message is for the person at the
/// terminal, as it is.
public final class AdminException extends Exception {
  private final int status;

  AdminException(int status, String message) {
    super(message);
    this.status = status;
  }

  /// What the API answered; 0: it did not.
  public int status() {
    return status;
  }
}
