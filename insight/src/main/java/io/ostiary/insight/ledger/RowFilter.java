package io.ostiary.insight.ledger;

import io.ostiary.insight.CallFilter;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A filter that looks at rows without reading them whole. Confined to one thread.
public final class RowFilter {
  private static final int NO_SUCH_NAME = -1;

  private final CallFilter filter;
  private @Nullable Names names;
  private int namesSeen;
  private int api;
  private int route;
  private int consumer;
  private int reason;

  public RowFilter(CallFilter filter) {
    this.filter = filter;
  }

  public boolean matches(Batch batch, int row) {
    resolve(batch.names());
    return matches(batch.bytes(), batch.offset(row));
  }

  /// The same for a row that was read from a file.
  public boolean matches(byte[] bytes, int at, Names names) {
    resolve(names);
    return matches(bytes, at);
  }

  private boolean matches(byte[] bytes, int at) {
    int status = Row.getShort(bytes, at + Row.STATUS);
    return same(filter.api(), api, bytes, at + Row.API)
        && same(filter.route(), route, bytes, at + Row.ROUTE)
        && same(filter.consumer(), consumer, bytes, at + Row.CONSUMER)
        && same(filter.reason(), reason, bytes, at + Row.REASON)
        && (filter.statusFrom() == null || status >= filter.statusFrom())
        && (filter.statusTo() == null || status <= filter.statusTo())
        && (filter.blame() == null || Row.code(filter.blame()) == bytes[at + Row.BLAME])
        && (filter.atLeast() == null
            || Row.getLong(bytes, at + Row.DURATION_MICROS) * 1000 >= filter.atLeast().toNanos())
        && inWindow(Row.getLong(bytes, at + Row.START_MILLIS))
        && fromSource(bytes, at);
  }

  private static boolean same(@Nullable String wanted, int id, byte[] bytes, int at) {
    return wanted == null || Row.getInt(bytes, at) == id;
  }

  private boolean inWindow(long millis) {
    return (filter.from() == null || millis >= filter.from().toEpochMilli())
        && (filter.to() == null || millis < filter.to().toEpochMilli());
  }

  private boolean fromSource(byte[] bytes, int at) {
    if (filter.source() == null) {
      return true;
    }
    int from = at + Row.CLIENT;
    return filter
        .source()
        .contains(Arrays.copyOfRange(bytes, from, from + bytes[at + Row.CLIENT_LENGTH]));
  }

  /// Looks names up again only when there are new ones.
  private void resolve(Names current) {
    if (names == current && namesSeen == current.size()) {
      return;
    }
    names = current;
    namesSeen = current.size();
    api = find(current, filter.api());
    route = find(current, filter.route());
    consumer = find(current, filter.consumer());
    reason = find(current, filter.reason());
  }

  private static int find(Names names, @Nullable String text) {
    return text == null ? NO_SUCH_NAME : names.find(text);
  }
}
