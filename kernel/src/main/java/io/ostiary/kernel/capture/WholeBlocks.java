package io.ostiary.kernel.capture;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// The file of a capture up to the last whole block that is written, and with `follow` everything
/// that comes until it ends. Confined to one thread.
final class WholeBlocks extends InputStream {
  private static final long WAIT_MILLIS = 500;

  private final FileChannel file;
  private final @Nullable Recording recording;
  private final boolean follow;
  private final long sizeAtOpening;
  private final ByteBuffer buffer = ByteBuffer.allocate(64 * 1024).flip();
  private long position;

  /// @param recording null where it has ended
  WholeBlocks(Path path, @Nullable Recording recording, boolean follow) throws IOException {
    this.recording = recording;
    this.follow = follow;
    sizeAtOpening = recording == null ? Long.MAX_VALUE : recording.written();
    file = FileChannel.open(path, StandardOpenOption.READ);
  }

  /// Whether what comes next is there already.
  boolean ready() throws IOException {
    return buffer.hasRemaining() || position < limit();
  }

  private long limit() throws IOException {
    if (recording == null) {
      return file.size();
    }
    return follow ? recording.written() : Math.min(sizeAtOpening, file.size());
  }

  private boolean fill() throws IOException {
    while (position >= limit()) {
      var running = recording;
      if (!follow || running == null || !running.running()) {
        if (position >= limit()) {
          return false;
        }
        break;
      }
      try {
        running.await(position, WAIT_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while a capture was followed");
      }
    }
    buffer.clear();
    buffer.limit((int) Math.min(buffer.capacity(), limit() - position));
    int read = file.read(buffer, position);
    buffer.flip();
    position += Math.max(0, read);
    return read > 0;
  }

  @Override
  public int read() throws IOException {
    return buffer.hasRemaining() || fill() ? buffer.get() & 255 : -1;
  }

  @Override
  public int read(byte[] into, int from, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (!buffer.hasRemaining() && !fill()) {
      return -1;
    }
    int count = Math.min(length, buffer.remaining());
    buffer.get(into, from, count);
    return count;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
