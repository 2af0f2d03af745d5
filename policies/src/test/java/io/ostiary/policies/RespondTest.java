package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Message;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.policies.Respond.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RespondTest {
  private static final FakeSite SITE = FakeSite.anywhere();

  @TempDir Path directory;

  private static Message message(Settings settings) {
    var verdict = new Respond().compile(settings, SITE).request(SITE.exchange("GET", "/orders"));
    if (verdict instanceof Verdict.Answer(var message)) {
      return message;
    }
    throw new AssertionError("expected an answer but was " + verdict);
  }

  @Test
  void answersWithATextAndFields() {
    var message =
        message(new Settings(503, Map.of("Retry-After", "600"), "späť", null, When.ALWAYS));
    assertThat(message.status()).isEqualTo(503);
    assertThat(message.body()).isEqualTo("späť");
    assertThat(message.fields().toString())
        .contains("Retry-After", "600", "Content-Type", "text/plain; charset=utf-8");
    var own = message(new Settings(200, Map.of("content-type", "a/b"), "x", null, When.ALWAYS));
    assertThat(own.fields()).hasSize(1);
    assertThat(message(new Settings(204, Map.of(), null, null, When.ALWAYS)).fields()).isEmpty();
  }

  @Test
  void answersWithAFile() throws IOException {
    var file = directory.resolve("status.JSON");
    Files.writeString(file, "{\"up\":true}");
    var message = message(new Settings(200, Map.of(), null, file, When.ALWAYS));
    assertThat(message.body()).isEqualTo("{\"up\":true}");
    assertThat(message.fields().getFirst().value()).isEqualTo("application/json");
    Files.write(file, new byte[Respond.BODY_BYTES_MAX + 1]);
    var settings = new Settings(200, Map.of(), null, file, When.ALWAYS);
    assertThatThrownBy(() -> new Respond().compile(settings, SITE))
        .hasMessage("respond.file: 65537 bytes (expected: at most 65536)");
    Files.write(file, new byte[] {(byte) 0xff});
    assertThatThrownBy(() -> new Respond().compile(settings, SITE))
        .hasMessageContaining("(expected: text in UTF-8)");
    Files.delete(file);
    assertThatThrownBy(() -> new Respond().compile(settings, SITE))
        .hasMessageContaining("(expected: a file that can be read)");
  }

  @Test
  void letsCallsPassThatAreNotMeant() {
    var when =
        new When(Set.of(), Map.of(), Map.of(), Map.of(), java.util.List.of(), Set.of("c1"), "/o.*");
    var filter = new Respond().compile(new Settings(200, Map.of(), "x", null, when), SITE);
    var call = SITE.exchange("GET", "/orders");
    assertThat(filter.request(call)).isEqualTo(Verdict.CONTINUE);
    call.consumer(new io.ostiary.model.Consumer("c1", "Shop"));
    assertThat(filter.request(call)).isInstanceOf(Verdict.Answer.class);
  }

  @Test
  void refusesSettingsThatCannotWork() {
    assertThatThrownBy(() -> new Settings(199, Map.of(), null, null, When.ALWAYS))
        .hasMessageStartingWith("respond.status: 199");
    assertThatThrownBy(() -> new Settings(204, Map.of(), "x", null, When.ALWAYS))
        .hasMessageStartingWith("respond.status: 204 with a body");
    assertThatThrownBy(() -> new Settings(200, Map.of(), "x".repeat(65_537), null, When.ALWAYS))
        .hasMessageStartingWith("respond.body: 65537 bytes");
    assertThatThrownBy(() ->
            new Respond()
                .compile(
                    new Settings(200, Map.of("Connection", "x"), null, null, When.ALWAYS), SITE))
        .hasMessageStartingWith("respond.headers: Connection");
  }
}
