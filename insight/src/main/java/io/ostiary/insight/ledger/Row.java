package io.ostiary.insight.ledger;

import io.ostiary.model.Blame;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Where a row's fixed fields are, little-endian. What people filter by and what is summed lies
/// here; the rest follows from `DETAIL` on in a form that [RowWriter] and [RowReader] share.
public final class Row {
  /// Of the whole row, 4 bytes.
  public static final int LENGTH = 0;

  public static final int CALL = 4;
  public static final int START_MILLIS = 12;
  public static final int DURATION_MICROS = 20;
  public static final int STATUS = 28;
  public static final int UPSTREAM_STATUS = 30;
  public static final int BLAME = 32;
  public static final int CLIENT_LENGTH = 33;
  public static final int API = 36;
  public static final int ROUTE = 40;
  public static final int CONSUMER = 44;
  public static final int REASON = 48;
  public static final int UPSTREAM = 52;
  public static final int REQUEST_BYTES = 56;
  public static final int RESPONSE_BYTES = 64;
  public static final int CLIENT = 72;

  /// Of the call on its client's connection, as the kernel counted; absent in rows of version 0.
  public static final int PACKETS_IN = 88;

  public static final int PACKETS_OUT = 92;

  /// Segments that either side sent again.
  public static final int RESENT = 96;

  /// How the row is laid out. Rows of version 0 end their fixed part before the packets.
  public static final int VERSION = 34;

  public static final int VERSION_NOW = 1;

  /// Bits that [#SAMPLED] and others name.
  public static final int FLAGS = 35;

  /// Somebody wants spans of the call.
  public static final int SAMPLED = 1;

  /// The client's connection was encrypted.
  public static final int SECURE = 2;

  static final int DETAIL = 104;
  private static final int DETAIL_0 = 88;

  private static final VarHandle SHORTS =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private Row() {}

  /// How blame is written on disk: it must not follow the order of the enum.
  public static int code(Blame blame) {
    return switch (blame) {
      case NONE -> 0;
      case CLIENT -> 1;
      case KERNEL -> 2;
      case POLICY -> 3;
      case UPSTREAM -> 4;
      case GATEWAY -> 5;
    };
  }

  public static Blame blame(int code) {
    return switch (code) {
      case 0 -> Blame.NONE;
      case 1 -> Blame.CLIENT;
      case 2 -> Blame.KERNEL;
      case 3 -> Blame.POLICY;
      case 4 -> Blame.UPSTREAM;
      case 5 -> Blame.GATEWAY;
      default -> throw new IllegalStateException("blame code: " + code + " (expected: 0-5)");
    };
  }

  /// Where the rest of a row begins.
  static int detail(byte[] bytes, int at) {
    return at + (bytes[at + VERSION] == 0 ? DETAIL_0 : DETAIL);
  }

  /// A field that rows of version 0 do not have: then 0.
  public static long getLater(byte[] bytes, int at, int field) {
    return bytes[at + VERSION] == 0 ? 0 : Integer.toUnsignedLong(getInt(bytes, at + field));
  }

  public static int getShort(byte[] bytes, int at) {
    return (short) SHORTS.get(bytes, at);
  }

  public static int getInt(byte[] bytes, int at) {
    return (int) INTS.get(bytes, at);
  }

  public static long getLong(byte[] bytes, int at) {
    return (long) LONGS.get(bytes, at);
  }

  static void putShort(byte[] bytes, int at, int value) {
    SHORTS.set(bytes, at, (short) value);
  }

  public static void putInt(byte[] bytes, int at, int value) {
    INTS.set(bytes, at, value);
  }

  public static void putLong(byte[] bytes, int at, long value) {
    LONGS.set(bytes, at, value);
  }
}
