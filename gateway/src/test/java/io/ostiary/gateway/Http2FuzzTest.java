package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.BugDetectors;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/// Whatever frames a client sends: it is answered in frames that can be read, with errors that RFC
/// 9113 knows, the connection comes to its end, and what reaches the upstream is what was said on
/// one stream, as [FuzzFrames] wrote it down.
class Http2FuzzTest {
  private static final byte[] ANSWER =
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".getBytes(StandardCharsets.ISO_8859_1);
  private static final int FRAME_MAX = 16_384;
  private static final int ERRORS = 14;

  private static StrictUpstream upstream;
  private static Kit kit;
  private static int runs;

  @BeforeAll
  static void open() throws IOException {
    upstream = new StrictUpstream(ANSWER);
    kit = new Kit(List.of(upstream.target()));
    kit.publish();
  }

  @AfterAll
  static void close() throws IOException {
    kit.close();
    upstream.close();
  }

  @FuzzTest(maxDuration = "2m")
  void comesToItsEndAndSaysUpstreamWhatWasSaid(byte[] data) throws IOException, Http2Exception {
    BugDetectors.allowNetworkConnections((host, port) -> StrictUpstream.LOOPBACK.contains(host));
    var frames = new FuzzFrames(data, "" + ++runs);
    var bytes = frames.bytes();
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), kit.port)) {
      // Longer than anything that the gateway waits for once its client has ended.
      socket.setSoTimeout(25_000);
      try {
        socket.getOutputStream().write(bytes);
        socket.shutdownOutput();
        read(new DataInputStream(socket.getInputStream()));
      } catch (EOFException | SocketException e) {
        // Cut off is an end, too.
      }
    }
    upstream.lookAtAll(all -> look(all, frames));
    kit.gateway.ledger().rings().forEach(ring -> ring.drain(slot -> {}, 1000));
  }

  /// Until the end; a time-out is a hang, and fails.
  private static void read(DataInputStream in) throws IOException, Http2Exception {
    var decoder = new DefaultHttp2HeadersDecoder(true);
    while (true) {
      int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
      int type = in.readUnsignedByte();
      int flags = in.readUnsignedByte();
      int stream = in.readInt();
      assertThat(length).isBetween(0, FRAME_MAX);
      assertThat(stream).isNotNegative();
      var payload = in.readNBytes(length);
      if (payload.length < length) {
        return;
      }
      var bytes = Unpooled.wrappedBuffer(payload);
      switch (type) {
        case RawHttp2.HEADERS -> {
          assertThat(flags & RawHttp2.END_HEADERS).isNotZero();
          assertThat(decoder.decodeHeaders(stream, bytes).isEmpty()).isFalse();
        }
        case RawHttp2.RST_STREAM -> assertThat(bytes.readInt()).isBetween(0, ERRORS - 1);
        case RawHttp2.GOAWAY -> assertThat(bytes.skipBytes(4).readInt()).isBetween(0, ERRORS - 1);
        default -> assertThat(type).isIn(RawHttp2.DATA, RawHttp2.SETTINGS, RawHttp2.PING, 8);
      }
    }
  }

  private static void look(StrictUpstream.Received all, FuzzFrames frames) {
    var bytes = all.bytes.toByteArray();
    var strict = StrictReader.strict(bytes);
    if (strict == null) {
      // What the client broke off has not come to its end; nor will it on this connection.
      return;
    }
    assertThat(StrictReader.careless(bytes)).isEqualTo(strict);
    for (; all.looked < strict.size(); all.looked++) {
      var request = strict.get(all.looked);
      var sent = frames.requests.get(request.target());
      if (sent != null && !sent.odd) {
        assertThat(sent.whole()).as("%s was sent whole", request).isTrue();
        assertThat(request.content())
            .as("content of %s", request.target())
            .isEqualTo(sent.content.toString(StandardCharsets.ISO_8859_1));
      }
    }
  }
}
