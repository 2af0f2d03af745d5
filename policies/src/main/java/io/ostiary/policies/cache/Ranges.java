package io.ostiary.policies.cache;

import io.ostiary.gateway.spi.Headers;
import io.ostiary.gateway.spi.Message;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Parts of what is kept (RFC 9110 section 14): one at a time. Whoever asks for several, in a way
/// that is not understood, or for a part of something else (`If-Range`), gets the whole, as it may.
final class Ranges {
  private static final Pattern ONE = Pattern.compile("bytes=([0-9]{0,18})-([0-9]{0,18})");

  private Ranges() {}

  /// @return 206 or 416; null: the whole is the answer
  static @Nullable Message part(Headers request, Stored stored, long now, String how) {
    if (stored.status != 200 || request.repeated(Names.RANGE) || !stillTheSame(request, stored)) {
      return null;
    }
    var range = ONE.matcher("" + request.first(Names.RANGE));
    if (!range.matches() || (range.group(1).isEmpty() && range.group(2).isEmpty())) {
      return null;
    }
    long length = stored.body.remaining();
    long first;
    long last;
    if (range.group(1).isEmpty()) {
      long suffix = Long.parseLong(range.group(2));
      first = suffix == 0 ? length : Math.max(0, length - suffix);
      last = length - 1;
    } else {
      first = Long.parseLong(range.group(1));
      last = range.group(2).isEmpty() ? length - 1 : Long.parseLong(range.group(2));
      if (last < first && !range.group(2).isEmpty()) {
        return null;
      }
      last = Math.min(last, length - 1);
    }
    return first >= length
        ? stored.noSuchPart(now, how)
        : stored.part(now, how, (int) first, (int) last);
  }

  /// Whether it is that of which the client has a part already (RFC 9110 section 13.1.5).
  private static boolean stillTheSame(Headers request, Stored stored) {
    if (!request.has(Names.IF_RANGE)) {
      return true;
    }
    var had = ("" + request.first(Names.IF_RANGE)).strip();
    return !request.repeated(Names.IF_RANGE)
        && (had.startsWith("\"")
            ? had.equals(stored.value(Names.ETAG))
            : !had.startsWith("W/") && had.equals(stored.value(Names.LAST_MODIFIED)));
  }
}
