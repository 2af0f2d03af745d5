package io.ostiary.policies.cache;

import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Message;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// One response that is kept. Immutable but for when it was used last.
public final class Stored {
  private static final HeaderName AGE = HeaderName.of("Age");
  private static final HeaderName RANGE = HeaderName.of("Content-Range");
  private static final HeaderName STATUS = HeaderName.of("Cache-Status");

  /// What an object of ours costs beside the text in it, roughly.
  private static final int OVERHEAD = 400;

  /// The resource, whoever asks.
  final String address;

  /// By which it can be thrown away, with others.
  final Set<String> tags;

  final int status;
  final List<Field> fields;
  final ByteBuffer body;
  final Directives control;

  /// What the response depended on: the request's values of the fields that Vary names.
  final Map<HeaderName, String> vary;

  /// When the request that it answers was sent, CLOCK_MONOTONIC.
  final long askedNanos;

  /// How old it was then.
  final long ageNanos;

  final long lifetimeNanos;
  final long bytes;
  volatile long usedNanos;

  Stored(
      String address,
      Set<String> tags,
      int status,
      List<Field> fields,
      ByteBuffer body,
      Directives control,
      Map<HeaderName, String> vary,
      long askedNanos,
      long ageNanos,
      long lifetimeNanos) {
    this.address = address;
    this.tags = tags;
    this.status = status;
    this.fields = List.copyOf(fields);
    this.body = body;
    this.control = control;
    this.vary = Map.copyOf(vary);
    this.askedNanos = askedNanos;
    this.ageNanos = ageNanos;
    this.lifetimeNanos = lifetimeNanos;
    usedNanos = askedNanos;
    long text = 0;
    for (var field : fields) {
      text += field.name().toString().length() + field.value().length() + 64;
    }
    for (var tag : tags) {
      text += tag.length() + 64;
    }
    bytes = OVERHEAD + text + body.remaining();
  }

  @Nullable String value(HeaderName name) {
    for (var field : fields) {
      if (field.name().equals(name)) {
        return field.value();
      }
    }
    return null;
  }

  /// Whether it was chosen by what this request says, too.
  boolean fits(Function<HeaderName, String> request) {
    if (vary.isEmpty()) {
      return true;
    }
    for (var field : vary.entrySet()) {
      if (!field.getValue().equals(request.apply(field.getKey()))) {
        return false;
      }
    }
    return true;
  }

  long age(long now) {
    return ageNanos + now - askedNanos;
  }

  boolean fresh(long now) {
    return age(now) < lifetimeNanos;
  }

  /// For how long it has been stale; below 0: it is not.
  long staleFor(long now) {
    return age(now) - lifetimeNanos;
  }

  /// Whether an upstream can say whether it still holds.
  boolean canBeValidated() {
    return value(Names.ETAG) != null || value(Names.LAST_MODIFIED) != null;
  }

  /// As an answer.
  ///
  /// @param how the parameters of Cache-Status
  Message message(long now, String how) {
    usedNanos = now;
    return new Message(status, told(fields, now, how), body.duplicate());
  }

  /// `304 Not Modified` with the fields that it must have (RFC 9110 section 15.4.5).
  Message notModified(long now, String how) {
    usedNanos = now;
    var few = new ArrayList<Field>();
    for (var field : fields) {
      if (Names.OF_304.contains(field.name())) {
        few.add(field);
      }
    }
    return new Message(304, told(few, now, how), ByteBuffer.allocate(0));
  }

  /// @param last the last byte of the part, which is one of the body's
  Message part(long now, String how, int first, int last) {
    usedNanos = now;
    var told = told(fields, now, how);
    told.add(new Field(RANGE, "bytes %d-%d/%d".formatted(first, last, body.remaining())));
    var part = body.duplicate();
    part.position(body.position() + first).limit(body.position() + last + 1);
    return new Message(206, told, part);
  }

  /// `416 Range Not Satisfiable`.
  Message noSuchPart(long now, String how) {
    var told = told(List.of(), now, how);
    told.add(new Field(RANGE, "bytes */" + body.remaining()));
    return new Message(416, told, ByteBuffer.allocate(0));
  }

  private List<Field> told(List<Field> of, long now, String how) {
    var told = new ArrayList<Field>(of.size() + 3);
    told.addAll(of);
    told.add(new Field(AGE, Long.toString(Math.max(0, age(now)) / 1_000_000_000L)));
    told.add(new Field(STATUS, "ostiary; " + how));
    return told;
  }
}
