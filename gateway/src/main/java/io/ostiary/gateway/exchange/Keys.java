package io.ostiary.gateway.exchange;

import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.upstream.Hash;
import io.ostiary.gateway.upstream.Pick;
import io.ostiary.gateway.upstream.UpstreamHandle;
import io.ostiary.gateway.wire.Bytes;
import io.ostiary.model.Balance;
import io.ostiary.model.Overload.Priorities;
import io.ostiary.model.Overload.Priority;
import io.ostiary.model.Spread.HashKey;
import org.jspecify.annotations.Nullable;

/// What the choice of a target asks of a call: its key for the hashes, and the cookie that says
/// whom its client met before.
final class Keys {
  private static final HeaderName COOKIE = HeaderName.of("Cookie");

  private Keys() {}

  static void tell(Pick pick, Call call, UpstreamHandle upstream) {
    var settings = upstream.upstream();
    if (settings.balance().hashes()) {
      var key =
          settings.balance() == Balance.SOURCE_HASH ? HashKey.CLIENT : settings.spread().hash();
      hash(pick, call, key, upstream);
    }
    var sticky = upstream.sticky();
    if (sticky != null) {
      pick.sticky(cookie(call, sticky.name()));
    }
  }

  /// Whose calls go first where not all can.
  static Priority priority(Call call, Priorities settings) {
    if (settings.none()) {
      return Priority.NORMAL;
    }
    var header = settings.header();
    if (header != null && call.caller().speakerTrusted()) {
      var said = call.requestHeaders().first(HeaderName.of(header));
      for (var priority : Priority.values()) {
        if (priority.name().equalsIgnoreCase(said)) {
          return priority;
        }
      }
    }
    var consumer = call.consumer();
    for (var rule : settings.rules()) {
      if ((rule.apis().isEmpty() || rule.apis().contains(call.api().name()))
          && (rule.routes().isEmpty() || rule.routes().contains(call.route().id()))
          && (rule.consumers().isEmpty()
              || (consumer != null && rule.consumers().contains(consumer.name())))) {
        return rule.priority();
      }
    }
    return Priority.NORMAL;
  }

  private static void hash(Pick pick, Call call, HashKey key, UpstreamHandle upstream) {
    var text =
        switch (key.by()) {
          case CLIENT -> {
            pick.key(Hash.of(call.client().getAddress()));
            yield null;
          }
          case PEER -> {
            pick.key(Hash.of(call.peer().getAddress()));
            yield null;
          }
          case CONSUMER -> {
            var consumer = call.consumer();
            yield consumer == null ? null : consumer.id();
          }
          case HEADER -> header(call, upstream.hashHeader());
          case COOKIE -> cookie(call, key.name());
          case QUERY -> query(call, key.name());
          case PATH_PARAMETER -> call.pathParameter(key.name());
        };
    if (text != null) {
      pick.key(Hash.of(text));
    }
  }

  private static @Nullable String header(Call call, @Nullable HeaderName name) {
    return name == null ? null : call.requestHeaders().first(name);
  }

  private static @Nullable String cookie(Call call, String name) {
    for (var line : call.requestHeaders().all(COOKIE)) {
      var value = value(line, ';', name);
      if (value != null) {
        return value;
      }
    }
    return null;
  }

  private static @Nullable String query(Call call, String name) {
    var head = call.requestHead();
    return head.queryStart() < 0
        ? null
        : value(Bytes.text(head.bytes(), head.queryStart(), head.queryEnd()), '&', name);
  }

  /// The first of its name counts.
  private static @Nullable String value(String text, char separator, String name) {
    int at = 0;
    while (at < text.length()) {
      int end = text.indexOf(separator, at);
      end = end < 0 ? text.length() : end;
      int start = at;
      while (start < end && text.charAt(start) == ' ') {
        start++;
      }
      int equals = start + name.length();
      if (equals < end && text.charAt(equals) == '=' && text.startsWith(name, start)) {
        return text.substring(equals + 1, end).strip();
      }
      at = end + 1;
    }
    return null;
  }
}
