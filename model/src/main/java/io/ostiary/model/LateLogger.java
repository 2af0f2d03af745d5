package io.ostiary.model;

import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/// A logger of the JDK by its name, which is only asked for when something is said. The first
/// [System#getLogger] of a process looks through all of the class path, and a start has nothing to
/// say mostly.
///
/// @param name of the logger
public record LateLogger(String name) implements System.Logger {
  private System.Logger found() {
    return System.getLogger(name);
  }

  @Override
  public String getName() {
    return name;
  }

  @Override
  public boolean isLoggable(Level level) {
    return found().isLoggable(level);
  }

  @Override
  public void log(
      Level level, @Nullable ResourceBundle bundle, String words, @Nullable Throwable thrown) {
    found().log(level, bundle, words, thrown);
  }

  @Override
  public void log(
      Level level, @Nullable ResourceBundle bundle, String words, @Nullable Object... values) {
    found().log(level, bundle, words, values);
  }
}
