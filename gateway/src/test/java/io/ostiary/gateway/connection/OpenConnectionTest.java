package io.ostiary.gateway.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.ssl.NotSslRecordException;
import io.ostiary.model.Ending;
import java.io.IOException;
import java.util.List;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;

class OpenConnectionTest {
  /// What any client can bring about is neither our failure nor a line in our log.
  @Test
  void whatClientsDoIsNoFailureOfOurs() {
    for (var cause :
        List.of(
            new IOException("Connection reset by peer"),
            new NotSslRecordException("not an SSL/TLS record"),
            new DecoderException(new SSLHandshakeException("no cipher in common")),
            new TooLongFrameException("ClientHello length exceeds 16384: 20480"))) {
      assertThat(OpenConnection.broken(cause))
          .as(cause.toString())
          .isEqualTo(new Ending.ClientFailed("client-reset"));
    }
    assertThat(OpenConnection.broken(new IllegalStateException("a fault of ours")))
        .isEqualTo(new Ending.GatewayFailed("internal"));
  }
}
