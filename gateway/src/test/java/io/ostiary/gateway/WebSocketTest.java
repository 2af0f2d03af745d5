package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// A WebSocket client that is not ours (the JDK's) through a tunnel. All of Autobahn's cases are
/// run by `bench/autobahn`.
class WebSocketTest {
  private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  private static final int CLOSE = 8;
  private static final int PING = 9;
  private static final int PONG = 10;

  /// Sends each message back, answers pings, and closes when it is asked to (RFC 6455).
  private static boolean echo(FakeUpstream.Talk talk) throws IOException {
    talk.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: "
            + accept(talk.field("Sec-WebSocket-Key"))
            + "\r\n\r\n");
    var in = new DataInputStream(talk.in());
    int kind = 0;
    while (kind != CLOSE) {
      int first = in.readUnsignedByte();
      kind = first & 15;
      int length = in.readUnsignedByte() & 127;
      if (length == 126) {
        length = in.readUnsignedShort();
      } else if (length == 127) {
        length = (int) in.readLong();
      }
      var mask = in.readNBytes(4);
      var payload = in.readNBytes(length);
      for (int i = 0; i < length; i++) {
        payload[i] ^= mask[i & 3];
      }
      var out = ByteBuffer.allocate(length + 10);
      out.put((byte) (kind == PING ? first & 240 | PONG : first));
      if (length < 126) {
        out.put((byte) length);
      } else if (length < 65_536) {
        out.put((byte) 126).putShort((short) length);
      } else {
        out.put((byte) 127).putLong(length);
      }
      out.put(payload);
      talk.out().write(out.array(), 0, out.position());
      talk.out().flush();
    }
    return false;
  }

  private static String accept(String key) {
    try {
      var hash =
          MessageDigest.getInstance("SHA-1")
              .digest((key + GUID).getBytes(StandardCharsets.US_ASCII));
      return Base64.getEncoder().encodeToString(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /// What the client heard, each message whole.
  private static final class Heard implements WebSocket.Listener {
    private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
    private final StringBuilder text = new StringBuilder();
    private int bytes;

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        messages.add(text.toString());
        text.setLength(0);
      }
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
      bytes += data.remaining();
      if (last) {
        messages.add(bytes + " bytes");
        bytes = 0;
      }
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onPong(WebSocket socket, ByteBuffer message) {
      messages.add("pong " + StandardCharsets.US_ASCII.decode(message));
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
      messages.add("closed " + status + " " + reason);
      return null;
    }

    private String next() throws InterruptedException {
      return messages.poll(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void carriesMessagesOfEverySizeAndTheEnd() throws Exception {
    var heard = new Heard();
    try (var upstream = FakeUpstream.of(WebSocketTest::echo);
        var kit = new Kit(upstream).publish();
        var client = HttpClient.newHttpClient()) {
      var socket =
          client
              .newWebSocketBuilder()
              .buildAsync(URI.create("ws://127.0.0.1:" + kit.port + "/chat"), heard)
              .get(5, TimeUnit.SECONDS);
      socket.sendText("hello", true).get(5, TimeUnit.SECONDS);
      assertThat(heard.next()).isEqualTo("hello");
      socket.sendText("in ", false).get(5, TimeUnit.SECONDS);
      socket.sendText("parts", true).get(5, TimeUnit.SECONDS);
      assertThat(heard.next()).isEqualTo("in parts");
      for (int size : new int[] {0, 125, 126, 65_535, 65_536, 1_000_000}) {
        socket.sendBinary(ByteBuffer.allocate(size), true).get(5, TimeUnit.SECONDS);
        assertThat(heard.next()).isEqualTo(size + " bytes");
      }
      socket
          .sendPing(ByteBuffer.wrap("here?".getBytes(StandardCharsets.US_ASCII)))
          .get(5, TimeUnit.SECONDS);
      assertThat(heard.next()).isEqualTo("pong here?");
      socket.sendClose(WebSocket.NORMAL_CLOSURE, "bye").get(5, TimeUnit.SECONDS);
      assertThat(heard.next()).isEqualTo("closed 1000 bye");
      assertThat(kit.ledger(1)).containsExactly("GET /chat 101 NONE answered attempts=1");
    }
  }
}
