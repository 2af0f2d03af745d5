package io.ostiary.contract.config;

import io.ostiary.contract.tree.Node;
import io.ostiary.model.Api;
import io.ostiary.model.Document;
import io.ostiary.model.GatewaySettings;
import io.ostiary.model.HealthCheck;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelSet;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.Listener;
import io.ostiary.model.Listener.ProxyProtocol;
import io.ostiary.model.Overload;
import io.ostiary.model.Require;
import io.ostiary.model.Route;
import io.ostiary.model.SocketFile;
import io.ostiary.model.SocketPath;
import io.ostiary.model.Target;
import io.ostiary.model.Tls;
import io.ostiary.model.Upstream;
import io.ostiary.model.capture.CaptureSettings;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// From what is written to what is meant. The model's own constructors check; what they refuse
/// becomes a fault at the place that they name. Used once, by one thread.
final class Meaning {
  private static final Target REFUSED = new Target("refused.invalid", 1, 1);

  private final Written written;
  private final Documents documents;
  private final Notes notes;
  private final KnownApis known;
  private final PolicyPlaces places;

  Meaning(Written written, Documents documents, Notes notes, KnownApis known, PolicyPlaces places) {
    this.written = written;
    this.documents = documents;
    this.notes = notes;
    this.known = known;
    this.places = places;
  }

  /// Null: with faults.
  @Nullable Configuration configuration() {
    var gateway = notes.attempt("", this::gateway);
    var kernel = notes.attempt("/kernel", this::kernel);
    var listeners = listeners();
    var upstreams = upstreams();
    var apis = apis();
    var services = new Services(written.services(), notes).read(listeners);
    policiesFolder();
    if (!notes.faulty()) {
      new Mentions(written, apis, notes).check();
    }
    if (listeners.isEmpty() && !notes.faulty()) {
      notes.fault("/listeners", "listeners: none (expected: at least one)");
    }
    if (gateway == null || kernel == null || notes.faulty()) {
      return null;
    }
    if (apis.isEmpty()) {
      notes.warning("/apis", "apis: none, so every call is answered with 404");
    }
    return new Configuration(
        gateway, listeners, apis, upstreams, kernel, services, notes.at(""), places);
  }

  /// A folder that is named and not there would silently hold no policy.
  private void policiesFolder() {
    var named = written.policiesFolder();
    var folder = named == null ? null : ConfigReader.beside(file(), named);
    if (named != null && (folder == null || !Files.isDirectory(folder))) {
      notes.fault(
          "/policies-folder",
          "policies-folder: '%s' (expected: a folder that is there)%s"
              .formatted(named, folder == null ? "" : ". Create " + folder));
    }
  }

  private GatewaySettings gateway() {
    var limits = written.limits();
    var timeouts = written.timeouts();
    return new GatewaySettings(
        limits.head(),
        limits.headFields(),
        limits.body(),
        timeouts.head(),
        timeouts.body(),
        timeouts.idle(),
        timeouts.age(),
        timeouts.drain(),
        limits.connections(),
        written.trustedProxies().stream().map(TrustedProxy::block).toList(),
        new Observing(written, notes, file()).read(),
        written.outbound().meaning(),
        WrittenPage.read(written.errors(), "/errors", file(), notes));
  }

  private List<Listener> listeners() {
    var listeners = new ArrayList<Listener>();
    for (int i = 0; i < written.listeners().size(); i++) {
      var one = written.listeners().get(i);
      var at = "/listeners/" + i;
      var tls = new TlsFiles(notes).read(one.tls(), at + "/tls");
      var listener = notes.attempt(at, () -> listener(one, tls));
      if (listener != null) {
        listeners.add(listener);
      }
    }
    return listeners;
  }

  private Listener listener(WrittenListener one, @Nullable Tls tls) {
    var address = one.address();
    if (one.proxyProtocol() != ProxyProtocol.OFF && written.trustedProxies().isEmpty()) {
      throw Require.invalid(
          "proxy-protocol",
          one.proxyProtocol().name().toLowerCase(Locale.ROOT),
          "trusted-proxies to name who may send its header");
    }
    if (SocketPath.is(address.host())) {
      var mode = one.mode() == null ? SocketFile.DEFAULT.mode() : one.mode().bits();
      var file = new SocketFile(mode, one.owner(), one.group());
      return new Listener(address.host(), 0, one.proxyProtocol(), tls, file);
    }
    if (one.mode() != null || one.owner() != null || one.group() != null) {
      throw Require.invalid(
          "mode, owner, group",
          "with " + address.host(),
          "only with a Unix socket, whose they are");
    }
    try {
      InetAddress.ofLiteral(address.host());
    } catch (IllegalArgumentException e) {
      throw Require.invalid(
          "address", "'" + address.host() + "'", "an IP address, such as 0.0.0.0 or [::]");
    }
    return new Listener(address.host(), address.port(), one.proxyProtocol(), tls);
  }

  private List<Upstream> upstreams() {
    var upstreams = new ArrayList<Upstream>();
    for (int i = 0; i < written.upstreams().size(); i++) {
      var pointer = "/upstreams/" + i;
      var one = written.upstreams().get(i);
      var targets = targets(one, pointer);
      var rules = priorities(one.overload(), pointer);
      Upstreams.warnOfIdle(one.retry(), pointer + "/retry", notes);
      var health = one.health();
      var check =
          health == null ? null : notes.attempt(pointer + "/health", () -> Upstreams.check(health));
      var upstream = notes.attempt(pointer, () -> upstream(one, targets, check, rules));
      if (upstream != null) {
        upstreams.add(upstream);
      }
    }
    return upstreams;
  }

  private List<Target> targets(Written.Upstream upstream, String pointer) {
    var targets = new ArrayList<Target>();
    for (int i = 0; i < upstream.targets().size(); i++) {
      var place = pointer + "/targets/" + i;
      var one = upstream.targets().get(i);
      add(targets, notes.attempt(place, () -> Upstreams.target(one)), place);
    }
    var discovery = upstream.discovery();
    var more = discovery == null ? null : discovery.file();
    if (more != null) {
      var place = pointer + "/discovery/file";
      for (var one : TargetFiles.read(more, file(), place, notes)) {
        add(targets, one, place);
      }
    }
    if (targets.isEmpty() && !upstream.targets().isEmpty()) {
      // What is wrong with them has been told; that there are none would be wrong.
      targets.add(REFUSED);
    }
    return targets;
  }

  private void add(List<Target> targets, @Nullable Target target, String place) {
    if (target != null && targets.stream().anyMatch(other -> same(other, target))) {
      notes.fault(place, "targets: '" + target + "' is given twice");
    }
    if (target != null) {
      targets.add(target);
    }
  }

  private List<Overload.Rule> priorities(Written.Overload overload, String pointer) {
    var rules = new ArrayList<Overload.Rule>();
    for (int i = 0; i < overload.priorities().size(); i++) {
      var one = overload.priorities().get(i);
      var rule =
          notes.attempt(pointer + "/overload/priorities/" + i, () -> Upstreams.priority(one));
      if (rule != null) {
        rules.add(rule);
      }
    }
    return rules;
  }

  private static boolean same(Target one, Target other) {
    return one.host().equals(other.host()) && one.port() == other.port();
  }

  private Upstream upstream(
      Written.Upstream written,
      List<Target> targets,
      @Nullable HealthCheck check,
      List<Overload.Rule> rules) {
    return new Upstream(
        written.name(),
        targets,
        written.balance(),
        check,
        written.timeouts().connect(),
        written.timeouts().answer(),
        written.timeouts().idle(),
        written.connections(),
        new UpstreamLinks(file()).of(written),
        Upstreams.spread(written.spread()),
        Upstreams.outliers(written.outliers()),
        Upstreams.retries(written.retry()),
        Upstreams.overload(written.overload(), rules),
        Upstreams.discovery(written.discovery()));
  }

  @SuppressWarnings("ReferenceEquality") // The very document: see KnownDocuments.
  private List<Api> apis() {
    var apis = new ArrayList<Api>();
    var nodes = Notes.items(notes.at(""), "apis");
    for (int i = 0; i < written.apis().size(); i++) {
      var one = written.apis().get(i);
      var known = this.known.of(nodes.get(i));
      var before = known.meaning();
      var api =
          before == null || before.document() != document(one)
              ? api(one, nodes.get(i), "/apis/" + i)
              : before;
      if (api != null) {
        apis.add(api);
        // What is in files may be another next time; an API without routes is warned of each time.
        if (one.errors().isEmpty() && !api.routes().isEmpty()) {
          known.means(api);
        }
      }
    }
    return apis;
  }

  private @Nullable Document document(Written.Api api) {
    var loaded = documents.get(api.openapi());
    return loaded == null ? null : loaded.document();
  }

  private @Nullable Api api(Written.Api one, Node node, String pointer) {
    var document = documents.get(one.openapi());
    var nodes = Notes.items(node, "routes");
    var routes = RouteMeaning.routes(one, nodes, document, pointer, notes, known);
    if (routes.isEmpty() && document != null) {
      // A document of webhooks alone is sound: what it documents is called by us, not by clients.
      notes.warning(
          pointer + "/openapi",
          "openapi: no operation under paths, so every call of api '%s' is answered with 404"
              .formatted(one.name()));
    }
    boolean bare = one.upstream() == null && one.policies().isEmpty();
    if (bare && routes.stream().anyMatch(Meaning::bare)) {
      // Whether a policy that is there answers is known where policies are compiled.
      notes.fault(
          pointer,
          "upstream: not given (expected: a name of upstreams, here or on each route, or a policy"
              + " that answers, such as respond)");
    }
    return notes.attempt(
        pointer,
        () ->
            new Api(
                one.name(),
                one.hosts(),
                one.path(),
                one.upstream(),
                RouteMeaning.split(one.split(), pointer, notes),
                one.stripPath(),
                document == null ? null : document.document(),
                routes,
                one.policies(),
                RouteMeaning.upgrade(one.upgrade()),
                RouteMeaning.limits(one.limits()),
                one.encodedSlashes(),
                WrittenPage.read(one.errors(), pointer + "/errors", file(), notes)));
  }

  private static boolean bare(Route route) {
    return route.upstream() == null && route.policies().isEmpty();
  }

  private KernelSettings kernel() {
    var kernel = written.kernel();
    var interfaces =
        switch (kernel.interfaces()) {
          case WrittenKernel.Interfaces.Auto _ -> new KernelSettings.Interfaces.Auto();
          case WrittenKernel.Interfaces.Off _ -> new KernelSettings.Interfaces.Off();
          case WrittenKernel.Interfaces.Named(var names) ->
              new KernelSettings.Interfaces.Named(names);
        };
    var known = kernel.sets().stream().map(WrittenSet::name).collect(Collectors.toSet());
    var rules = new ArrayList<KernelRule>();
    for (int i = 0; i < kernel.rules().size(); i++) {
      var one = kernel.rules().get(i);
      var at = "/kernel/rules/" + i + "/" + one.word();
      var rule = notes.attempt(at, one::meaning);
      if (rule != null) {
        rules.add(rule);
        unknownSets(at, "from-set", rule.match().fromSets(), known);
        unknownSets(at, "to-set", rule.match().toSets(), known);
      }
    }
    return new KernelSettings(
        interfaces,
        kernel.dryRun(),
        kernel.management(),
        rules,
        sets(kernel),
        new KernelSettings.Safety(kernel.confirm(), kernel.onSilence()),
        stages(kernel.stages()),
        captures(kernel.capture()));
  }

  private List<KernelSet> sets(WrittenKernel kernel) {
    var sets = new ArrayList<KernelSet>();
    var names = new HashSet<String>();
    for (int i = 0; i < kernel.sets().size(); i++) {
      var one = kernel.sets().get(i);
      var at = "/kernel/sets/" + i;
      var set = notes.attempt(at, () -> one.meaning(file()));
      if (!names.add(one.name())) {
        notes.fault(at + "/name", "name: '" + one.name() + "' is given twice");
      }
      if (set != null) {
        sets.add(WrittenSet.read(set, known.sets(), fault -> notes.fault(at + "/file", fault)));
      }
    }
    return sets;
  }

  private void unknownSets(String rule, String field, List<String> used, Set<String> known) {
    for (var name : used) {
      if (!known.contains(name)) {
        notes.fault(
            rule + "/" + field,
            "%s: '%s' (expected: %s)"
                .formatted(
                    field,
                    name,
                    known.isEmpty() ? "a set under kernel.sets" : "one of the sets " + known));
      }
    }
  }

  private Path file() {
    return Path.of(notes.at("").at().source().name()).toAbsolutePath();
  }

  private KernelSettings.Stages stages(WrittenKernel.Stages written) {
    var numbers = new ArrayList<KernelSettings.StageNumber>();
    for (int i = 0; i < written.numbers().size(); i++) {
      var one = written.numbers().get(i);
      var at = "/kernel/stages/numbers/" + i;
      if (this.written.apis().stream().noneMatch(api -> api.name().equals(one.api()))) {
        notes.fault(at + "/api", "api: '%s' (expected: the name of an API)".formatted(one.api()));
      }
      if (one.number() < 0) {
        notes.fault(at + "/number", "number: %d (expected: 0-2147483647)".formatted(one.number()));
      }
      var number =
          notes.attempt(
              at, () -> new KernelSettings.StageNumber(one.table(), one.api(), one.number()));
      if (number != null) {
        numbers.add(number);
      }
    }
    var folder = written.folder();
    return new KernelSettings.Stages(folder == null ? null : stagesFolder(folder), numbers);
  }

  private Path stagesFolder(String folder) {
    var at = "/kernel/stages/folder";
    var path = file().resolveSibling(folder).normalize();
    if (folder.isBlank()) {
      notes.fault(at, "folder: '' (expected: a folder)");
    } else if (!Files.isDirectory(path)) {
      notes.warning(at, "folder: " + path + " is no folder, so there is no stage until it is one");
    }
    return path;
  }

  private static CaptureSettings captures(WrittenKernel.Capture written) {
    var mask = new HashSet<>(CaptureSettings.DEFAULT.mask());
    written.mask().forEach(name -> mask.add(name.toLowerCase(Locale.ROOT)));
    return new CaptureSettings(
        written.preTrigger(),
        written.snap(),
        written.bodies() == WrittenKernel.Bodies.KEEP,
        mask,
        written.bytes());
  }
}
