package io.ostiary.insight.store;

import io.ostiary.insight.CallFilter;
import io.ostiary.insight.CallLine;
import io.ostiary.insight.CallPage;
import io.ostiary.insight.HistoryUnavailableException;
import io.ostiary.insight.ledger.Names;
import io.ostiary.insight.ledger.Row;
import io.ostiary.insight.ledger.RowFilter;
import io.ostiary.insight.ledger.RowReader;
import io.ostiary.model.CallId;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/// Reads single calls straight from the journal: a row's fixed fields lie at fixed places, so
/// looking at one takes tens of nanoseconds, and frames outside the window are passed over by their
/// first and last ids. Confined to the asker's thread.
final class Scan {
  private final Journal journal;
  private final RowFilter filter;
  private final long deadlineNanos;

  /// @param filter its window is not looked at
  Scan(Journal journal, CallFilter filter, long deadlineNanos) {
    this.journal = journal;
    this.filter = new RowFilter(filter.withWindow(null, null));
    this.deadlineNanos = deadlineNanos;
  }

  private boolean late() {
    return System.nanoTime() - deadlineNanos >= 0;
  }

  /// What is done with a row that matches.
  interface Visitor {
    void row(byte[] rows, int at, Names names);
  }

  /// Visits all calls of the window, in no particular order.
  ///
  /// @param from first id, included
  /// @param to last id, excluded
  void visit(long from, long to, Visitor visitor) {
    for (var segment : journal.segments()) {
      if (segment.lastCall < from || segment.firstCall >= to) {
        continue;
      }
      try (var frames = new Frames(segment.path())) {
        while (frames.next()) {
          if (frames.lastCall() >= from && frames.firstCall() < to) {
            visit(frames, from, to, visitor);
          }
        }
      } catch (NoSuchFileException e) {
        gone(segment);
      } catch (IOException e) {
        throw unreadable(e);
      }
    }
  }

  private void visit(Frames frames, long from, long to, Visitor visitor) throws IOException {
    if (late()) {
      throw new HistoryUnavailableException(
          "The history did not answer in time. Ask for a shorter window, or without a source, a"
              + " duration, or a route together with a consumer.");
    }
    var rows = frames.rows();
    for (int at = 0; at < rows.length; at += Row.getInt(rows, at)) {
      long call = Row.getLong(rows, at + Row.CALL);
      if (call >= from && call < to && filter.matches(rows, at, frames.names())) {
        visitor.row(rows, at, frames.names());
      }
    }
  }

  /// Retention was faster than we.
  private static void gone(Segment segment) {
    System.getLogger("io.ostiary.insight")
        .log(System.Logger.Level.DEBUG, "{0} was dropped while it was read.", segment.path());
  }

  private static HistoryUnavailableException unreadable(IOException e) {
    return new HistoryUnavailableException("The journal cannot be read: " + e.getMessage(), e);
  }

  private record Hit(long call, RowReader row) {}

  private record Place(long at, long firstCall, long lastCall) {}

  /// The newest calls of the window that match. Where time runs out the page ends early, and its
  /// cursor goes on where reading stopped.
  CallPage page(long from, long to, int limit) {
    var hits = new PriorityQueue<Hit>(Comparator.comparingLong(Hit::call));
    var segments = new ArrayList<>(journal.segments());
    segments.sort(Comparator.comparingLong((Segment segment) -> segment.lastCall).reversed());
    long unread = Long.MIN_VALUE;
    for (var segment : segments) {
      if (segment.lastCall < from
          || segment.firstCall >= to
          || settled(hits, limit, segment.lastCall)) {
        continue;
      }
      unread = Math.max(unread, late() ? segment.lastCall : page(segment, from, to, limit, hits));
    }
    return page(hits, limit, unread);
  }

  /// Whether nothing up to `lastCall` can be on the page.
  private static boolean settled(PriorityQueue<Hit> hits, int limit, long lastCall) {
    var oldest = hits.peek();
    return oldest != null && hits.size() > limit && lastCall < oldest.call();
  }

  /// Reads a segment's frames, the newest first; returns the newest id that may be in a frame for
  /// which there was no time.
  private long page(Segment segment, long from, long to, int limit, PriorityQueue<Hit> hits) {
    try (var frames = new Frames(segment.path())) {
      var places = new ArrayList<Place>();
      while (frames.next()) {
        if (frames.lastCall() >= from && frames.firstCall() < to) {
          places.add(new Place(frames.frameAt(), frames.firstCall(), frames.lastCall()));
        }
      }
      places.sort(Comparator.comparingLong(Place::lastCall).reversed());
      for (var place : places) {
        if (settled(hits, limit, place.lastCall())) {
          break;
        }
        if (late()) {
          return place.lastCall();
        }
        hits(frames.rows(place.at()), frames.names(), from, to, limit, hits);
      }
    } catch (NoSuchFileException e) {
      gone(segment);
    } catch (IOException e) {
      throw unreadable(e);
    }
    return Long.MIN_VALUE;
  }

  private void hits(
      byte[] rows, Names names, long from, long to, int limit, PriorityQueue<Hit> hits) {
    for (int at = 0; at < rows.length; at += Row.getInt(rows, at)) {
      long call = Row.getLong(rows, at + Row.CALL);
      if (call < from || call >= to || settled(hits, limit, call)) {
        continue;
      }
      if (filter.matches(rows, at, names)) {
        var row = java.util.Arrays.copyOfRange(rows, at, at + Row.getInt(rows, at));
        hits.add(new Hit(call, new RowReader(row, 0, names)));
        if (hits.size() > limit + 1) {
          hits.remove();
        }
      }
    }
  }

  private static CallPage page(PriorityQueue<Hit> hits, int limit, long unread) {
    var found = new ArrayList<>(hits);
    found.sort(Comparator.comparingLong(Hit::call).reversed());
    var lines = new ArrayList<CallLine>();
    for (var hit : found) {
      if (hit.call() > unread && lines.size() < limit) {
        lines.add(hit.row().line());
      }
    }
    @Nullable String next = null;
    if (lines.size() == limit && found.size() > limit) {
      next = lines.getLast().id();
    } else if (unread != Long.MIN_VALUE) {
      next = CallId.text(unread + 1);
    }
    return new CallPage(List.copyOf(lines), next);
  }
}
