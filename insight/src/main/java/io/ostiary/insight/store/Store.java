package io.ostiary.insight.store;

import io.ostiary.insight.HistoryUnavailableException;
import io.ostiary.insight.InsightSettings;
import io.ostiary.insight.InsightStatus;
import io.ostiary.insight.InsightStatus.State;
import io.ostiary.insight.ledger.Batch;
import io.ostiary.insight.ledger.Batches;
import io.ostiary.model.CallId;
import io.ostiary.model.LedgerEntry;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Keeps calls on disk. One thread writes sealed batches to the journal as they come (a killed
/// process loses nothing that was written, since the kernel has it), sums them, and adds the sums
/// to the index in large transactions: when many wait, when they wait for long, or when somebody
/// asks.
///
/// What fails here (a full disk, a damaged index) is told by [#status] and tried again; it never
/// reaches the ledger reader, which only sees a bounded queue that refuses.
public final class Store implements AutoCloseable {
  private static final int QUEUE = 64;

  /// Without news: what is due by time is due by the second.
  private static final long LOOK_MILLIS = 1_000;

  private static final long SUM_NANOS = 60_000_000_000L;
  private static final long ASKED_NANOS = 60_000_000_000L;
  private static final long REST_NANOS = 5_000_000_000L;
  private static final long RETRY_NANOS = 1_000_000_000L;
  private static final long RETENTION_NANOS = 60_000_000_000L;
  private static final String RUNNING = "Calls are kept for %d days, up to %d MB.";

  /// Where the sums are, by their layout; one of an older layout is made anew from the journal.
  private static final String INDEX = "sums-2.duckdb";

  private static final String INDEX_BEFORE = "sums.duckdb";

  private final Path directory;
  private final InsightSettings settings;
  private final Clock clock;
  private final Journal journal;
  private final Summing summing;
  private final Batches batches;
  private final ArrayBlockingQueue<Batch> queue = new ArrayBlockingQueue<>(QUEUE);

  /// A batch, a question or the end.
  private final Semaphore news = new Semaphore(0);

  private final ConcurrentLinkedQueue<CompletableFuture<Index>> questions =
      new ConcurrentLinkedQueue<>();
  private final CountDownLatch opened = new CountDownLatch(1);
  private final AtomicLong lost = new AtomicLong();
  private final AtomicLong waiting = new AtomicLong();
  private final Thread thread;
  private @Nullable FileChannel lockFile;
  private @Nullable Index index;
  private Index.Known names = new Index.Known();
  private @Nullable Batch unwritten;
  private long indexFailedNanos;
  private long summedNanos = System.nanoTime();
  private long usedNanos = System.nanoTime();
  private long askedNanos = System.nanoTime();
  private long retentionNanos = System.nanoTime() - RETENTION_NANOS;
  private volatile boolean closing;
  private volatile State state = State.OPENING;
  private volatile String sentence = "The history is being opened.";
  private volatile @Nullable String indexProblem;

  public Store(Path directory, InsightSettings settings, Clock clock, Batches batches) {
    this.batches = batches;
    this.directory = directory;
    this.settings = settings;
    this.clock = clock;
    journal = new Journal(directory);
    summing = new Summing(journal);
    thread = Thread.ofPlatform().name("insight-store").daemon(true).unstarted(this::run);
  }

  public void start() {
    thread.start();
  }

  /// Takes a sealed batch, or counts its calls as lost when the disk has failed for too long. Never
  /// waits.
  public void offer(Batch batch) {
    waiting.addAndGet(batch.rows());
    if (!queue.offer(batch)) {
      waiting.addAndGet(-batch.rows());
      lost.addAndGet(batch.rows());
      batches.release(batch);
    }
    news.release();
  }

  public InsightStatus.Store status() {
    var problem = indexProblem;
    var first = journal.segments().stream().findFirst();
    return new InsightStatus.Store(
        state == State.RUNNING && problem != null ? State.FAILING : state,
        problem != null && state == State.RUNNING ? problem : sentence,
        journal.rows(),
        journal.bytes(),
        waiting.get(),
        lost.get(),
        first
            .map(segment -> Instant.ofEpochMilli(CallId.epochMillis(segment.firstCall)))
            .orElse(null));
  }

  /// Looks a call up in the journal.
  public Optional<LedgerEntry> find(long call) {
    try {
      return journal.find(call);
    } catch (IOException e) {
      throw new HistoryUnavailableException("The journal cannot be read: " + e.getMessage(), e);
    }
  }

  Journal journal() {
    return journal;
  }

  /// Waits until the journal is open.
  ///
  /// @throws HistoryUnavailableException where there is no journal to read
  void checkOpen() {
    try {
      if (opened.getCount() > 0 && state == State.FAILING) {
        throw new HistoryUnavailableException(sentence);
      }
      boolean inTime = opened.await(settings.queryTimeout().toMillis(), TimeUnit.MILLISECONDS);
      if (closing || !thread.isAlive() || !inTime) {
        throw new HistoryUnavailableException(sentence);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HistoryUnavailableException("Interrupted while asking the history.", e);
    }
  }

  /// The start of the newest call that is kept, 0 where there is none.
  long newestMillis() {
    return journal.segments().stream()
        .mapToLong(segment -> CallId.epochMillis(segment.lastCall))
        .max()
        .orElse(0);
  }

  /// The index with everything in it that was written before this call.
  Index indexed() {
    checkOpen();
    var question = new CompletableFuture<Index>();
    questions.add(question);
    news.release();
    try {
      return question.get(settings.queryTimeout().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new HistoryUnavailableException(
          "The history did not answer within " + settings.queryTimeout().toSeconds() + " s.", e);
    } catch (ExecutionException e) {
      throw new HistoryUnavailableException(
          e.getCause() == null ? sentence : String.valueOf(e.getCause().getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HistoryUnavailableException("Interrupted while asking the history.", e);
    } finally {
      question.cancel(false);
    }
  }

  private void run() {
    try {
      if (!opened()) {
        return;
      }
      while (!closing || !queue.isEmpty()) {
        turn();
      }
      journal.close();
    } catch (IOException e) {
      failing("The journal could not be closed: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      opened.countDown();
      closeIndex();
      release();
      questions.forEach(q -> q.completeExceptionally(new IOException("The history is closed.")));
    }
  }

  /// Opens the journal, trying again while it cannot be; false when closed before that.
  private boolean opened() throws InterruptedException {
    while (!closing) {
      try {
        Files.createDirectories(directory);
        lock();
        journal.open();
        running();
        opened.countDown();
        return true;
      } catch (IOException e) {
        failing("The history in " + directory + " cannot be opened: " + said(e));
        refuse();
        TimeUnit.NANOSECONDS.sleep(RETRY_NANOS);
      }
    }
    return false;
  }

  private void lock() throws IOException {
    if (lockFile != null && lockFile.isOpen()) {
      return;
    }
    var file =
        FileChannel.open(
            directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock held;
    try {
      held = file.tryLock();
    } catch (OverlappingFileLockException e) {
      held = null;
    }
    if (held == null) {
      file.close();
      throw new IOException("another process uses it; give each its own --data");
    }
    lockFile = file;
  }

  private void turn() throws InterruptedException {
    if (unwritten == null) {
      unwritten = queue.poll();
    }
    if (unwritten == null && news.tryAcquire(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
      news.drainPermits();
      unwritten = queue.poll();
    }
    if (unwritten != null && !write(unwritten)) {
      refuse();
      if (closing) {
        lost.addAndGet(unwritten.rows());
        queue.clear();
        return;
      }
      TimeUnit.NANOSECONDS.sleep(RETRY_NANOS);
      return;
    }
    if (queue.isEmpty() || summing.full()) {
      index();
      retain();
    }
  }

  private boolean write(Batch batch) {
    try {
      long before = journal.currentSize(batch);
      var segment = journal.append(batch);
      summing.appended(segment, before, batch);
      unwritten = null;
      waiting.addAndGet(-batch.rows());
      batches.release(batch);
      running();
      return true;
    } catch (IOException e) {
      failing(
          "Calls cannot be written to "
              + directory
              + ": "
              + said(e)
              + ". Up to "
              + QUEUE
              + " batches wait; what comes after them is counted as lost.");
      return false;
    }
  }

  private void index() {
    boolean asked = !questions.isEmpty();
    long now = System.nanoTime();
    if (summing.empty()) {
      summedNanos = now;
    }
    boolean due = summing.full() || now - summedNanos >= SUM_NANOS;
    if (!asked && (!due || closing)) {
      rest(now);
      return;
    }
    if (indexProblem != null && now - indexFailedNanos < RETRY_NANOS) {
      refuse();
      return;
    }
    try {
      var current = openIndex();
      int answered = questions.size();
      summing.write(current, this::writeWaiting);
      summedNanos = now;
      usedNanos = now;
      if (asked) {
        askedNanos = now;
      }
      indexProblem = null;
      for (; answered > 0; answered--) {
        questions.remove().complete(current);
      }
    } catch (SQLException | IOException | RuntimeException e) {
      indexFailed(e);
    }
  }

  /// While the index is written batches come, and only a few can wait.
  private void writeWaiting() {
    for (var next = next(); next != null; next = next()) {
      unwritten = next;
      if (!write(next)) {
        return;
      }
    }
  }

  private @Nullable Batch next() {
    return unwritten == null ? queue.poll() : null;
  }

  /// Closes an index that nobody has asked for a while: between two writes it only takes memory.
  private void rest(long now) {
    if (index != null && now - askedNanos > ASKED_NANOS && now - usedNanos > REST_NANOS) {
      closeIndex();
    }
  }

  private Index openIndex() throws SQLException, IOException {
    var known = index;
    if (known != null) {
      return known;
    }
    var file = directory.resolve(INDEX);
    Files.deleteIfExists(directory.resolve(INDEX_BEFORE));
    Files.deleteIfExists(directory.resolve(INDEX_BEFORE + ".wal"));
    Index opened;
    try {
      opened = Index.open(file, settings.storeMemoryBytes(), names);
    } catch (SQLException | RuntimeException e) {
      if (!damaged(e)) {
        throw e;
      }
      moveAside(file);
      opened = Index.open(file, settings.storeMemoryBytes(), names);
    }
    opened.keepOnly(journal.segments().stream().map(Segment::number).collect(Collectors.toSet()));
    index = opened;
    return opened;
  }

  /// Whether the index itself is to blame, rather than the disk or another process.
  private static boolean damaged(Throwable problem) {
    var text = String.valueOf(problem.getMessage());
    return !text.contains("lock") && !text.contains("No space") && !text.contains("ermission");
  }

  private void moveAside(Path file) throws IOException {
    names = new Index.Known();
    var aside = directory.resolve("sums.damaged-" + clock.millis() + ".duckdb");
    if (Files.exists(file)) {
      Files.move(file, aside);
    }
    Files.deleteIfExists(directory.resolve(INDEX + ".wal"));
    System.getLogger("io.ostiary.insight")
        .log(
            System.Logger.Level.WARNING,
            "The history''s index was damaged; it is now {0} and is made anew from the journal.",
            aside);
  }

  private void indexFailed(Exception problem) {
    indexFailedNanos = System.nanoTime();
    summing.forget();
    names = new Index.Known();
    indexProblem = "The history cannot be searched right now: " + said(problem);
    closeIndex();
    refuse();
  }

  /// Nobody is left waiting for what does not come.
  private void refuse() {
    var why = indexProblem == null || state != State.RUNNING ? sentence : indexProblem;
    for (var question = questions.poll(); question != null; question = questions.poll()) {
      question.completeExceptionally(new IOException(why));
    }
  }

  private void closeIndex() {
    var open = index;
    index = null;
    if (open == null) {
      return;
    }
    try {
      open.close();
    } catch (SQLException e) {
      indexProblem = "The history's index could not be closed: " + said(e);
    }
  }

  private void retain() {
    long now = System.nanoTime();
    if (now - retentionNanos < RETENTION_NANOS) {
      return;
    }
    retentionNanos = now;
    try {
      retainNow();
    } catch (SQLException | IOException e) {
      indexProblem = "Old calls cannot be dropped: " + said(e);
      summing.forget();
      closeIndex();
    }
  }

  private void retainNow() throws SQLException, IOException {
    long oldest = clock.millis() - settings.retention().toMillis();
    for (var segment : journal.segments()) {
      boolean old = CallId.epochMillis(segment.lastCall) < oldest;
      boolean tooMuch = journal.bytes() > settings.historyBytesMax();
      if (journal.isCurrent(segment) || (!old && !tooMuch)) {
        return;
      }
      journal.drop(segment);
      if (index != null) {
        index.drop(segment);
      }
    }
  }

  private void running() {
    if (state != State.RUNNING) {
      sentence =
          RUNNING.formatted(settings.retention().toDays(), settings.historyBytesMax() / 1_000_000);
      state = State.RUNNING;
    }
  }

  private void failing(String why) {
    sentence = why;
    state = State.FAILING;
  }

  private static String said(Throwable problem) {
    var text = problem.getMessage();
    return text == null ? problem.getClass().getSimpleName() : text.lines().findFirst().orElse("");
  }

  private void release() {
    try {
      if (lockFile != null) {
        lockFile.close();
      }
    } catch (IOException e) {
      sentence = "The history's lock could not be released: " + said(e);
    }
    state = State.OFF;
  }

  /// Writes what waits, at most ten seconds long.
  @Override
  public void close() {
    closing = true;
    news.release();
    try {
      thread.join(10_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
