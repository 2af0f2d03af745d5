package io.ostiary.kernel.lens;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.ConnectionFacts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/// What the tests of the lens share: one attached lens, and reading until something has happened.
final class LensKit {
  private LensKit() {}

  static Lens attach() {
    return switch (Lens.attach()) {
      case Lens.Attached(var lens) -> lens;
      case Lens.Refused(var sentence) -> {
        Assumptions.abort(sentence);
        throw new AssertionError(sentence);
      }
    };
  }

  /// Skips the test with a sentence where a command it compares with is not installed.
  static void needs(String... commands) {
    var path = System.getenv("PATH") + ":/usr/sbin:/sbin";
    for (var command : commands) {
      Assumptions.assumeTrue(
          Stream.of(path.split(":")).anyMatch(at -> Files.isExecutable(Path.of(at, command))),
          command + ": not installed");
    }
  }

  static ConnectionFacts read(Lens lens, long cookie) {
    var facts = new ConnectionFacts();
    assertThat(lens.read(cookie, facts)).as("connection %d is tracked", cookie).isTrue();
    return facts;
  }

  /// Reads until the facts are as expected, or for three seconds, and returns the last reading.
  static ConnectionFacts await(Lens lens, long cookie, Predicate<ConnectionFacts> expected)
      throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(3).toNanos();
    var facts = read(lens, cookie);
    while (!expected.test(facts) && System.nanoTime() < end) {
      Thread.sleep(5);
      facts = read(lens, cookie);
    }
    return facts;
  }
}
