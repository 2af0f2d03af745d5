package io.ostiary.contract.config;

import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Alone;
import io.ostiary.model.setting.Bytes;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What the file says of access logs and telemetry; [Observing] turns it into the words of the
/// model.
@About("One line for each call, written to a file, to stdout or to syslog")
record WrittenLog(
    @Alone
        @About(
            "stdout, a file relative to this one, or syslog: udp://HOST:514, tcp://HOST:514 or"
                + " unix:/dev/log")
        String to,
    @About("json, common or combined (Common and Combined Log Format)") @Default("json")
        LogFormat format,
    @About("A line of your own instead, such as '{client} \"{request}\" {status}'")
        @Nullable String pattern,
    @About("Request fields that a line in json has, too") @OrOne Set<String> headers,
    @About("When a file is put aside") Rotate rotate,
    @About("What a syslog server is told about us") Syslog syslog,
    @About("Whether failed calls are written whatever the rules say") @Default("true")
        boolean errors,
    @About("Of which calls only a share is written; the first rule that fits decides") @OrOne
        List<Rule> rules) {

  enum LogFormat {
    JSON,
    COMMON,
    COMBINED
  }

  @About("When a file is put aside")
  record Rotate(
      @About("When it is larger; 0: never for its size") @Bytes @Default("100MiB") long bytes,
      @About("When it is older; 0s: never for its age") @Default("0s") Duration every,
      @About("How many files put aside are kept") @Default("7") int keep) {}

  @About("What a syslog server is told about us")
  record Syslog(
      @About("Facility") @Default("local0") Facility facility,
      @About("APP-NAME") @Default("ostiary") String name) {}

  /// In the order of RFC 5424.
  enum Facility {
    KERN,
    USER,
    MAIL,
    DAEMON,
    AUTH,
    SYSLOG,
    LPR,
    NEWS,
    UUCP,
    CRON,
    AUTHPRIV,
    FTP,
    NTP,
    AUDIT,
    ALERT,
    CLOCK,
    LOCAL0,
    LOCAL1,
    LOCAL2,
    LOCAL3,
    LOCAL4,
    LOCAL5,
    LOCAL6,
    LOCAL7
  }

  @About("Calls of which a share is written")
  record Rule(
      @About("Name of an API; none stands for all") @Nullable String api,
      @About("Id of a route; none stands for all") @Nullable String route,
      @About("Statuses such as 404 or 4xx; none stands for all") @OrOne Set<StatusClass> status,
      @About("The share, 0-100") @Default("0") double percent,
      @About("Calls that take at least this are written all the same")
          @Nullable Duration slowerThan) {}

  @About("Spans and metrics for an OpenTelemetry collector")
  record Telemetry(
      @About("OTLP over HTTP, such as http://127.0.0.1:4318; without it nothing is sent")
          @Nullable String endpoint,
      @About("Fields of each request to it, such as a key") Map<String, String> headers,
      @About("What the collector calls us (service.name)") @Default("ostiary") String service,
      @About("Share of the calls that have spans, 0-100, where the client's trace does not say")
          @Default("10")
          double percent,
      @About("How often metrics are sent; 0s: never") @Default("60s") Duration metricsEvery) {}
}
