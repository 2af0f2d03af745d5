package io.ostiary.kernel.stage;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.ostiary.kernel.libbpf.BpfLink;
import io.ostiary.kernel.libbpf.BpfTable;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.shield.Chain;
import io.ostiary.kernel.shield.Shield;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.KernelStage;
import io.ostiary.model.LedgerSlot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The folder of users' own stages, kept the same as what runs: a file that appears is verified and
/// run, one that changes takes the place of what ran before, one that goes is taken out.
///
/// Looked at twice a second by a thread of its own. Shared; everything takes turns.
public final class Stages implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Stages.class);
  private static final long LOOK_MILLIS = 500;

  /// Of the maps of all stages together.
  private static final long MEMORY_MAX = 4 << 20;

  private final Chain chain;
  private final StageCounters counters;
  private final ConnectionApis apis;
  private final Clock clock;
  private final Thread watcher;

  /// By name, in the order of the names.
  private final Map<String, Stage> stages = new TreeMap<>();

  /// On interfaces whose stages run in XDP; by their number.
  private final Map<Integer, BpfLink> marks = new HashMap<>();

  private final Map<String, StageFile> unsettled = new HashMap<>();
  private KernelSettings.Stages settings = KernelSettings.Stages.NONE;
  private @Nullable Path otherwise;
  private String folderProblem = "";
  private volatile boolean tellApis;
  private volatile boolean closed;

  /// What became of one file.
  private static final class Stage {
    private StageFile file;

    /// What runs, or would if it were not switched off; null where nothing of this name ever did.
    private @Nullable StageObject object;

    /// -1: it does not run.
    private int slot = -1;

    /// Why the file as it is now does not run; the object may be of the file before.
    private String refusal = "";

    /// Why what runs could not be put into a slot.
    private String withoutSlot = "";

    Stage(StageFile file) {
      this.file = file;
    }
  }

  public Stages(Shield shield, Clock clock) throws LibbpfException {
    chain = shield.chain();
    counters = new StageCounters(chain.table("stage_counters"));
    apis =
        new ConnectionApis(
            chain.memory("connection_apis", (long) ConnectionApis.ENTRIES * ConnectionApis.BYTES));
    this.clock = clock;
    watcher = Thread.ofPlatform().daemon().name("kernel-stages").unstarted(this::watch);
  }

  /// Begins to follow the folder.
  public void start() {
    watcher.start();
  }

  private void watch() {
    while (!closed) {
      look();
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /// The folder where the configuration names none.
  public synchronized void otherwiseIn(Path folder) {
    otherwise = folder;
  }

  /// Brings the configuration's part into force, at once.
  public synchronized void apply(KernelSettings.Stages written) {
    var wanted = otherwise == null ? written : written.orIn(otherwise);
    if (!wanted.equals(settings)) {
      settings = wanted;
      look();
      stages.values().forEach(this::fillTables);
    }
  }

  /// Makes what runs the same as the folder. Never fails: what is wrong is said of the stage.
  synchronized void look() {
    if (closed) {
      return;
    }
    var folder = settings.folder();
    List<StageFile> files;
    try {
      files = folder == null ? List.of() : StageFile.in(folder);
      folderProblem = "";
    } catch (IOException | UncheckedIOException e) {
      // What runs goes on: a folder that cannot be read for a moment removes nothing.
      folderProblem =
          "%s: %s (expected: a folder that can be read)".formatted(folder, e.getMessage());
      return;
    }
    removeGone(files);
    for (var file : files) {
      follow(file);
    }
    tellApis =
        stages.values().stream()
            .anyMatch(stage -> stage.slot >= 0 && !settings.numbers().isEmpty());
    chain.tellApis(tellApis);
  }

  private void removeGone(List<StageFile> files) {
    var there = files.stream().map(StageFile::name).toList();
    unsettled.keySet().retainAll(there);
    stages
        .entrySet()
        .removeIf(entry -> {
          boolean gone = !there.contains(entry.getKey());
          if (gone) {
            remove(entry.getKey(), entry.getValue());
          }
          return gone;
        });
  }

  /// First no packet meets it any more, then the object is given back; the kernel keeps the program
  /// for packets that are in it.
  private void remove(String name, Stage stage) {
    takeOut(stage);
    if (stage.object != null) {
      stage.object.close();
      LOG.info("stage {}: taken out", name);
    }
  }

  private void takeOut(Stage stage) {
    if (stage.slot >= 0) {
      try {
        chain.clear(stage.slot);
      } catch (LibbpfException e) {
        LOG.warn("stage {}: {}", stage.file.name(), e.getMessage());
      }
      stage.slot = -1;
    }
  }

  private void follow(StageFile file) {
    var stage = stages.get(file.name());
    if (stage == null || !stage.file.sameContent(file)) {
      if (!settled(file)) {
        return;
      }
      if (stage == null) {
        stage = new Stage(file);
        stages.put(file.name(), stage);
      }
      stage.file = file;
      load(stage);
    }
    stage.file = file;
    if (file.off()) {
      takeOut(stage);
      stage.withoutSlot = "";
    } else if (stage.slot < 0 && stage.object != null) {
      putIn(stage, stage.object);
    }
  }

  /// A file that is still being copied is left until it was quiet for a moment, or until two looks
  /// found it the same.
  private boolean settled(StageFile file) {
    var before = unsettled.put(file.name(), file);
    if (file.isQuiet(clock.instant()) || (before != null && before.sameContent(file))) {
      unsettled.remove(file.name());
      return true;
    }
    return false;
  }

  private void load(Stage stage) {
    var name = stage.file.name();
    try {
      if (stage.file.bytes() > StageFile.BYTES_MAX) {
        throw new StageRefused(
            "%,d bytes (expected: at most %,d)".formatted(stage.file.bytes(), StageFile.BYTES_MAX));
      }
      var next = StageObject.load(name, Files.readAllBytes(stage.file.path()), chain);
      try {
        checkMemory(stage, next);
        replace(stage, next);
      } catch (LibbpfException | RuntimeException e) {
        next.close();
        throw e;
      }
      stage.refusal = "";
      LOG.info("stage {}: {}", name, next.about().title());
    } catch (IOException | LibbpfException | StageRefused e) {
      stage.refusal = String.valueOf(e.getMessage());
      LOG.warn("stage {} is refused: {}", name, stage.refusal);
    }
  }

  private void checkMemory(Stage stage, StageObject next) {
    long others =
        stages.values().stream().filter(one -> one != stage).mapToLong(Stages::memory).sum();
    if (others + next.memoryBytes() > MEMORY_MAX) {
      throw new StageRefused(
          "its maps take %,d bytes (expected: at most %,d for all stages together, of which %,d are left)"
              .formatted(next.memoryBytes(), MEMORY_MAX, MEMORY_MAX - others));
    }
  }

  private static long memory(Stage stage) {
    return stage.object == null ? 0 : stage.object.memoryBytes();
  }

  /// In the slot of the one before, so that no packet goes without a stage meanwhile.
  private void replace(Stage stage, StageObject next) throws LibbpfException {
    var before = stage.object;
    fillTables(next);
    if (stage.slot >= 0 && before != null && before.isBefore() == next.isBefore()) {
      next.putInto(chain, stage.slot);
      counters.clear(stage.slot);
    } else {
      takeOut(stage);
    }
    stage.object = next;
    if (before != null) {
      before.close();
    }
  }

  private void putIn(Stage stage, StageObject object) {
    int slot = freeSlot(object.isBefore() ? Chain.STAGES_BEFORE : Chain.STAGES_AFTER);
    if (slot < 0) {
      stage.withoutSlot =
          "%d stages are %s the classifier already (expected: at most %d)"
              .formatted(Chain.STAGES, object.place(), Chain.STAGES);
      return;
    }
    try {
      counters.clear(slot);
      object.putInto(chain, slot);
      stage.slot = slot;
      stage.withoutSlot = "";
    } catch (LibbpfException e) {
      stage.withoutSlot = String.valueOf(e.getMessage());
    }
  }

  private int freeSlot(int first) {
    for (int slot = first; slot < first + Chain.STAGES; slot++) {
      int candidate = slot;
      if (stages.values().stream().noneMatch(stage -> stage.slot == candidate)) {
        return slot;
      }
    }
    return -1;
  }

  private void fillTables(Stage stage) {
    if (stage.object == null) {
      return;
    }
    try {
      fillTables(stage.object);
    } catch (LibbpfException e) {
      LOG.warn("stage {}: {}", stage.file.name(), e.getMessage());
    }
  }

  /// Every table of the object that `kernel.stages.numbers` names, whole: what it no longer names
  /// becomes 0.
  private void fillTables(StageObject object) throws LibbpfException {
    for (var map : object.maps()) {
      boolean named =
          settings.numbers().stream().anyMatch(number -> number.table().equals(map.name()));
      if (!named || !map.type().equals("array") || map.entriesMax() != ConnectionApis.APIS) {
        continue;
      }
      var values = new int[ConnectionApis.APIS];
      for (var number : settings.numbers()) {
        if (number.table().equals(map.name())) {
          values[apis.number(number.api())] = number.number();
        }
      }
      write(object.object().table(map.name()), values);
    }
  }

  private static void write(BpfTable table, int[] values) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      for (int i = 1; i < values.length; i++) {
        table.write(arena.allocateFrom(JAVA_INT, i), arena.allocateFrom(JAVA_INT, values[i]));
      }
    }
  }

  /// Lets marks given in XDP reach the packets of these interfaces, while there is any stage.
  public synchronized void markBehindXdp(Set<Integer> interfaces) {
    boolean running = stages.values().stream().anyMatch(stage -> stage.slot >= 0);
    marks
        .entrySet()
        .removeIf(entry -> {
          boolean gone = !running || !interfaces.contains(entry.getKey()) || dead(entry.getValue());
          if (gone) {
            entry.getValue().close();
          }
          return gone;
        });
    if (!running || closed) {
      return;
    }
    for (int index : interfaces) {
      try {
        if (!marks.containsKey(index)) {
          marks.put(index, chain.mark(index));
        }
      } catch (LibbpfException e) {
        LOG.debug(
            "marks of stages do not reach packets of interface {}: {}", index, e.getMessage());
      }
    }
  }

  private static boolean dead(BpfLink link) {
    try {
      return !link.alive();
    } catch (LibbpfException e) {
      return true;
    }
  }

  /// Tells stages to which API the last call of a connection went, where any of them asks. No
  /// system call and no object.
  public void called(LedgerSlot call) {
    var api = call.api;
    var listener = call.listener;
    if (tellApis && api != null && listener != null) {
      called(call.peer, call.peerLength, call.peerPort, listener.port(), api.name());
    }
  }

  void called(byte[] peer, int length, int peerPort, int port, String api) {
    apis.called(peer, length, peerPort, port, api);
  }

  /// Switches a stage on or off, until it is switched again.
  ///
  /// @return what is wrong; empty when it is done
  public synchronized String turn(String name, boolean on) {
    var stage = stages.get(name);
    if (stage == null) {
      return "stage: " + name + " (expected: one of " + stages.keySet() + ")";
    }
    var marker = StageFile.marker(stage.file.path());
    try {
      if (on) {
        Files.deleteIfExists(marker);
      } else if (!Files.exists(marker)) {
        Files.createFile(marker);
      }
    } catch (IOException e) {
      return "%s: %s (expected: a folder that can be written)".formatted(marker, e.getMessage());
    }
    look();
    return "";
  }

  public synchronized List<KernelStage> list() {
    var list = new ArrayList<KernelStage>();
    if (!folderProblem.isEmpty()) {
      LOG.debug("{}", folderProblem);
    }
    stages.forEach((name, stage) -> list.add(describe(name, stage)));
    return list;
  }

  private KernelStage describe(String name, Stage stage) {
    var object = stage.object;
    if (object == null) {
      return new KernelStage(
          name,
          "",
          KernelStage.State.REFUSED,
          "",
          -1,
          stage.refusal,
          List.of(),
          0,
          0,
          KernelStage.Counts.NONE,
          List.of());
    }
    var state =
        stage.slot >= 0
            ? KernelStage.State.RUNNING
            : stage.file.off() ? KernelStage.State.OFF : KernelStage.State.REFUSED;
    var sentence =
        stage.refusal.isEmpty()
            ? stage.withoutSlot
            : "The file of now is refused, the one before goes on: " + stage.refusal;
    try {
      return new KernelStage(
          name,
          object.about().title(),
          state,
          object.place(),
          stage.slot,
          sentence,
          object.hooks(),
          object.instructions(),
          object.memoryBytes(),
          stage.slot < 0
              ? KernelStage.Counts.NONE
              : counters.read(stage.slot, object.about().reasons()),
          maps(object));
    } catch (LibbpfException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<KernelStage.StageMap> maps(StageObject object) throws LibbpfException {
    var maps = new ArrayList<KernelStage.StageMap>();
    for (var map : object.maps()) {
      maps.add(
          new KernelStage.StageMap(
              map.name(),
              map.type(),
              map.entriesMax(),
              map.bytes(),
              Peek.at(object.object().table(map.name()))));
    }
    return maps;
  }

  /// What the maps of all stages take.
  public synchronized long memoryBytes() {
    return stages.values().stream().mapToLong(Stages::memory).sum();
  }

  @Override
  public void close() {
    closed = true;
    watcher.interrupt();
    synchronized (this) {
      marks.values().forEach(BpfLink::close);
      marks.clear();
      stages.forEach(this::remove);
      stages.clear();
    }
  }
}
