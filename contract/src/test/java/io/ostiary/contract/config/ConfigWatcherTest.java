package io.ostiary.contract.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigWatcherTest {
  @TempDir Path dir;
  private final Semaphore told = new Semaphore(0);
  private Path file;
  private ConfigWatcher watcher;

  @BeforeEach
  void start() throws IOException {
    file = Files.writeString(dir.resolve("ostiary.yaml"), "apis: []\n");
    watcher = ConfigWatcher.start(new ConfigSource(file), told::release);
  }

  @AfterEach
  void stop() {
    watcher.close();
  }

  @Test
  void tellsOfAFileWrittenInPlace() throws Exception {
    Files.writeString(file, "apis: [] # more\n");

    assertTold();
  }

  @Test
  void tellsOfAFileRenamedOverIt() throws Exception {
    replace(file, "apis: [] # renamed\n");

    assertTold();
    replace(file, "apis: [] # again\n");
    assertTold();
  }

  @Test
  void tellsSoonEnough() throws Exception {
    // The first change also loads classes.
    replace(file, "# warm\n");
    assertTold();
    long start = System.nanoTime();
    replace(file, "# now\n");
    assertTold();

    assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)).isLessThan(1_000);
  }

  @Test
  void saysNothingWhereTheContentStays() throws Exception {
    Files.writeString(file, "apis: []\n");
    replace(file, "apis: []\n");
    Files.writeString(dir.resolve("other.txt"), "x");

    assertNotTold();
  }

  @Test
  void gathersManyWrites() throws Exception {
    for (int i = 0; i < 50; i++) {
      Files.writeString(file, "# " + i + "\n");
    }

    assertTold();
    Thread.sleep(250);
    assertThat(told.availablePermits()).isLessThan(25);
  }

  @Test
  void waitsWhileTheFileIsEmpty() throws Exception {
    Files.writeString(file, "");
    Thread.sleep(60);
    assertThat(told.availablePermits()).isZero();
    Files.writeString(file, "apis: [] # whole\n");

    assertTold();
    assertNotTold();
  }

  @Test
  void tellsOfADocumentThatTheFileNames() throws Exception {
    var folder = Files.createDirectory(dir.resolve("documents"));
    Files.writeString(file, "apis: [ { openapi: documents/pets.yaml } ]\n");
    assertTold();
    var document = Files.writeString(folder.resolve("pets.yaml"), "openapi: 3.1.0\n");
    assertTold();
    replace(document, "openapi: 3.1.1\n");
    assertTold();

    Files.writeString(file, "apis: []\n");
    assertTold();
    replace(document, "openapi: 3.1.2\n");
    assertNotTold();
  }

  @Test
  void tellsOfAPageThatTheFileNames() throws Exception {
    Files.writeString(
        file, "errors: [ { file: all.html } ]\napis: [ { errors: [ { file: one.html } ] } ]\n");
    assertTold();
    for (var name : new String[] {"all.html", "one.html"}) {
      var page = Files.writeString(dir.resolve(name), "<p>gone</p>");
      assertTold();
      replace(page, "<p>away</p>");
      assertTold();
    }
  }

  @Test
  void tellsOfASwappedLinkAsKubernetesMakesIt() throws Exception {
    watcher.close();
    var first = Files.createDirectory(dir.resolve("..1"));
    var second = Files.createDirectory(dir.resolve("..2"));
    Files.writeString(first.resolve("c.yaml"), "# 1\n");
    Files.writeString(second.resolve("c.yaml"), "# 2\n");
    var data = Files.createSymbolicLink(dir.resolve("..data"), Path.of("..1"));
    var link = Files.createSymbolicLink(dir.resolve("c.yaml"), Path.of("..data/c.yaml"));
    watcher = ConfigWatcher.start(new ConfigSource(link), told::release);

    var swapped = Files.createSymbolicLink(dir.resolve("..tmp"), Path.of("..2"));
    Files.move(swapped, data, StandardCopyOption.ATOMIC_MOVE);
    assertTold();
    Files.writeString(second.resolve("c.yaml"), "# 2, in place\n");
    assertTold();
  }

  @Test
  void tellsOfAFileThatGoesAndComes() throws Exception {
    Files.delete(file);
    assertTold();
    Files.writeString(file, "# back\n");
    assertTold();
  }

  @Test
  void pollsWhereThereAreNoEvents() throws Exception {
    watcher.close();
    watcher = ConfigWatcher.polling(file, told::release, 50);
    Files.writeString(file, "# polled\n");

    assertTold();
    assertNotTold();
  }

  @Test
  void survivesAListenerThatThrows() throws Exception {
    watcher.close();
    var seen = new AtomicBoolean();
    watcher =
        ConfigWatcher.start(
            new ConfigSource(file),
            () -> {
              assertThat(Thread.currentThread().getName()).isEqualTo("config-watcher");
              told.release();
              if (!seen.getAndSet(true)) {
                throw new IllegalStateException("thrown by a test, on purpose");
              }
            });
    replace(file, "# one\n");
    assertTold();
    replace(file, "# two\n");
    assertTold();
  }

  @Test
  void waitsForNothingMoreWhereAFileWasRenamedToItsPlace() throws Exception {
    var events = new Told();
    goOverTo(events);
    replace(file, "# renamed\n");
    events.next.put(List.of(new FileEvents.Event(file, FileEvents.What.MOVED)));

    assertTold();
    assertThat(events.waits)
        .as("for first events only")
        .isNotEmpty()
        .allMatch(each -> each == 2_000);
  }

  @Test
  void waitsAMomentWhereAWriterHasClosedTheFile() throws Exception {
    var events = new Told();
    goOverTo(events);
    Files.writeString(file, "# in place\n");
    events.next.put(List.of(new FileEvents.Event(file, FileEvents.What.CLOSED)));

    assertTold();
    assertThat(events.waits).anyMatch(millis -> millis <= 2);
    assertThat(events.waits).allMatch(millis -> millis <= 2 || millis == 2_000);
  }

  @Test
  void goesOnAfterAListenerThatLeavesTheThreadInterrupted() throws Exception {
    watcher.close();
    watcher =
        ConfigWatcher.start(
            new ConfigSource(file),
            () -> {
              told.release();
              Thread.currentThread().interrupt();
            });
    replace(file, "# one\n");
    assertTold();
    replace(file, "# two\n");
    assertTold();
  }

  @Test
  void missesNothingWhileItGoesOverToOtherEvents() throws Exception {
    var events = new Told();
    Files.writeString(file, "# before\n");
    watcher.with(events, true);
    assertTold();
    assertThat(events.watched).contains(dir);
    watcher.close();
    assertThat(events.closed).as("once").hasValue(1);
  }

  private void goOverTo(Told events) throws InterruptedException {
    watcher.with(events, true);
    for (int i = 0; i < 5_000 && events.waits.isEmpty(); i++) {
      Thread.sleep(1);
    }
    assertThat(events.waits).isNotEmpty();
  }

  /// What a test says that happened.
  private static final class Told implements FileEvents {
    final BlockingQueue<List<Event>> next = new LinkedBlockingQueue<>();
    final List<Long> waits = new CopyOnWriteArrayList<>();
    volatile Set<Path> watched = Set.of();
    final AtomicInteger closed = new AtomicInteger();
    private volatile boolean woken;

    @Override
    public void watch(Set<Path> folders) {
      watched = Set.copyOf(folders);
    }

    @Override
    public List<Event> await(long millis) throws InterruptedException {
      waits.add(millis);
      long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
      while (!woken) {
        var events = next.poll(1, TimeUnit.MILLISECONDS);
        if (events != null || System.nanoTime() > end) {
          return events == null ? List.of() : events;
        }
      }
      throw new InterruptedException("woken");
    }

    @Override
    public void wake() {
      woken = true;
    }

    @Override
    public void close() {
      closed.incrementAndGet();
    }
  }

  private static void replace(Path file, String text) throws IOException {
    var next = Files.writeString(file.resolveSibling(".next"), text);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private void assertTold() throws InterruptedException {
    assertThat(told.tryAcquire(5, TimeUnit.SECONDS)).as("told").isTrue();
  }

  private void assertNotTold() throws InterruptedException {
    assertThat(told.tryAcquire(250, TimeUnit.MILLISECONDS)).as("told").isFalse();
  }
}
