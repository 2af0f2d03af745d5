package io.ostiary.control;

/// The admin API could not do what the command line asked. The message is for the person at the
/// terminal, as it is.
public final class AdminException extends Exception {
  private final int status;
  private final boolean asked;

  AdminException(int status, String message) {
    this(status, message, true);
  }

  private AdminException(int status, String message, boolean asked) {
    super(message);
    this.status = status;
    this.asked = asked;
  }

  /// Nobody was there to be asked, so asking again does nothing twice.
  static AdminException unasked(String message) {
    return new AdminException(0, message, false);
  }

  /// Whether the question may have reached anybody.
  public boolean wasAsked() {
    return asked;
  }

  /// What the API answered; 0: it did not.
  public int status() {
    return status;
  }
}
