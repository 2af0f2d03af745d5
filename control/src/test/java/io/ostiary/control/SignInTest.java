package io.ostiary.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Codes, sessions and guessing, over time.
final class SignInTest {
  @TempDir Path data;
  private Fixture fixture;

  @BeforeEach
  void start() throws Exception {
    fixture = new Fixture(data);
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  private int signIn(String json) throws Exception {
    return fixture.send(Fixture.json(fixture.anonymous("/api/v1/session"), json)).statusCode();
  }

  private int me(String cookie) throws Exception {
    return fixture.send(fixture.anonymous("/api/v1/session").header("Cookie", cookie)).statusCode();
  }

  @Test
  void linkSignsInOnce() throws Exception {
    var link = fixture.control.signInLink();
    assertThat(link).startsWith(fixture.control.address() + "/#/sign-in?code=");
    var code = link.substring(link.indexOf('=') + 1);
    assertThat(signIn("{\"code\":\"" + code + "\"}")).isEqualTo(201);
    assertThat(signIn("{\"code\":\"" + code + "\"}")).isEqualTo(401);
  }

  @Test
  void linkEndsAfterTwelveHours() throws Exception {
    var link = fixture.control.signInLink();
    fixture.clock.advance(Duration.ofHours(12));
    assertThat(signIn("{\"code\":\"" + link.substring(link.indexOf('=') + 1) + "\"}"))
        .isEqualTo(401);
  }

  @Test
  void sessionEndsWhenItIsNotUsed() throws Exception {
    var cookie = fixture.signIn();
    fixture.clock.advance(Duration.ofMinutes(29));
    assertThat(me(cookie)).isEqualTo(200);
    fixture.clock.advance(Duration.ofMinutes(29));
    assertThat(me(cookie)).isEqualTo(200);
    fixture.clock.advance(Duration.ofMinutes(31));
    assertThat(me(cookie)).isEqualTo(401);
  }

  @Test
  void sessionEndsAfterTwelveHoursHoweverMuchItIsUsed() throws Exception {
    var cookie = fixture.signIn();
    for (int i = 0; i < 35; i++) {
      fixture.clock.advance(Duration.ofMinutes(20));
      assertThat(me(cookie)).as("after " + (i + 1) * 20 + " min").isEqualTo(200);
    }
    fixture.clock.advance(Duration.ofMinutes(20));
    assertThat(me(cookie)).isEqualTo(401);
  }

  @Test
  void everySignInHasASessionOfItsOwnAndIsKeptOnlyAsAHash() throws Exception {
    var first = fixture.signIn();
    var second = fixture.signIn();
    assertThat(first).isNotEqualTo(second);
    var secret = first.substring(first.indexOf('=') + 1);
    for (var name : new String[] {"ostiary.db", "ostiary.db-wal"}) {
      var text = Files.readString(data.resolve(name), java.nio.charset.StandardCharsets.ISO_8859_1);
      assertThat(text.contains(secret)).as(name).isFalse();
    }
  }

  @Test
  void guessingIsSlowedDown() throws Exception {
    int evaluated = 0;
    for (int i = 0; i < 30; i++) {
      evaluated += signIn("{\"token\":\"guess" + i + "\"}") == 401 ? 1 : 0;
    }
    assertThat(evaluated).isEqualTo(5);
    var good = "{\"token\":\"" + fixture.token + "\"}";
    assertThat(signIn(good)).isEqualTo(429);
    fixture.clock.advance(Duration.ofSeconds(61));
    assertThat(signIn(good)).isEqualTo(201);
  }

  @Test
  void tokenThatOthersCanReadStopsTheStart() throws Exception {
    fixture.close();
    Files.setPosixFilePermissions(
        data.resolve("admin.token"), PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(() -> new Fixture(data))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("(expected: rw-------)");
    Files.setPosixFilePermissions(
        data.resolve("admin.token"), PosixFilePermissions.fromString("rw-------"));
    fixture = new Fixture(data);
  }
}
