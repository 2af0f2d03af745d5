package io.ostiary.model.observe;

import io.ostiary.model.Require;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One line for each call, written for people and programs that read logs.
///
/// @param rules which calls it has; the first that fits decides, and where none does it has all
/// @param errors whether failed calls are there whatever the rules say
public record AccessLog(Destination to, Format format, List<Rule> rules, boolean errors) {
  private static final int RULES_MAX = 64;

  public AccessLog {
    rules = List.copyOf(rules);
    Require.between("access-log.rules (count)", rules.size(), 0, RULES_MAX);
  }

  /// Where the lines go.
  public sealed interface Destination {
    record Stdout() implements Destination {}

    /// @param bytes the file is put aside when it is larger; 0: never for its size
    /// @param every and when it is older; zero: never for its age
    /// @param keep how many files put aside are kept
    record File(Path path, long bytes, Duration every, int keep) implements Destination {
      public File {
        if (bytes != 0) {
          Require.between("rotate.bytes (bytes)", bytes, 64 * 1024, 1L << 50);
        }
        if (!every.isZero()) {
          Require.between("rotate.every (s)", every.toSeconds(), 1, 366 * 86_400L);
        }
        Require.between("rotate.keep", keep, 0, 1000);
      }
    }

    /// RFC 5424. Over TCP with octet counting (RFC 6587), else a datagram for each line.
    ///
    /// @param host of the server, or the path of a socket
    /// @param facility 0-23
    record Syslog(Transport transport, String host, int port, int facility, String name)
        implements Destination {
      private static final Pattern NAME = Pattern.compile("[!-~]{1,48}");

      public Syslog {
        Require.notBlank("syslog host", host);
        if (transport != Transport.UNIX) {
          Require.port("syslog port", port);
        }
        Require.between("facility", facility, 0, 23);
        if (!NAME.matcher(name).matches()) {
          throw Require.invalid(
              "syslog.name", "'" + name + "'", "1-48 printable characters, no spaces");
        }
      }

      public enum Transport {
        UDP,
        TCP,
        UNIX
      }
    }
  }

  /// How a line looks.
  public sealed interface Format {
    /// Request fields that a line shows.
    List<String> headers();

    /// One object a line.
    record Json(List<String> headers) implements Format {
      public Json {
        headers = List.copyOf(headers);
        headers.forEach(Format::checkHeader);
      }
    }

    /// A line of texts and values.
    record Parts(List<Part> parts) implements Format {
      public Parts {
        parts = List.copyOf(parts);
      }

      @Override
      public List<String> headers() {
        var names = new ArrayList<String>();
        for (var part : parts) {
          if (part instanceof Part.Header(var name)) {
            names.add(name);
          }
        }
        return names;
      }

      /// Reads a pattern such as `{client} "{request}" {status}`. Braces are doubled to stand for
      /// themselves.
      public static Parts of(String pattern) {
        return new Parts(PartsReader.read(pattern));
      }
    }

    /// A name of a field, in ASCII. Before the formats below, which are checked with it.
    Pattern HEADER = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}");

    /// NCSA Common Log Format.
    Parts COMMON =
        Parts.of("{client} - {consumer} [{time-clf}] \"{request}\" {status} {body-bytes}");

    /// The same with referer and user agent.
    Parts COMBINED =
        Parts.of(
            "{client} - {consumer} [{time-clf}] \"{request}\" {status} {body-bytes}"
                + " \"{header:referer}\" \"{header:user-agent}\"");

    /// @throws IllegalArgumentException where no header field can be called so
    static void checkHeader(String name) {
      if (!HEADER.matcher(name).matches()) {
        throw Require.invalid("headers", "'" + name + "'", "names of header fields");
      }
    }
  }

  /// A piece of a line.
  public sealed interface Part {
    record Text(String text) implements Part {}

    record Header(String name) implements Part {
      public Header {
        Format.checkHeader(name);
      }
    }

    /// What a policy gave the call's record under this name.
    record Field(String name) implements Part {
      private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_.-]{0,63}");

      public Field {
        if (!NAME.matcher(name).matches()) {
          throw Require.invalid("field", "'" + name + "'", "a name that a log policy gives");
        }
      }
    }

    record Value(What what) implements Part {}
  }

  /// What of a call a pattern can show.
  public enum What {
    CALL,
    TIME,
    TIME_CLF,
    CLIENT,
    PEER,
    PEER_PORT,
    LISTENER,
    METHOD,
    TARGET,
    PROTOCOL,
    SCHEME,
    REQUEST,
    STATUS,
    UPSTREAM_STATUS,
    API,
    ROUTE,
    CONSUMER,
    UPSTREAM,
    ATTEMPTS,
    BLAME,
    REASON,
    PLAN,
    TRACE,
    REQUEST_BYTES,
    RESPONSE_BYTES,
    BODY_BYTES,
    SECONDS,
    MILLIS,
    UPSTREAM_MILLIS,
    RTT_MICROS,
    RETRANSMITS
  }

  /// Calls of which a share is written.
  ///
  /// @param api name; null: any
  /// @param route id; null: any
  /// @param statuses exact ones, or a class as its first digit; empty: any
  /// @param percent 0-100
  /// @param slower what takes at least this is written whatever the share; null: no exception
  public record Rule(
      @Nullable String api,
      @Nullable String route,
      Set<Integer> statuses,
      double percent,
      @Nullable Duration slower) {
    public Rule {
      statuses = Set.copyOf(statuses);
      if (!(percent >= 0 && percent <= 100)) {
        throw Require.invalid("percent", percent, "0-100");
      }
      for (int status : statuses) {
        if (status < 1 || (status > 5 && (status < 100 || status > 599))) {
          throw Require.invalid("status", status, "100-599, or a class such as 4xx");
        }
      }
      if (slower != null) {
        Require.between("slower-than (ms)", slower.toMillis(), 1, 3_600_000);
      }
    }
  }
}
