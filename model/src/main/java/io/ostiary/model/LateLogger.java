package io.ostiary.model;

import org.jspecify.annotations.Nullable;

/// A logger that is made when something is first logged. The first `System.getLogger` of a process
/// looks for a finder of loggers in every jar of the class path, and a start would wait for it.
/// Shared by all threads.
public final class LateLogger {
  private final String name;
  private volatile System.@Nullable Logger made;

  public LateLogger(String name) {
    this.name = name;
  }

  public System.Logger get() {
    var logger = made;
    if (logger == null) {
      logger = System.getLogger(name);
      made = logger;
    }
    return logger;
  }
}
