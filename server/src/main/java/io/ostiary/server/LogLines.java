package io.ostiary.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.EncoderBase;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.util.List;
import org.slf4j.Logger;

/// How warnings look on the terminal. In Java rather than in a file of Logback's, whose reading
/// took a good part of the time that a start may take; `-Dlogback.configurationFile` still names
/// one that is used instead.
@ConfiguratorRank(ConfiguratorRank.CUSTOM_HIGH_PRIORITY)
public final class LogLines extends ContextAwareBase implements Configurator {
  /// Rooms that know no library for logs: they use that of the JDK, which brings them here.
  private static final List<String> ROOMS =
      List.of("io.ostiary.gateway", "io.ostiary.policies", "io.ostiary.insight");

  static final String FILE = "logback.configurationFile";

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    if (System.getProperty(FILE) != null) {
      return ExecutionStatus.INVOKE_NEXT_IF_ANY;
    }
    set(context);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  static void set(LoggerContext context) {
    var line = new Line();
    line.setContext(context);
    line.start();
    var terminal = new ConsoleAppender<ILoggingEvent>();
    terminal.setContext(context);
    terminal.setName("err");
    terminal.setTarget("System.err");
    terminal.setEncoder(line);
    terminal.start();
    var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    root.addAppender(terminal);
    // What was warned of before is over, such as keys that can be had again.
    for (var room : ROOMS) {
      context.getLogger(room).setLevel(Level.INFO);
    }
    // A machine without a network card is no fault.
    context.getLogger("io.netty.util.internal.MacAddressUtil").setLevel(Level.ERROR);
    // Tells of each frame that an upstream sends too late: a peer must not be able to fill the log.
    context.getLogger("io.netty.handler.codec.http2").setLevel(Level.ERROR);
    // What keeps it from starting is told to the person at the terminal, in one line.
    context.getLogger("io.javalin.Javalin").setLevel(Level.OFF);
  }

  /// Compiles its pattern, which looks up time zones, for the first line that there is. Lines are
  /// encoded by whoever logs, side by side.
  private static final class Line extends EncoderBase<ILoggingEvent> {
    private final PatternLayoutEncoder pattern = new PatternLayoutEncoder();

    @Override
    public byte[] encode(ILoggingEvent event) {
      return started().encode(event);
    }

    private synchronized PatternLayoutEncoder started() {
      if (!pattern.isStarted()) {
        pattern.setContext(context);
        pattern.setPattern("%d{HH:mm:ss.SSS} %-5level %logger{0} %msg%n%ex{short}");
        pattern.start();
      }
      return pattern;
    }

    @Override
    public byte[] headerBytes() {
      return new byte[0];
    }

    @Override
    public byte[] footerBytes() {
      return new byte[0];
    }
  }
}
