package io.ostiary.contract.config;

import io.ostiary.model.Require;
import io.ostiary.model.observe.AccessLog;
import io.ostiary.model.observe.AccessLog.Destination;
import io.ostiary.model.observe.AccessLog.Destination.Syslog.Transport;
import io.ostiary.model.observe.AccessLog.Format;
import io.ostiary.model.observe.AccessLog.Rule;
import io.ostiary.model.observe.Observation;
import io.ostiary.model.observe.Telemetry;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// To whom a file says that calls are told. Used once, by one thread.
final class Observing {
  private static final Pattern SERVER =
      Pattern.compile("(udp|tcp)://(\\[[0-9a-fA-F:.]+]|[^/:\\[\\]]+)(?::([0-9]{1,5}))?");
  private static final int SYSLOG_PORT = 514;

  private final Written written;
  private final Notes notes;
  private final Path file;

  Observing(Written written, Notes notes, Path file) {
    this.written = written;
    this.notes = notes;
    this.file = file;
  }

  /// With faults where anything is wrong; then what is returned is of no use.
  Observation read() {
    var logs = new ArrayList<AccessLog>();
    for (int i = 0; i < written.accessLog().size(); i++) {
      var one = written.accessLog().get(i);
      var at = "/access-log/" + i;
      var log = notes.attempt(at, () -> log(one, at));
      if (log != null) {
        logs.add(log);
      }
    }
    var telemetry = notes.attempt("/telemetry", this::telemetry);
    var all =
        notes.attempt(
            "/access-log",
            () -> new Observation(logs, telemetry == null ? Telemetry.OFF : telemetry));
    return all == null ? Observation.NONE : all;
  }

  private AccessLog log(WrittenLog one, String at) {
    var rules = new ArrayList<Rule>();
    for (int i = 0; i < one.rules().size(); i++) {
      var written = one.rules().get(i);
      var rule = notes.attempt(at + "/rules/" + i, () -> rule(written));
      if (rule != null) {
        rules.add(rule);
      }
    }
    return new AccessLog(destination(one), format(one), rules, one.errors());
  }

  private Destination destination(WrittenLog one) {
    var to = one.to();
    Require.notBlank("to", to);
    if (to.equals("stdout")) {
      return new Destination.Stdout();
    }
    int facility = List.of(WrittenLog.Facility.values()).indexOf(one.syslog().facility());
    var name = one.syslog().name();
    if (to.startsWith("unix:")) {
      return new Destination.Syslog(Transport.UNIX, to.substring(5), 0, facility, name);
    }
    var server = SERVER.matcher(to);
    if (server.matches()) {
      var transport = server.group(1).equals("udp") ? Transport.UDP : Transport.TCP;
      int port = server.group(3) == null ? SYSLOG_PORT : Integer.parseInt(server.group(3));
      return new Destination.Syslog(
          transport, server.group(2).replaceAll("[\\[\\]]", ""), port, facility, name);
    }
    if (to.contains("://")) {
      throw Require.invalid(
          "to", to, "stdout, a file, udp://HOST:514, tcp://HOST:514 or unix:/dev/log");
    }
    var rotate = one.rotate();
    return new Destination.File(
        file.toAbsolutePath().resolveSibling(to).normalize(),
        rotate.bytes(),
        rotate.every(),
        rotate.keep());
  }

  private static Format format(WrittenLog one) {
    one.headers().forEach(Format::checkHeader);
    var pattern = one.pattern();
    if (pattern != null) {
      return Format.Parts.of(pattern);
    }
    return switch (one.format()) {
      case JSON -> new Format.Json(one.headers().stream().sorted().toList());
      case COMMON -> Format.COMMON;
      case COMBINED -> Format.COMBINED;
    };
  }

  private static Rule rule(WrittenLog.Rule one) {
    return new Rule(
        one.api(),
        one.route(),
        one.status().stream().map(StatusClass::number).collect(Collectors.toSet()),
        one.percent(),
        one.slowerThan());
  }

  private Telemetry telemetry() {
    var one = written.telemetry();
    var endpoint = one.endpoint();
    if (endpoint == null) {
      return Telemetry.OFF;
    }
    return new Telemetry(
        uri(endpoint), one.headers(), one.service(), one.percent(), one.metricsEvery());
  }

  private static URI uri(String text) {
    try {
      return URI.create(text);
    } catch (IllegalArgumentException e) {
      throw Require.invalid("endpoint", text, "a URL such as http://127.0.0.1:4318");
    }
  }
}
