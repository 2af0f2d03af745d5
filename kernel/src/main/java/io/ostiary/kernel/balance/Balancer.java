package io.ostiary.kernel.balance;

import io.ostiary.kernel.lens.PrivateCgroup;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.Service;
import io.ostiary.model.ServiceView;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The services of this host: programs on its interfaces and its control groups, tables that follow
/// the configuration and the health of the targets.
///
/// Nothing is loaded before there is a service, and with the last one everything goes. Shared by
/// control-plane threads; never called from an event loop.
public final class Balancer implements ServiceView, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Balancer.class);
  private static final long BEAT_MILLIS = 200;
  private static final int FOLLOW_BEATS = 5;
  private static final int SWEEP_BEATS = 50;

  private final Supplier<Set<Integer>> interfaces;
  private final ThreadFactory threads;
  private final @Nullable Path group;
  private final Map<Key, RunningService> running = new LinkedHashMap<>();
  private @Nullable ServicePrograms programs;
  private @Nullable ServiceTables tables;
  private @Nullable Thread heart;
  private String local = "";
  private String untimed = "";
  private List<String> unattached = List.of();
  private String failure = "";
  private int records;
  private long beats;

  /// What makes it the same service whatever its targets.
  private record Key(InetAddress address, int port, Service.Protocol protocol) {
    static Key of(Service service) {
      return new Key(service.literalAddress(), service.port(), service.protocol());
    }
  }

  /// @param interfaces numbers of the interfaces that the kernel side watches now
  public Balancer(Supplier<Set<Integer>> interfaces) {
    this(interfaces, Thread.ofVirtual().name("service-check-", 0).factory(), null);
  }

  /// @param threads on which targets are checked
  /// @param group whose processes are local clients; null: all of this host
  Balancer(Supplier<Set<Integer>> interfaces, ThreadFactory threads, @Nullable Path group) {
    this.interfaces = interfaces;
    this.threads = threads;
    this.group = group;
  }

  /// Brings services into force. Connections of a service and target that stay go on undisturbed.
  ///
  /// @param management addresses no service may take, such as that of the control plane
  /// @return what is wrong; empty when all is in force, and nothing has changed otherwise
  public synchronized List<String> apply(List<Service> wanted, List<InetSocketAddress> management) {
    var problems = problems(wanted, management);
    if (!problems.isEmpty()) {
      return problems;
    }
    try {
      if (wanted.isEmpty()) {
        close();
        return List.of();
      }
      var opened = open();
      timeAnswers(wanted);
      install(wanted, opened);
      return List.of();
    } catch (LibbpfException | IOException e) {
      if (running.isEmpty()) {
        close();
      }
      return List.of("services: not in force: " + e.getMessage());
    }
  }

  private List<String> problems(List<Service> wanted, List<InetSocketAddress> management) {
    var problems = new ArrayList<String>();
    for (var service : wanted) {
      var place = "services: %s at %s: ".formatted(service.name(), service.place());
      for (var address : management) {
        if (takes(service, address)) {
          problems.add(
              place + "the control plane is there (expected: an address or port of its own)");
        }
      }
      var there = running.containsKey(Key.of(service)) ? "" : HostSockets.at(service);
      if (!there.isEmpty()) {
        problems.add(place + there + " (expected: an address and port that nobody uses)");
      }
    }
    return problems;
  }

  private static boolean takes(Service service, InetSocketAddress address) {
    if (service.protocol() != Service.Protocol.TCP || service.port() != address.getPort()) {
      return false;
    }
    return address.getAddress().isAnyLocalAddress()
        ? isLocal(service.literalAddress())
        : address.getAddress().equals(service.literalAddress());
  }

  private static boolean isLocal(InetAddress address) {
    try {
      return NetworkInterface.getByInetAddress(address) != null;
    } catch (SocketException e) {
      return false;
    }
  }

  private ServiceTables open() throws LibbpfException, IOException {
    var open = tables;
    if (open != null) {
      return open;
    }
    var loaded = ServicePrograms.load(0);
    programs = loaded;
    open = loaded.tables();
    tables = open;
    local = attachLocal(loaded::attachLocal, "Clients on this host are not turned");
    var thread = Thread.ofPlatform().daemon().name("balancer").unstarted(this::beat);
    heart = thread;
    thread.start();
    return open;
  }

  /// A program of local clients is attached to the group of them.
  private interface Attaching {
    void to(Path group) throws LibbpfException;
  }

  /// @return empty, or what is not so and why, as a sentence
  private String attachLocal(Attaching programs, String otherwise) throws IOException {
    var directory = group == null ? CgroupRoot.find() : group;
    try {
      if (directory != null) {
        programs.to(directory);
      } else {
        attachHidden(programs);
      }
      return "";
    } catch (LibbpfException e) {
      return " %s: %s.".formatted(otherwise, e.getMessage());
    }
  }

  /// Where this process does not see the control groups, but is in one.
  private static void attachHidden(Attaching programs) throws LibbpfException, IOException {
    try (var hidden = PrivateCgroup.mount()) {
      programs.to(hidden.mountPoint());
    }
  }

  /// From the first service on that wants to know how long its targets take.
  private void timeAnswers(List<Service> wanted) throws IOException {
    var loaded = programs;
    if (loaded == null
        || loaded.timed()
        || wanted.stream().noneMatch(s -> s.algorithm() == Service.Algorithm.LEAST_LOADED)) {
      return;
    }
    untimed = attachLocal(loaded::attachTiming, "Answers to clients on this host are not timed");
  }

  private void install(List<Service> wanted, ServiceTables open)
      throws LibbpfException, IOException {
    var byKey = new LinkedHashMap<Key, Service>();
    wanted.forEach(service -> byKey.put(Key.of(service), service));
    for (var entry : List.copyOf(running.entrySet())) {
      var stays = byKey.get(entry.getKey());
      if (stays == null) {
        entry.getValue().end();
        running.remove(entry.getKey());
      } else {
        entry.getValue().leaveOthers(stays);
      }
    }
    for (var entry : byKey.entrySet()) {
      takeOver(entry.getValue());
      var known = running.get(entry.getKey());
      if (known != null) {
        known.become(entry.getValue());
      } else {
        var fresh = new RunningService(index(), entry.getValue(), open, threads, this::refresh);
        running.put(entry.getKey(), fresh);
        fresh.begin();
      }
    }
    follow();
  }

  /// An answer is of one service only, so a target has left the one before it joins another.
  private void takeOver(Service wanted) throws LibbpfException {
    for (var other : running.entrySet()) {
      if (!other.getKey().equals(Key.of(wanted))
          && other.getKey().protocol() == wanted.protocol()) {
        for (var target : wanted.targets()) {
          other.getValue().giveUp(target.place());
        }
      }
    }
  }

  private int index() {
    var taken = new HashSet<Integer>();
    running.values().forEach(service -> taken.add(service.index));
    int index = 0;
    while (taken.contains(index)) {
      index++;
    }
    return index;
  }

  private void follow() {
    var loaded = programs;
    if (loaded != null) {
      var now = loaded.follow(interfaces.get());
      if (!now.equals(unattached)) {
        now.forEach(problem -> LOG.warn("services are not attached: {}", problem));
      }
      unattached = now;
    }
  }

  private void beat() {
    try {
      while (true) {
        Thread.sleep(BEAT_MILLIS);
        refresh();
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  /// Brings into force what has become of the targets.
  private synchronized void refresh() {
    var loaded = programs;
    var open = tables;
    if (loaded == null || open == null) {
      return;
    }
    try {
      for (var service : running.values()) {
        service.beat();
      }
      beats++;
      if (beats % FOLLOW_BEATS == 0) {
        follow();
      }
      if (beats % SWEEP_BEATS == 0) {
        records = open.sweep(loaded.now(), loaded.hz());
        running.values().forEach(RunningService::passed);
      }
      failure = "";
    } catch (LibbpfException e) {
      if (failure.isEmpty()) {
        LOG.warn("services do not follow their targets: {}", e.getMessage());
      }
      failure = " They do not follow their targets: " + e.getMessage() + ".";
    }
  }

  @Override
  public synchronized View services() {
    var list = new ArrayList<Status>();
    for (var service : running.values()) {
      list.add(
          new Status(service.service(), warning(service), service.targets(), service.events()));
    }
    return new View(sentence(), list);
  }

  private String sentence() {
    var loaded = programs;
    if (loaded == null || running.isEmpty()) {
      return "No services are configured.";
    }
    int attached = loaded.interfaces().size();
    return "%d service%s on %d interface%s; %,d connections are known, the maps take %.1f MiB.%s%s%s"
        .formatted(
            running.size(),
            running.size() == 1 ? "" : "s",
            attached,
            attached == 1 ? "" : "s",
            records,
            loaded.memoryBytes() / (double) (1 << 20),
            unattached.isEmpty() ? "" : " Not attached: " + String.join("; ", unattached) + ".",
            local + untimed,
            failure);
  }

  private String warning(RunningService service) {
    return Stream.of(notForwarded(service), withoutRoom(service))
        .filter(text -> !text.isEmpty())
        .collect(Collectors.joining(" "));
  }

  /// What becomes of connections when there are more than can be remembered.
  private String withoutRoom(RunningService service) {
    long lately = service.withoutRoomLately();
    if (lately == 0) {
      return "";
    }
    return "%,d handshakes of the last %d s found no room for a record, as %,d of %,d are taken: such connections go by the table alone, and break where targets or weights change."
        .formatted(lately, SWEEP_BEATS * BEAT_MILLIS / 1000, records, ServiceTables.RECORDS);
  }

  /// What keeps packets from going on though they were turned.
  private String notForwarded(RunningService service) {
    boolean four = service.service().literalAddress().getAddress().length == 4;
    var setting = four ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding";
    boolean away =
        service.service().targets().stream().anyMatch(target -> !isLocal(target.place().address()));
    if (!away || forwards(setting)) {
      return "";
    }
    return "%s: 0 (expected: 1, or no packet goes on to a target of another host). Run: sysctl -w %s=1"
        .formatted(setting, setting);
  }

  private static boolean forwards(String setting) {
    try {
      return !Files.readString(Path.of("/proc/sys", setting.replace('.', '/'))).strip().equals("0");
    } catch (IOException e) {
      return true;
    }
  }

  /// For the kernel page.
  public synchronized List<KernelStatus.Program> programs() {
    var loaded = programs;
    return loaded == null ? List.of() : loaded.status();
  }

  /// What the verifier said of each program.
  public synchronized Map<String, String> verifierLogs() {
    var loaded = programs;
    return loaded == null ? Map.of() : loaded.verifierLogs();
  }

  /// Detaches everything. Connections through a service break.
  @Override
  public synchronized void close() {
    var thread = heart;
    if (thread != null) {
      thread.interrupt();
      heart = null;
    }
    running.values().forEach(RunningService::stopChecks);
    running.clear();
    var loaded = programs;
    programs = null;
    tables = null;
    if (loaded != null) {
      loaded.close();
    }
  }
}
