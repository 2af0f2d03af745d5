package io.ostiary.insight;

import io.ostiary.model.Blame;
import io.ostiary.model.Cidr;
import io.ostiary.model.LedgerEntry;
import io.ostiary.model.Require;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Which calls are meant. Everything that is null matches everything.
///
/// @param consumer a consumer's id
/// @param statusFrom and `statusTo` are both included: 400 and 499 for `4xx`, 0 and 0 for calls
///   that got no answer
/// @param source block that the client's address lies in
/// @param atLeast shortest duration
/// @param from start of the call, included
/// @param to start of the call, excluded
public record CallFilter(
    @Nullable String api,
    @Nullable String route,
    @Nullable String consumer,
    @Nullable Integer statusFrom,
    @Nullable Integer statusTo,
    @Nullable Blame blame,
    @Nullable String reason,
    @Nullable Cidr source,
    @Nullable Duration atLeast,
    @Nullable Instant from,
    @Nullable Instant to) {
  public static final CallFilter ALL =
      new CallFilter(null, null, null, null, null, null, null, null, null, null, null);

  public CallFilter {
    if (from != null && to != null && to.isBefore(from)) {
      throw Require.invalid("to", to, "not before from, " + from);
    }
  }

  public CallFilter withApi(String name) {
    return new CallFilter(
        name, route, consumer, statusFrom, statusTo, blame, reason, source, atLeast, from, to);
  }

  public CallFilter withConsumer(String id) {
    return new CallFilter(
        api, route, id, statusFrom, statusTo, blame, reason, source, atLeast, from, to);
  }

  /// @param text `404`, `4xx` or `none` (the client got no answer)
  public CallFilter withStatus(String text) {
    int low;
    int high;
    if (text.equals("none")) {
      low = 0;
      high = 0;
    } else if (text.matches("[1-5]xx")) {
      low = (text.charAt(0) - '0') * 100;
      high = low + 99;
    } else if (text.matches("[1-5][0-9][0-9]")) {
      low = Integer.parseInt(text);
      high = low;
    } else {
      throw Require.invalid("status", text, "a status such as 404, a class such as 4xx, or none");
    }
    return new CallFilter(
        api, route, consumer, low, high, blame, reason, source, atLeast, from, to);
  }

  public CallFilter withWindow(@Nullable Instant first, @Nullable Instant last) {
    return new CallFilter(
        api, route, consumer, statusFrom, statusTo, blame, reason, source, atLeast, first, last);
  }

  public boolean matches(LedgerEntry entry) {
    return (api == null || api.equals(entry.api()))
        && (route == null || route.equals(entry.route()))
        && (consumer == null || consumer.equals(entry.consumer()))
        && (statusFrom == null || entry.status() >= statusFrom)
        && (statusTo == null || entry.status() <= statusTo)
        && (blame == null || blame == entry.blame())
        && (reason == null || reason.equals(entry.reason()))
        && (source == null || source.contains(entry.client()))
        && (atLeast == null || entry.timings().end() >= atLeast.toNanos())
        && (from == null || !entry.start().isBefore(from))
        && (to == null || entry.start().isBefore(to));
  }
}
