package io.ostiary.model.capture;

/// A capture that cannot begin, or something that cannot be done with it; the message says why and
/// what to do.
public final class CaptureRefusedException extends Exception {
  private static final long serialVersionUID = 1;

  public CaptureRefusedException(String message) {
    super(message);
  }
}
