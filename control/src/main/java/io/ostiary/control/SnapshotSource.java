package io.ostiary.control;

import io.ostiary.contract.config.Configuration;
import io.ostiary.contract.tree.Fault;
import io.ostiary.control.SnapshotState.Change;
import io.ostiary.control.SnapshotState.Flaw;
import io.ostiary.control.SnapshotState.What;
import io.ostiary.control.records.Actor;
import io.ostiary.control.records.Audit;
import io.ostiary.control.records.Database;
import io.ostiary.control.records.LiveRecords;
import io.ostiary.control.records.Settings;
import io.ostiary.control.records.StorageException;
import io.ostiary.model.Ban;
import io.ostiary.model.Purge;
import io.ostiary.model.RouteAnswer;
import io.ostiary.model.RouteQuestion;
import io.ostiary.model.Snapshot;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where a [Snapshot] is born: the configuration that was read last joins the records that are in
/// force, and the whole is handed to the [Publication].
///
/// A change of records is stored and in force, or neither: it is published inside its transaction,
/// and undone in both places when either says no. Configuration is published even while the
/// database is gone, for it needs only what is in memory. Keys and bans that end are taken out at
/// their time by a thread of this class.
///
/// One lock guards all of it, so snapshots come in order and are never merged from two states.
public final class SnapshotSource implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotSource.class);

  /// The clock may be set; so no sleep is longer than this.
  private static final long SLEEP_MAX_MILLIS = 10_000;

  private static final long RETRY_MILLIS = 1000;

  private final Database database;
  private final Publication publication;
  private final Clock clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile LiveRecords live;
  private @Nullable Configuration configuration;
  private RuleTrial trial;
  private long version;
  private long retryMillis;
  private boolean closed;
  private volatile SnapshotState state;
  private final Thread endings;

  /// What somebody wants changed: in the tables by `handle`, and in `draft`, what the next snapshot
  /// holds.
  @FunctionalInterface
  public interface RecordChange<T> {
    T apply(Handle handle, LiveRecords draft, Instant now);
  }

  public SnapshotSource(Database database, Publication publication, Clock clock) {
    this.database = database;
    this.publication = publication;
    this.clock = clock;
    var now = clock.instant();
    this.live = database.ask(connection -> LiveRecords.load(connection, now));
    this.version =
        database
            .ask(connection -> Settings.get(connection, Settings.SNAPSHOT_VERSION))
            .map(Long::parseLong)
            .orElse(0L);
    this.trial = database.ask(RuleTrial::load);
    this.state =
        new SnapshotState(null, null, null, List.of(), null, new Change(0, What.PUBLISHED, now));
    this.endings = Thread.ofVirtual().name("control-endings").start(this::takeOutWhatEnds);
  }

  /// What is in force, to read only.
  public LiveRecords live() {
    return live;
  }

  /// Which route of what is in force a request would get; null: nobody here can tell.
  public @Nullable RouteAnswer route(RouteQuestion question) {
    return publication.route(question);
  }

  public SnapshotState state() {
    return state;
  }

  /// Brings a configuration into force.
  ///
  /// @param file its name, null for the built-in demo
  /// @return what is wrong with it; empty when it is in force
  public List<Flaw> publish(@Nullable String file, Configuration next) {
    lock.lock();
    try {
      var decided = trial.with(next, Path.of(file == null ? "." : file), clock.instant());
      var snapshot = join(next, decided, live);
      var problems = publication.publish(snapshot);
      if (!problems.isEmpty()) {
        return refused(file, problems.stream().map(problem -> flaw(next, problem)).toList());
      }
      configuration = next;
      boolean begins = decided.onTrial() && !Objects.equals(decided.since(), trial.since());
      trial = decided;
      inForce(snapshot, What.PUBLISHED);
      state =
          new SnapshotState(
              snapshot, file, snapshot.createdAt(), List.of(), trial.shown(), state.last());
      note("configuration-published", file, "version " + snapshot.version());
      if (begins) {
        note("rules-on-trial", file, "until " + decided.until());
        var confirm = next.kernel().safety().confirm().toSeconds();
        publication.tell(
            "the kernel rules are on trial: `ostiary confirm` within "
                + confirm
                + " s, or those before come back");
      }
      return List.of();
    } finally {
      lock.unlock();
    }
  }

  private static Flaw flaw(Configuration of, Publication.Problem problem) {
    var policy = problem.policy();
    return policy == null
        ? Flaw.of(problem.message())
        : Flaw.of(of.fault(policy, problem.message()));
  }

  /// Keeps what is wrong with a configuration that could not even be read, for people to see.
  public void refuse(@Nullable String file, List<Fault> faults) {
    lock.lock();
    try {
      refused(file, faults.stream().map(Flaw::of).toList());
    } finally {
      lock.unlock();
    }
  }

  private List<Flaw> refused(@Nullable String file, List<Flaw> flaws) {
    var now = clock.instant();
    var last = new Change(state.last().number() + 1, What.REFUSED, now);
    state = new SnapshotState(state.running(), file, now, flaws, state.trial(), last);
    note("configuration-refused", file, flaws.size() + " faults, first: " + flaws.get(0).message());
    return flaws;
  }

  /// Changes records: stored, audited by the change itself, and in force when this returns.
  ///
  /// @throws NotInForceException when the snapshot with the change is refused
  /// @throws StorageException when it cannot be stored
  public <T> T change(What what, RecordChange<T> change) {
    lock.lock();
    try {
      var draft = live.copy();
      var before = state.running();
      try {
        var result = database.write(handle -> applyAndPublish(handle, draft, change));
        live = draft;
        changed.signalAll();
        touched(what);
        return result;
      } catch (StorageException e) {
        restore(before);
        throw e;
      }
    } finally {
      lock.unlock();
    }
  }

  /// What the planes count, in the Prometheus text format.
  public String metrics() {
    return publication.metrics();
  }

  /// See [Publication#purge].
  public int purge(String api, Purge purge) {
    return publication.purge(api, purge);
  }

  /// What an operator should know now.
  public List<String> warnings() {
    return publication.warnings();
  }

  /// Enforces a ban now, ahead of its record. Whoever does so records it, or takes it back.
  public void enforce(Ban ban) {
    publication.ban(List.of(ban));
  }

  /// Takes back what [#enforce] did.
  public void release(Ban ban) {
    publication.unban(ban);
  }

  private <T> T applyAndPublish(Handle handle, LiveRecords draft, RecordChange<T> change) {
    // As the database keeps it: who asks again later is told the same instant.
    var result = change.apply(handle, draft, clock.instant().truncatedTo(ChronoUnit.MILLIS));
    if (configuration == null) {
      return result;
    }
    var snapshot = join(configuration, draft);
    Settings.put(
        handle.getConnection(), Settings.SNAPSHOT_VERSION, Long.toString(snapshot.version()));
    var problems = publication.publish(snapshot);
    if (!problems.isEmpty()) {
      throw new NotInForceException(problems);
    }
    version = snapshot.version();
    state = state.with(snapshot);
    return result;
  }

  /// The change was published but its commit failed: what was in force before comes back, under a
  /// new version.
  private void restore(@Nullable Snapshot before) {
    var running = state.running();
    if (configuration == null
        || before == null
        || running == null
        || running.version() == before.version()) {
      return;
    }
    var again = join(configuration, live);
    var problems = publication.publish(again);
    if (problems.isEmpty()) {
      inForce(again, What.PUBLISHED);
      return;
    }
    LOG.error("cannot bring back snapshot {}: {}", before.version(), problems);
  }

  private Snapshot join(Configuration base, LiveRecords records) {
    return join(base, trial, records);
  }

  private Snapshot join(Configuration base, RuleTrial tried, LiveRecords records) {
    return base.snapshot(
        version + 1,
        clock.instant(),
        tried.inForce(base.kernel()),
        records.consumers(),
        records.keys(),
        records.bans());
  }

  private void inForce(Snapshot snapshot, What what) {
    version = snapshot.version();
    state = state.with(snapshot);
    touched(what);
    changed.signalAll();
  }

  private void touched(What what) {
    state = state.with(new Change(state.last().number() + 1, what, clock.instant()));
  }

  private void note(String action, @Nullable String file, String detail) {
    note(action, file == null ? "built-in demo" : file, detail, Actor.SYSTEM);
  }

  /// An audit record that must not stop what it is about.
  private void note(String action, String object, String detail, Actor actor) {
    var number = Long.toString(version);
    try {
      database.change(connection -> {
        Audit.add(connection, clock.instant(), actor, action, object, detail);
        Settings.put(connection, Settings.SNAPSHOT_VERSION, number);
        trial.store(connection);
      });
    } catch (StorageException e) {
      LOG.warn("{} {} is not in the audit: {}", action, object, e.getMessage());
    }
  }

  private void takeOutWhatEnds() {
    lock.lock();
    try {
      while (!closed) {
        long end = millis(live.nextEnd());
        long trialEnd = millis(trial.until());
        long wake = Math.max(Math.min(end, trialEnd), retryMillis);
        long wait = Math.min(SLEEP_MAX_MILLIS, wake - clock.millis());
        if (wait <= 0 && trialEnd <= end) {
          rollBack(Actor.SYSTEM, "nobody confirmed them in time");
        } else if (wait <= 0) {
          publishWithoutEnded();
        } else {
          boolean signalled = changed.await(wait, TimeUnit.MILLISECONDS);
          LOG.trace("looking for what ended, early: {}", signalled);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  private static long millis(@Nullable Instant time) {
    return time == null ? Long.MAX_VALUE : time.toEpochMilli();
  }

  /// Makes the rules that are on trial those that hold.
  ///
  /// @return false where none are on trial
  /// @throws StorageException when it cannot be stored; the trial goes on then
  public boolean confirmRules(Actor actor) {
    lock.lock();
    try {
      if (!trial.onTrial()) {
        return false;
      }
      var confirmed = trial.confirmed();
      database.change(connection -> {
        confirmed.store(connection);
        Audit.add(connection, clock.instant(), actor, "rules-confirmed", "kernel", "");
      });
      trial = confirmed;
      state = state.with(trial.shown());
      touched(What.PUBLISHED);
      publication.tell("the kernel rules are confirmed, by " + actor.who());
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Ends a trial: the rules before it come back.
  ///
  /// @return false where none are on trial
  public boolean rollBackRules(Actor actor) {
    lock.lock();
    try {
      return trial.onTrial() && rollBack(actor, "asked for by " + actor.who());
    } finally {
      lock.unlock();
    }
  }

  /// Tries rules again that were rolled back, for as long as the first time.
  ///
  /// @return false where none were
  /// @throws NotInForceException when they are refused
  public boolean tryRulesAgain(Actor actor) {
    lock.lock();
    try {
      if (!trial.rolledBack() || configuration == null) {
        return false;
      }
      var again = trial.again(clock.instant(), configuration.kernel());
      var problems = bring(again);
      if (!problems.isEmpty()) {
        throw new NotInForceException(problems);
      }
      note("rules-on-trial", "kernel", "until " + again.until(), actor);
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean rollBack(Actor actor, String why) {
    var problems = bring(trial.over());
    if (!problems.isEmpty()) {
      LOG.error("the kernel rules before cannot be brought back, will try again: {}", problems);
      retryMillis = clock.millis() + RETRY_MILLIS;
      return false;
    }
    note("rules-rolled-back", "kernel", why, actor);
    publication.tell("the kernel rules are rolled back, " + why + "; those before are in force");
    return true;
  }

  private List<Publication.Problem> bring(RuleTrial next) {
    if (configuration == null) {
      return List.of();
    }
    var snapshot = join(configuration, next, live);
    var problems = publication.publish(snapshot);
    if (problems.isEmpty()) {
      trial = next;
      state = state.with(trial.shown());
      inForce(snapshot, What.PUBLISHED);
    }
    return problems;
  }

  private void publishWithoutEnded() {
    var draft = live.copy();
    var ended = draft.removeEnded(clock.instant());
    if (configuration != null) {
      var snapshot = join(configuration, draft);
      var problems = publication.publish(snapshot);
      if (!problems.isEmpty()) {
        LOG.error("cannot take out what ended, will try again: {}", problems);
        retryMillis = clock.millis() + RETRY_MILLIS;
        return;
      }
      live = draft;
      inForce(snapshot, ended.isEmpty() ? What.CONSUMERS : What.BANS);
    }
    live = draft;
    for (var ban : ended) {
      note("ban-ended", ban, "its time was over", Actor.SYSTEM);
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      if (!endings.join(java.time.Duration.ofSeconds(5))) {
        LOG.warn("control-endings did not stop within 5 s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
