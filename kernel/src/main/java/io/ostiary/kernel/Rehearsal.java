package io.ostiary.kernel;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.shield.Shield;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Exchanges the rules in force for equal ones a few times, so that the first change that somebody
/// waits for does not also wait for code to be loaded, linked and compiled. It takes less than half
/// a second on a thread of its own, of which a change waits for one exchange at most.
final class Rehearsal {
  private static final Logger LOG = LoggerFactory.getLogger(Rehearsal.class);

  /// Even, as every second one takes back what the one before did.
  private static final int EXCHANGES = 16;

  /// Longer than a change has to wait for packets under way.
  private static final long BETWEEN_MILLIS = 25;

  private Rehearsal() {}

  /// @param before is rehearsed first
  static void begin(Runnable before, Shield shield) {
    Thread.ofPlatform()
        .daemon()
        .name("kernel-rehearsal")
        .start(() -> {
          before.run();
          run(shield);
        });
  }

  private static void run(Shield shield) {
    try {
      for (int i = 0; i < EXCHANGES; i++) {
        shield.rehearse(i % 2 == 0);
        Thread.sleep(BETWEEN_MILLIS);
      }
    } catch (LibbpfException e) {
      LOG.debug("the first change of rules will take longer: {}", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
