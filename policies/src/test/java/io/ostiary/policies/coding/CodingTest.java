package io.ostiary.policies.coding;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.spi.BodyOut;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CodingTest {
  private static final byte[] TEXT =
      "{\"name\":\"a name that comes again and again\",\"n\":12345}"
          .repeat(4000)
          .getBytes(StandardCharsets.UTF_8);

  private static final class Collected implements BodyOut {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Override
    public void write(ByteBuffer from) {
      var copy = new byte[from.remaining()];
      from.get(copy);
      bytes.writeBytes(copy);
    }

    @Override
    public void write(byte[] from, int start, int length) {
      bytes.write(from, start, length);
    }

    @Override
    public int length() {
      return bytes.size();
    }
  }

  private static byte[] encode(Coding coding, byte[] plain, int pieceMax, boolean flush) {
    var random = new Random(7);
    var out = new Collected();
    try (var encoder = coding.encoder(4)) {
      int at = 0;
      while (at < plain.length) {
        int length = Math.min(plain.length - at, 1 + random.nextInt(pieceMax));
        encoder.encode(ByteBuffer.wrap(plain, at, length).asReadOnlyBuffer(), flush, false, out);
        at += length;
      }
      encoder.encode(ByteBuffer.allocate(0), flush, true, out);
    }
    return out.bytes.toByteArray();
  }

  private static Decoder.Result decode(
      Coding coding, byte[] coded, int pieceMax, long most, int ratio, Collected out) {
    var random = new Random(11);
    var room = new Room(most, ratio, out);
    try (var decoder = coding.decoder()) {
      int at = 0;
      while (at < coded.length) {
        int length = Math.min(coded.length - at, 1 + random.nextInt(pieceMax));
        var piece = ByteBuffer.wrap(coded, at, length).asReadOnlyBuffer();
        at += length;
        var result = decoder.decode(piece, at == coded.length, room.piece(length, out));
        if (result != Decoder.Result.DONE) {
          return result;
        }
      }
      return Decoder.Result.DONE;
    }
  }

  @ParameterizedTest
  @EnumSource(names = "DEFLATE", mode = EnumSource.Mode.EXCLUDE)
  void whatIsEncodedInAnyPiecesCanBeDecodedInAnyOthers(Coding coding) {
    for (int pieceMax : new int[] {1, 7, 1000, 100_000, TEXT.length}) {
      for (boolean flush : new boolean[] {false, true}) {
        var plain = pieceMax == 1 ? Arrays.copyOf(TEXT, 3000) : TEXT;
        var coded = encode(coding, plain, pieceMax, flush);
        var out = new Collected();
        assertThat(decode(coding, coded, pieceMax, 1 << 30, 1_000_000, out))
            .isEqualTo(Decoder.Result.DONE);
        assertThat(out.bytes.toByteArray()).isEqualTo(plain);
      }
    }
    assertThat(encode(coding, TEXT, TEXT.length, false).length).isLessThan(TEXT.length / 20);
  }

  @ParameterizedTest
  @EnumSource(names = "DEFLATE", mode = EnumSource.Mode.EXCLUDE)
  void aFlushedPieceCanBeReadAtOnce(Coding coding) {
    var coded = new Collected();
    var out = new Collected();
    var room = new Room(1 << 20, 1000, out);
    try (var encoder = coding.encoder(4);
        var decoder = coding.decoder()) {
      for (var event : new String[] {"data: 1\n\n", "data: 2\n\n"}) {
        coded.bytes.reset();
        out.bytes.reset();
        encoder.encode(ByteBuffer.wrap(event.getBytes(StandardCharsets.UTF_8)), true, false, coded);
        var piece = ByteBuffer.wrap(coded.bytes.toByteArray());
        assertThat(decoder.decode(piece, false, room.piece(piece.remaining(), out)))
            .isEqualTo(Decoder.Result.DONE);
        assertThat(out.bytes.toString(StandardCharsets.UTF_8)).isEqualTo(event);
      }
    }
  }

  @Test
  void theJdkReadsOurGzipAndWeReadItsOwn() throws IOException {
    var ours = encode(Coding.GZIP, TEXT, 5000, true);
    assertThat(new GZIPInputStream(new ByteArrayInputStream(ours)).readAllBytes()).isEqualTo(TEXT);

    var theirs = new ByteArrayOutputStream();
    for (int member = 0; member < 2; member++) {
      try (var gzip = new GZIPOutputStream(theirs)) {
        gzip.write(TEXT);
      }
    }
    var out = new Collected();
    assertThat(decode(Coding.GZIP, theirs.toByteArray(), 3, 1 << 30, 100_000, out))
        .isEqualTo(Decoder.Result.DONE);
    assertThat(out.length()).isEqualTo(2 * TEXT.length);

    var zlib = new ByteArrayOutputStream();
    try (var deflate = new DeflaterOutputStream(zlib)) {
      deflate.write(TEXT);
    }
    out.bytes.reset();
    assertThat(decode(Coding.DEFLATE, zlib.toByteArray(), 100, 1 << 30, 100_000, out))
        .isEqualTo(Decoder.Result.DONE);
    assertThat(out.bytes.toByteArray()).isEqualTo(TEXT);
  }

  @Test
  void readsEveryPartOfAGzipHead() {
    var plain = encode(Coding.GZIP, "hello".getBytes(StandardCharsets.UTF_8), 100, false);
    var head = new ByteArrayOutputStream();
    head.write(plain, 0, 3);
    head.write(2 | 4 | 8 | 16);
    head.write(plain, 4, 6);
    head.writeBytes(new byte[] {3, 0, 'x', 'y', 'z'});
    head.writeBytes("name\0comment\0".getBytes(StandardCharsets.UTF_8));
    head.writeBytes(new byte[] {1, 2});
    head.write(plain, 10, plain.length - 10);
    var out = new Collected();
    assertThat(decode(Coding.GZIP, head.toByteArray(), 2, 100, 100, out))
        .isEqualTo(Decoder.Result.DONE);
    assertThat(out.bytes.toString(StandardCharsets.UTF_8)).isEqualTo("hello");
  }

  @ParameterizedTest
  @EnumSource(names = "DEFLATE", mode = EnumSource.Mode.EXCLUDE)
  void aBombIsCutOff(Coding coding) {
    var bomb = encode(coding, new byte[64 * 1024 * 1024], 1 << 20, false);
    var out = new Collected();
    assertThat(decode(coding, bomb, 1000, 1 << 30, 100, out)).isEqualTo(Decoder.Result.TOO_LONG);
    assertThat(out.length()).isLessThan(100 * bomb.length + 128 * 1024);
    out.bytes.reset();
    assertThat(decode(coding, bomb, 1000, 1 << 20, 1_000_000_000, out))
        .isEqualTo(Decoder.Result.TOO_LONG);
    assertThat(out.length()).isLessThanOrEqualTo(1 << 20);
  }

  @ParameterizedTest
  @EnumSource(names = "DEFLATE", mode = EnumSource.Mode.EXCLUDE)
  void whatIsBrokenIsRefused(Coding coding) {
    var coded = encode(coding, TEXT, TEXT.length, false);
    var out = new Collected();
    assertThat(decode(coding, Arrays.copyOf(coded, coded.length - 1), 1000, 1 << 30, 100_000, out))
        .as("cut off")
        .isEqualTo(Decoder.Result.BROKEN);
    var longer = Arrays.copyOf(coded, coded.length + 3);
    assertThat(decode(coding, longer, 1000, 1 << 30, 100_000, out))
        .as("something behind it")
        .isEqualTo(Decoder.Result.BROKEN);
    assertThat(decode(coding, "plain text".getBytes(StandardCharsets.UTF_8), 3, 1 << 20, 100, out))
        .isEqualTo(Decoder.Result.BROKEN);
    var random = new Random(5);
    for (int i = 0; i < 300; i++) {
      var damaged = coded.clone();
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 + random.nextInt(255));
      out.bytes.reset();
      decode(coding, damaged, 1 + random.nextInt(100), 1 << 22, 100_000, out);
    }
  }

  @Test
  void aFrameThatWantsAHugeWindowIsRefused() {
    // Magic, a descriptor without a size, a window of 128 MiB, one raw block of a byte.
    var frame =
        new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0, (byte) (17 << 3), 9, 0, 0, 'x'};
    var out = new Collected();
    assertThat(decode(Coding.ZSTD, frame, 100, 100, 100, out)).isEqualTo(Decoder.Result.BROKEN);
    frame[5] = 13 << 3;
    assertThat(decode(Coding.ZSTD, frame, 100, 100, 100, out)).isEqualTo(Decoder.Result.DONE);
    assertThat(out.bytes.toString(StandardCharsets.UTF_8)).isEqualTo("x");
  }
}
