package io.ostiary.server;

import com.google.errorprone.annotations.FormatMethod;
import java.io.PrintWriter;

/// What a person at the terminal is told while Ostiary starts, runs and ends: one line for each
/// thing, at once. Shared; lines never mix.
public final class Progress {
  private final PrintWriter out;

  public Progress(PrintWriter out) {
    this.out = out;
  }

  /// Something that was done or happened.
  @FormatMethod
  public synchronized void say(String format, Object... arguments) {
    out.println("ostiary: " + format.formatted(arguments));
    out.flush();
  }

  /// A line that somebody may want to copy, as it is.
  synchronized void line(String text) {
    out.println(text);
    out.flush();
  }
}
