package io.ostiary.control;

import io.ostiary.contract.config.Configuration;
import io.ostiary.contract.tree.Fault;
import io.ostiary.control.SnapshotState.Flaw;
import io.ostiary.control.access.AdminToken;
import io.ostiary.control.access.Guard;
import io.ostiary.control.access.HostCheck;
import io.ostiary.control.access.SessionCookie;
import io.ostiary.control.access.Sessions;
import io.ostiary.control.access.SignIn;
import io.ostiary.control.access.SignInCodes;
import io.ostiary.control.api.AdminApi;
import io.ostiary.control.api.Route;
import io.ostiary.control.records.Database;
import io.ostiary.control.records.QuotaCounts;
import io.ostiary.insight.InsightView;
import io.ostiary.model.PacketView;
import io.ostiary.model.Tallies;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The control plane: keeps the records, makes and publishes snapshots, and answers the console and
/// the command line.
///
/// Making it opens the database and loads the records; then configuration can be published and the
/// data plane serves. [#start] opens the HTTP side, which takes longer and may come after that.
public final class Control implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Control.class);

  /// The database's name in the data directory.
  public static final String DATABASE = "ostiary.db";

  /// The file in the data directory that says where the console is, while it is open.
  public static final String ADDRESS = "control.address";

  private final ControlSettings settings;
  private final Database database;
  private final SnapshotSource source;
  private final BanRecords bans;
  private final QuotaKeeper quotas;
  private final AdminApi.Rooms rooms;
  private final Guard guard;
  private final HostCheck hosts;
  private @Nullable AdminApi api;
  private @Nullable AdminServer server;

  /// @param tallies the counts of quotas, which are kept in the database
  public Control(
      ControlSettings settings,
      InsightView insight,
      PacketView packets,
      Publication publication,
      Upstreams upstreams,
      Tallies tallies,
      Clock clock) {
    this.settings = settings;
    makeDirectory(settings.data());
    forgetAddress();
    var token = AdminToken.in(settings.data());
    database = Database.open(settings.data().resolve(DATABASE));
    source = new SnapshotSource(database, publication, clock);
    bans = new BanRecords(database, source, clock);
    quotas = new QuotaKeeper(tallies, new QuotaCounts(database));
    var loopback = InetAddress.ofLiteral(settings.host()).isLoopbackAddress();
    var sessions = new Sessions(database, clock);
    var codes = new SignInCodes(clock);
    var cookie = new SessionCookie(false);
    hosts = new HostCheck(settings.names(), loopback);
    guard = new Guard(token, sessions, cookie, loopback);
    rooms =
        new AdminApi.Rooms(
            insight,
            packets,
            upstreams,
            database,
            source,
            tallies,
            sessions,
            new SignIn(token, codes, sessions, cookie, clock),
            codes,
            this::address,
            settings.webRoot(),
            clock);
  }

  private static void makeDirectory(Path data) {
    try {
      if (Files.notExists(data)) {
        Files.createDirectories(
            data,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
    } catch (IOException e) {
      throw new IllegalStateException(
          "data directory "
              + data
              + ": "
              + e.getMessage()
              + " (expected: a place this user may"
              + " write). Choose another by --data DIR.",
          e);
    }
  }

  /// Opens the admin API and the console.
  public synchronized void start() {
    if (server != null) {
      throw new IllegalStateException("the control plane was started before");
    }
    var routes = new AdminApi(rooms);
    var opened = new AdminServer(settings, routes.routes(), guard, hosts);
    opened.start();
    api = routes;
    server = opened;
    try {
      Files.writeString(settings.data().resolve(ADDRESS), address() + "\n");
    } catch (IOException e) {
      LOG.warn("commands will need --control {}: {}", address(), e.getMessage());
    }
  }

  /// Brings a configuration into force, together with the records.
  ///
  /// @param file its name, null for the built-in demo
  /// @return what is wrong with it; empty when it is in force. The one before stays otherwise.
  public List<Flaw> publish(@Nullable String file, Configuration configuration) {
    return source.publish(file, configuration);
  }

  /// Keeps what is wrong with a file that could not be understood, for the console to show.
  public void refuse(@Nullable String file, List<Fault> faults) {
    source.refuse(file, faults);
  }

  /// Where bans are recorded that policies make.
  public BanBook bans() {
    return bans;
  }

  public SnapshotState state() {
    return source.state();
  }

  /// Where the console listens. Once started, the real port.
  public synchronized int port() {
    return server == null ? settings.port() : server.port();
  }

  /// Where the console is, such as `http://127.0.0.1:9080`. Once started, with the real port.
  public synchronized String address() {
    var host =
        switch (settings.host()) {
          case "0.0.0.0" -> "127.0.0.1";
          case "::" -> "::1";
          default -> settings.host();
        };
    return "http://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port();
  }

  /// Every route that is served, for the test that asks each of them.
  synchronized List<Route> routes() {
    return api == null ? List.of() : api.routes();
  }

  /// As if the disk had only this many pages left in all; for tests.
  void limitDatabase(int pagesMax) {
    database.limit(pagesMax);
  }

  /// As if the database were gone; for tests.
  void breakDatabase() {
    database.close();
  }

  /// A link that signs in once, within twelve hours.
  public String signInLink() {
    return AdminApi.link(rooms).link();
  }

  @Override
  public synchronized void close() {
    if (api != null) {
      api.close();
    }
    if (server != null) {
      server.close();
      forgetAddress();
    }
    source.close();
    quotas.close();
    database.close();
  }

  /// Also at the start: a process that was killed leaves its own behind.
  private void forgetAddress() {
    try {
      Files.deleteIfExists(settings.data().resolve(ADDRESS));
    } catch (IOException e) {
      LOG.warn("{} stays behind: {}", ADDRESS, e.getMessage());
    }
  }
}
