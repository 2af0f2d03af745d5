package io.ostiary.insight;

/// The store cannot be asked right now, or not within the time limit. The message is a sentence for
/// people; the live view goes on.
public final class HistoryUnavailableException extends RuntimeException {
  public HistoryUnavailableException(String message) {
    super(message);
  }

  public HistoryUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
