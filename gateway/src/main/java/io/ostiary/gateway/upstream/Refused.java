package io.ostiary.gateway.upstream;

import io.ostiary.model.Target;
import java.io.FileNotFoundException;
import java.net.ConnectException;
import org.jspecify.annotations.Nullable;

/// Why a connection to a target did not come about: in a word for the ledger, and for people. The
/// words of Unix sockets are others than those of the network: there is a file, and rights to it.
final class Refused {
  static final String MISSING = "no-such-socket";
  static final String DENIED = "permission-denied";
  static final String FULL = "queue-full";

  private Refused() {}

  static String word(Target target, Throwable failed) {
    if (target.local()) {
      var word = local(failed);
      if (word != null) {
        return word;
      }
    }
    return failed instanceof ConnectException ? "connect-refused" : "connect-failed";
  }

  /// What the errors of connect(2) for Unix sockets are told apart by: Netty's by their number in a
  /// text, the JDK's by the text alone.
  private static @Nullable String local(Throwable failed) {
    var said = String.valueOf(failed.getMessage());
    if (failed instanceof FileNotFoundException || said.startsWith("No such file")) {
      return MISSING;
    }
    if (said.contains("error(-13)") || said.startsWith("Permission denied")) {
      return DENIED;
    }
    if (said.contains("error(-11)") || said.startsWith("Resource temporarily")) {
      return FULL;
    }
    return null;
  }

  static String sentence(Target target, String word) {
    return switch (word) {
      case MISSING -> "no such file";
      case DENIED -> "permission denied";
      case "connect-refused" -> target.local() ? "nobody listens" : "no connection";
      case FULL -> "its queue of connections is full";
      default -> "no connection";
    };
  }
}
