package io.ostiary.gateway.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.ostiary.gateway.StrictReader;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// Any chunks: where a network cuts them makes no difference, and what is taken for whole a reader
/// that knows only the grammar of RFC 9112 section 7.1 takes for the same.
class BodyDecoderFuzzTest {
  private record Decoded(boolean complete, boolean faulty, String content, int taken) {}

  private static Decoded decode(byte[] data, long seed, int size) {
    var decoder = new BodyDecoder();
    decoder.chunked(1024, 10);
    var content = new ByteArrayOutputStream();
    var faulty = new boolean[1];
    int taken = 0;
    if (data.length > 0) {
      taken =
          Pieces.feed(
              data,
              seed,
              in -> {
                while (in.isReadable() && !decoder.complete() && !faulty[0]) {
                  int before = in.readerIndex();
                  faulty[0] = decoder.decode(in) != null;
                  var piece = new byte[decoder.pieceLength()];
                  in.getBytes(decoder.pieceStart(), piece);
                  content.writeBytes(piece);
                  if (in.readerIndex() == before && piece.length == 0 && !faulty[0]) {
                    throw new AssertionError("it takes nothing at " + before);
                  }
                }
                return !decoder.complete() && !faulty[0];
              });
    }
    return new Decoded(
        decoder.complete(),
        faulty[0],
        faulty[0] ? "" : content.toString(StandardCharsets.ISO_8859_1),
        size < 0 ? 0 : taken);
  }

  @FuzzTest(maxDuration = "2m")
  void decodesTheSameHoweverTheNetworkCuts(byte[] data) {
    var one = decode(data, Pieces.seed(data), 0);
    var other = decode(data, ~Pieces.seed(data) * 31, 0);

    assertThat(other.complete).isEqualTo(one.complete);
    assertThat(other.faulty).isEqualTo(one.faulty);
    assertThat(other.content).isEqualTo(one.content);
    if (one.complete) {
      assertThat(other.taken).isEqualTo(one.taken);
      var strict = StrictReader.chunks(data, 0);
      assertThat(strict).as("a strict reader, too").isNotNull();
      assertThat(strict.content()).isEqualTo(one.content);
      assertThat(strict.end()).isEqualTo(one.taken);
    }
  }
}
