package io.ostiary.gateway;

import static io.ostiary.gateway.FrameClient.CONTINUATION;
import static io.ostiary.gateway.FrameClient.DATA;
import static io.ostiary.gateway.FrameClient.END_HEADERS;
import static io.ostiary.gateway.FrameClient.HEADERS;
import static io.ostiary.gateway.FrameClient.PING;
import static io.ostiary.gateway.FrameClient.PRIORITY;
import static io.ostiary.gateway.FrameClient.RST_STREAM;
import static io.ostiary.gateway.FrameClient.SETTINGS;
import static io.ostiary.gateway.FrameClient.WINDOW_UPDATE;
import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.loop.Transport;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.BanCase;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.Target;
import java.io.IOException;
import java.net.SocketException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Frames that cost their sender nothing are counted, and whoever sends too many is cut off.
class FloodTest {
  private static final int CALM = 11;

  /// Begins a connection, floods it, and tells with which error it ended.
  @FunctionalInterface
  private interface Flood {
    void by(FrameClient client) throws IOException;
  }

  private static int cutOff(String kind, Flood flood) throws IOException {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish();
        var client = new FrameClient(kit.port)) {
      flood.by(client);
      int error = client.goneWith();
      assertThat(kit.gateway.floods()).containsEntry(kind, 1L);
      return error;
    }
  }

  @Test
  void rapidResets() throws IOException {
    int error =
        cutOff(
            "reset",
            client -> {
              try {
                for (int i = 0; i < 1000; i++) {
                  client.get(1 + 2 * i, "/");
                  client.frame(RST_STREAM, 0, 1 + 2 * i, FrameClient.integer(8));
                }
              } catch (SocketException e) {
                // Cut off.
              }
            });
    assertThat(error).isEqualTo(CALM);
  }

  @Test
  void resetsThatTheGatewayIsMadeToSend() throws IOException {
    int error =
        cutOff(
            "reset",
            client -> {
              try {
                for (int i = 0; i < 1000; i++) {
                  client.get(1 + 2 * i, "/");
                  client.frame(WINDOW_UPDATE, 0, 1 + 2 * i, FrameClient.integer(0));
                }
              } catch (SocketException e) {
                // Cut off.
              }
            });
    assertThat(error).isEqualTo(CALM);
  }

  @Test
  void settings() throws IOException {
    var frame = FrameClient.bytes(SETTINGS, 0, 0);
    assertThat(cutOff("settings", client -> client.flood(1000, frame))).isEqualTo(CALM);
  }

  @Test
  void pings() throws IOException {
    var frame = FrameClient.bytes(PING, 0, 0, new byte[8]);
    assertThat(cutOff("ping", client -> client.flood(2000, frame))).isEqualTo(CALM);
  }

  @Test
  void priorities() throws IOException {
    var frame = FrameClient.bytes(PRIORITY, 0, 1, new byte[5]);
    assertThat(cutOff("priority", client -> client.flood(2000, frame))).isEqualTo(CALM);
  }

  @Test
  void windowUpdates() throws IOException {
    var frame = FrameClient.bytes(WINDOW_UPDATE, 0, 0, FrameClient.integer(1));
    assertThat(cutOff("window-update", client -> client.flood(5000, frame))).isEqualTo(CALM);
  }

  @Test
  void unknownTypes() throws IOException {
    var frame = FrameClient.bytes(0x42, 0, 0);
    assertThat(cutOff("ignored", client -> client.flood(2000, frame))).isEqualTo(CALM);
  }

  @Test
  void emptyData() throws IOException {
    var frame = FrameClient.bytes(DATA, 0, 1);
    int error =
        cutOff(
            "empty-data",
            client -> {
              client.frame(HEADERS, END_HEADERS, 1, FrameClient.request("POST", "/"));
              client.flood(1000, frame);
            });
    assertThat(error).isEqualTo(CALM);
  }

  @Test
  void emptyContinuations() throws IOException {
    var frame = FrameClient.bytes(CONTINUATION, 0, 1);
    int error =
        cutOff(
            "continuation",
            client -> {
              client.frame(HEADERS, 0, 1, FrameClient.request("GET", "/"));
              client.flood(1000, frame);
            });
    assertThat(error).isEqualTo(CALM);
  }

  @Test
  void aHeaderBlockWithoutEnd() throws IOException {
    var frame = FrameClient.bytes(CONTINUATION, 0, 1, new byte[16_000]);
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish();
        var client = new FrameClient(kit.port)) {
      client.frame(HEADERS, 0, 1, FrameClient.request("GET", "/"));
      client.flood(100, frame);
      assertThat(client.goneWith()).isEqualTo(CALM);
    }
  }

  /// One entry of the table, named again and again (CVE-2016-6581 and its kin).
  @Test
  void headerBombs() throws IOException {
    var bomb = new byte[4000 + 3 + 2 + 8000];
    bomb[0] = 0x40;
    bomb[1] = 1;
    bomb[2] = 'x';
    bomb[3] = 127;
    bomb[4] = (byte) (((4000 - 127) & 127) | 128);
    bomb[5] = (byte) (4000 - 127 >> 7);
    java.util.Arrays.fill(bomb, 6, 4006, (byte) 'y');
    java.util.Arrays.fill(bomb, 4006, bomb.length, (byte) (0x80 | 62));
    int error =
        cutOff(
            "head-too-large",
            client -> {
              var first = FrameClient.request("GET", "/");
              var block = java.util.Arrays.copyOf(first, first.length + bomb.length);
              System.arraycopy(bomb, 0, block, first.length, bomb.length);
              for (int i = 0; i < 30; i++) {
                client.flood(1, FrameClient.bytes(HEADERS, 5, 1 + 2 * i, block));
              }
            });
    assertThat(error).isEqualTo(CALM);
  }

  /// Each call given up frees a descriptor for the next one's connection, while epoll may still
  /// hold an event for it.
  @ParameterizedTest
  @EnumSource
  void honestResetsAreNotCutOff(Transport.Kind kind) throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit =
            new Kit(List.of(new Target("127.0.0.1", upstream.port(), 1)), kind, ConnectionLens.NONE)
                .publish();
        var client = new FrameClient(kit.port)) {
      // One in three calls is given up, far more than the allowance in all.
      for (int i = 0; i < 600; i++) {
        int stream = 1 + 2 * i;
        client.get(stream, "/");
        if (i % 3 == 0) {
          client.frame(RST_STREAM, 0, stream, FrameClient.integer(8));
        } else {
          assertThat(client.answer(stream).status()).isEqualTo("200");
        }
      }
    }
  }

  @Test
  void whoIsCutOffAgainAndAgainIsHeldAgainst() throws Exception {
    var cases = new CopyOnWriteArrayList<BanCase>();
    try (var upstream = FakeUpstream.echo();
        var kit =
            new Kit(
                List.of(new Target("127.0.0.1", upstream.port(), 1)),
                Transport.Kind.NIO,
                ConnectionLens.NONE,
                cases::add)) {
      kit.publish();
      for (int i = 0; i < 8; i++) {
        try (var client = new FrameClient(kit.port)) {
          client.flood(1000, FrameClient.bytes(SETTINGS, 0, 0));
          client.goneWith();
        }
      }
      assertThat(cases).isNotEmpty();
      assertThat(cases.getFirst().client().getHostAddress()).isEqualTo("127.0.0.1");
      assertThat(cases.getFirst().by()).isEqualTo("http2-flood");
      assertThat(cases.getFirst().direct()).isTrue();
    }
  }
}
