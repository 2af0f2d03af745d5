package io.ostiary.insight.log;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;

/// Lines on the standard output, beside what the process says there itself.
final class StdoutSink implements Sink {
  private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);

  @Override
  public void write(byte[] bytes, int[] ends, int lines) throws IOException {
    out.write(bytes, 0, ends[lines - 1]);
  }

  @Override
  public void close() {
    // It is the process's, not ours.
  }
}
