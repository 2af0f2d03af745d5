package io.ostiary.control;

import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.HandlerType;
import io.ostiary.control.access.Guard;
import io.ostiary.control.access.HostCheck;
import io.ostiary.control.access.SecurityHeaders;
import io.ostiary.control.api.Route;
import io.ostiary.control.http.Json;
import io.ostiary.control.http.Problems;
import java.util.List;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.util.thread.VirtualThreadPool;

/// The HTTP server of the control plane. Every request is answered on a virtual thread of its own.
final class AdminServer implements AutoCloseable {
  private static final int HEAD_BYTES_MAX = 16 * 1024;
  private static final int THREADS_MAX = 8;
  private static final int REQUESTS_MAX = 256;
  private static final int IDLE_MILLIS = 60_000;

  private final Javalin javalin;
  private final ControlSettings settings;

  AdminServer(ControlSettings settings, List<Route> routes, Guard guard, HostCheck hosts) {
    this.settings = settings;
    this.javalin = Javalin.create(config -> configure(config, settings, routes, guard, hosts));
  }

  private static void configure(
      JavalinConfig config,
      ControlSettings settings,
      List<Route> routes,
      Guard guard,
      HostCheck hosts) {
    config.startup.showJavalinBanner = false;
    config.startup.showOldJavalinVersionWarning = false;
    config.startup.startupWatcherEnabled = false;
    config.jsonMapper(Json.forJavalin());
    config.http.prefer405over404 = true;
    config.http.generateEtags = false;
    config.router.ignoreTrailingSlashes = false;
    config.jetty.host = settings.host();
    config.jetty.port = settings.port();
    config.jetty.threadPool = threads();
    config.jetty.modifyHttpConfiguration(http -> {
      http.setSendServerVersion(false);
      http.setSendDateHeader(true);
      http.setRequestHeaderSize(HEAD_BYTES_MAX);
    });
    config.jetty.modifyServer(server -> {
      // No waiting for browsers that keep connections open; streams end by themselves.
      server.setStopTimeout(0);
      var plain = new ErrorHandler();
      plain.setShowStacks(false);
      plain.setShowMessageInTitle(false);
      server.setErrorHandler(plain);
    });
    config.routes.before(context -> {
      SecurityHeaders.set(context);
      hosts.check(context);
    });
    config.routes.beforeMatched(guard::check);
    for (var route : routes) {
      config.routes.addHttpHandler(
          HandlerType.findOrCreate(route.method()),
          route.path(),
          context -> route.answer().to(context),
          route.access());
    }
    Problems.register(config.routes);
  }

  private static QueuedThreadPool threads() {
    var pool = new QueuedThreadPool(THREADS_MAX, 2);
    pool.setName("control-http");
    var virtual = new VirtualThreadPool(REQUESTS_MAX);
    virtual.setName("control");
    pool.setVirtualThreadsExecutor(virtual);
    return pool;
  }

  void start() {
    try {
      javalin.start();
    } catch (RuntimeException e) {
      throw new IllegalStateException(
          "control plane: cannot listen on "
              + settings.host()
              + ":"
              + settings.port()
              + ": "
              + reason(e)
              + " (expected: a free address of this machine). Choose another by --control ADDRESS.",
          e);
    }
    for (var connector : javalin.jettyServer().server().getConnectors()) {
      if (connector instanceof ServerConnector http) {
        http.setIdleTimeout(IDLE_MILLIS);
      }
    }
  }

  private static String reason(Throwable e) {
    var last = e;
    while (last.getCause() != null) {
      last = last.getCause();
    }
    return String.valueOf(last.getMessage());
  }

  int port() {
    return javalin.port();
  }

  @Override
  public void close() {
    javalin.stop();
  }
}
