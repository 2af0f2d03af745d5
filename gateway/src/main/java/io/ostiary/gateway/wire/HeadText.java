package io.ostiary.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.ostiary.model.CallId;
import java.util.Arrays;

/// The text of a head of HTTP/1.1 while it is written: an array of bytes that grows, copied into a
/// buffer at once when it is whole. A head is put together from some thirty pieces, and a buffer of
/// Netty's looks at its bounds, its life and its memory for each.
///
/// Each event loop has one for what is used up within the same event. Confined to its event loop.
public final class HeadText {
  private static final int FIRST_BYTES = 4096;

  /// What one very long head needed is not kept for all that follow.
  private static final int KEPT_BYTES_MAX = 64 * 1024;

  /// As many digits as a long has.
  private static final int DIGITS_MAX = 19;

  private static final byte[] HEX = Bytes.of("0123456789abcdef");

  private byte[] bytes = new byte[FIRST_BYTES];
  private int length;

  /// Begins another text.
  public HeadText clear() {
    if (bytes.length > KEPT_BYTES_MAX) {
      bytes = new byte[FIRST_BYTES];
    }
    length = 0;
    return this;
  }

  /// The text is `[0, length())` of it. Shared: do not write to it.
  public byte[] bytes() {
    return bytes;
  }

  public int length() {
    return length;
  }

  private void room(int more) {
    if (length + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
    }
  }

  public HeadText put(byte[] text) {
    return put(text, 0, text.length);
  }

  public HeadText put(byte[] text, int from, int size) {
    room(size);
    System.arraycopy(text, from, bytes, length, size);
    length += size;
    return this;
  }

  /// One character of ASCII.
  public HeadText put(char c) {
    room(1);
    bytes[length++] = (byte) c;
    return this;
  }

  /// Characters of ASCII.
  @SuppressWarnings("deprecation") // Nothing else copies the bytes of a String into an array.
  public HeadText put(String ascii) {
    int size = ascii.length();
    room(size);
    ascii.getBytes(0, size, bytes, length);
    length += size;
    return this;
  }

  /// CR LF.
  public HeadText endLine() {
    room(2);
    bytes[length] = '\r';
    bytes[length + 1] = '\n';
    length += 2;
    return this;
  }

  /// @param number 0 or more
  public HeadText decimal(long number) {
    room(DIGITS_MAX);
    int digits = 1;
    for (long rest = number; rest >= 10; rest /= 10) {
      digits++;
    }
    long rest = number;
    for (int i = length + digits - 1; i >= length; i--) {
      bytes[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    length += digits;
    return this;
  }

  /// 16 hexadecimal digits of lower case.
  public HeadText hex16(long number) {
    room(16);
    var to = bytes;
    int at = length;
    for (int i = 0; i < 16; i++) {
      to[at + i] = HEX[(int) (number >>> (60 - 4 * i)) & 15];
    }
    length = at + 16;
    return this;
  }

  /// A call's id as [CallId] writes it.
  public HeadText callId(long id) {
    room(CallId.LENGTH);
    CallId.write(id, bytes, length);
    length += CallId.LENGTH;
    return this;
  }

  public void copyTo(ByteBuf out) {
    out.writeBytes(bytes, 0, length);
  }
}
