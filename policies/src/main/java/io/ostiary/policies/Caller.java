package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.FieldLines;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Identity;
import io.ostiary.model.Consumer;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A consumer and how an upstream is told of it. The gateway takes out whatever clients send under
/// a name that begins with `Ostiary` and a mark, so nobody else can say these.
///
/// @param told what the upstream is told
record Caller(Consumer consumer, FieldLines told) {
  private static final HeaderName ID = HeaderName.of(HeaderRules.CONSUMER);
  private static final HeaderName NAME = HeaderName.of("Ostiary-Consumer-Name");
  private static final HeaderName GROUPS = HeaderName.of("Ostiary-Groups");

  static Caller of(Consumer consumer) {
    var fields = new ArrayList<Field>();
    fields.add(new Field(ID, plain(consumer.id())));
    fields.add(new Field(NAME, plain(consumer.name())));
    if (!consumer.groups().isEmpty()) {
      fields.add(new Field(GROUPS, list(consumer.groups())));
    }
    return new Caller(consumer, FieldLines.of(fields));
  }

  /// Names are usually plain words; whatever else would not fit a header field is percent-encoded.
  static String plain(String text) {
    boolean fits = text.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '%' && c != ',');
    return fits ? text : URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  static String list(Collection<String> words) {
    return words.stream().sorted().map(Caller::plain).collect(Collectors.joining(","));
  }

  void recognised(Exchange exchange) {
    exchange.requestHeaders().set(told);
    exchange.consumer(consumer);
  }

  /// Tells policies and the upstream of a caller that somebody else vouches for.
  ///
  /// @param caller the consumer it is; null: none of ours
  static void recognised(Exchange exchange, Identity identity, @Nullable Caller caller) {
    exchange.identity(identity);
    if (caller != null) {
      caller.recognised(exchange);
    }
    if (!identity.groups().isEmpty()) {
      var all = new TreeSet<>(identity.groups());
      if (caller != null) {
        all.addAll(caller.consumer.groups());
      }
      exchange.requestHeaders().set(GROUPS, list(all));
    }
  }
}
