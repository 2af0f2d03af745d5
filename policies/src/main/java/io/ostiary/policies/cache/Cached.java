package io.ostiary.policies.cache;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Headers;
import io.ostiary.gateway.spi.Message;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What is done with a call, by what is kept and what RFC 9111 says of it. For all event loops at
/// once.
///
/// A call is answered from the store if what is kept is fresh (section 4.2), or stale and allowed
/// to be (4.2.4, RFC 5861). Otherwise it goes on: asking whether the kept response still holds
/// where that can be asked (4.3), or for a new one. Of many calls that ask for the same at once one
/// goes on, the others wait for what it brings.
public final class Cached {
  private static final long SECOND = 1_000_000_000L;

  /// For how long nobody waits for a response of an address that could not be kept.
  private static final long ALONE_NANOS = 10 * SECOND;

  /// @param bytesMax of the store
  /// @param entryMax of one body
  /// @param hideTags whether clients are not told the names that upstreams give
  /// @param obeyClients whether it counts what requests say of how they want to be answered
  public record Rules(
      long bytesMax,
      int entryMax,
      Lifetimes lifetimes,
      long staleIfErrorNanos,
      long staleWhileRevalidateNanos,
      long collapseMillis,
      boolean hideTags,
      Targeted targeted,
      Parts parts,
      boolean obeyClients) {

    /// For how long a stale response is given while it is asked for anew.
    long whileRevalidatingNanos(Directives said) {
      return Math.max(said.staleWhileRevalidate * SECOND, staleWhileRevalidateNanos);
    }

    /// For how long a stale response stands in for an upstream that fails.
    long ifErrorNanos(Directives said) {
      return Math.max(said.staleIfError * SECOND, staleIfErrorNanos);
    }
  }

  private final Store store;
  private final Rules rules;
  private final Keeping keeping;

  public Cached(Store store, Rules rules) {
    this.store = store;
    this.rules = rules;
    keeping = new Keeping(rules);
    store.addressedBy(rules.parts);
  }

  /// @param meant whether it is one of the calls that the cache is for
  public Asked asked(Exchange exchange, boolean meant) {
    return Asked.of(exchange, rules, meant);
  }

  /// @param own where the call that renews in the place of this one finds what it asks
  public Verdict request(Exchange exchange, Asked asked, StateKey<Asked> own) {
    if (!asked.usable || asked.control.noStore) {
      asked.forwarded = asked.safe ? "fwd=bypass" : "fwd=method";
      return Verdict.CONTINUE;
    }
    Function<HeaderName, String> says = name -> Asked.value(exchange, name);
    var stored = store.find(asked.ownKey, asked.address, says);
    if (stored == null) {
      stored = store.find(asked.openKey, asked.address, says);
    }
    if (stored != null && asked.authorized && !Keeping.forAuthorized(stored.control)) {
      stored = null;
    }
    long now = exchange.nanos();
    if (stored != null && usable(stored, asked, now)) {
      return new Verdict.Serve(answer(exchange, stored, now, ""));
    }
    if (asked.control.onlyIfCached) {
      return new Verdict.Reply(
          Problem.of(504, "not-cached", "Not in the cache", "The request asked for nothing else."));
    }
    if (asked.ranged) {
      asked.forwarded = "fwd=bypass";
      return Verdict.CONTINUE;
    }
    asked.says = Asked.copy(exchange);
    return stored == null ? miss(exchange, asked, now) : stale(exchange, asked, own, stored, now);
  }

  /// Whether it may be given without asking (RFC 9111 section 4).
  private static boolean usable(Stored stored, Asked asked, long now) {
    var request = asked.control;
    if (stored.control.noCache || request.noCache) {
      return false;
    }
    long age = stored.age(now);
    if (request.maxAge >= 0 && age > request.maxAge * SECOND) {
      return false;
    }
    long left = stored.lifetimeNanos - age;
    if (request.minFresh >= 0 && left < request.minFresh * SECOND) {
      return false;
    }
    if (left > 0) {
      return true;
    }
    boolean content = request.anyMaxStale || -left <= request.maxStale * SECOND;
    return content && stored.control.mayBeStale();
  }

  private Verdict miss(Exchange exchange, Asked asked, long now) {
    asked.forwarded = "fwd=uri-miss";
    boolean together =
        rules.collapseMillis > 0
            && exchange.method().equals("GET")
            && !asked.conditional
            && !asked.authorized
            && !asked.control.noCache
            && !store.isAlone(asked.ownKey, now);
    if (!together) {
      return Verdict.CONTINUE;
    }
    var mine = Store.newFetch(asked.ownKey);
    var fetch = store.fetch(asked.ownKey, mine);
    if (fetch == mine) {
      asked.fetch = mine;
      return Verdict.CONTINUE;
    }
    asked.forwarded = "fwd=uri-miss; collapsed=?0";
    return new Verdict.Wait(joined(asked.says, fetch));
  }

  /// Runs beside this call's loop, and so knows only copies of it.
  private CompletableFuture<Verdict> joined(Map<HeaderName, String> says, Store.Fetch fetch) {
    return fetch
        .done()
        .copy()
        .completeOnTimeout(null, rules.collapseMillis, TimeUnit.MILLISECONDS)
        .thenApply(stored -> {
          long now = System.nanoTime();
          boolean usable =
              stored != null
                  && stored.fresh(now)
                  && !stored.control.noCache
                  && store.holds(stored)
                  && stored.fits(name -> says.getOrDefault(name, "-"));
          return usable
              ? new Verdict.Serve(stored.message(now, "fwd=uri-miss; collapsed"))
              : Verdict.CONTINUE;
        });
  }

  private Verdict stale(
      Exchange exchange, Asked asked, StateKey<Asked> own, Stored stored, long now) {
    asked.forwarded = "fwd=stale";
    asked.stale = stored;
    if (asked.control.takesStale()
        && !stored.fresh(now)
        && whileRevalidating(exchange, asked, own, stored, now)) {
      return new Verdict.Serve(answer(exchange, stored, now, "; detail=stale-while-revalidate"));
    }
    if (stored.canBeValidated() && !asked.conditional) {
      asked.validating = true;
      validate(exchange.requestHeaders(), stored);
    }
    return Verdict.CONTINUE;
  }

  /// One call that nobody waits for asks the upstream; all get what there is (RFC 5861 section 3).
  /// Where there is no room for it, this call asks, and waits.
  private boolean whileRevalidating(
      Exchange exchange, Asked asked, StateKey<Asked> own, Stored stored, long now) {
    if (!stored.control.mayBeStale()
        || stored.staleFor(now) >= rules.whileRevalidatingNanos(stored.control)) {
      return false;
    }
    var mine = Store.newFetch(asked.ownKey);
    if (store.fetch(asked.ownKey, mine) != mine) {
      return true;
    }
    if (exchange.renew(own, asked.renewal(mine, stored))) {
      return true;
    }
    asked.fetch = mine;
    return false;
  }

  /// In the place of a call that has been answered already.
  public Verdict renew(Exchange exchange, Asked asked) {
    exchange.remark("cache-renewal");
    asked.askedNanos = exchange.nanos();
    asked.forwarded = "fwd=stale";
    var stored = asked.stale;
    if (stored != null && stored.canBeValidated()) {
      asked.validating = true;
      validate(exchange.requestHeaders(), stored);
    }
    return Verdict.CONTINUE;
  }

  private static void validate(Headers request, Stored stored) {
    var tag = stored.value(Names.ETAG);
    if (tag != null) {
      request.set(Names.IF_NONE_MATCH, tag);
    }
    var modified = stored.value(Names.LAST_MODIFIED);
    if (modified != null) {
      request.set(Names.IF_MODIFIED_SINCE, modified);
    }
  }

  /// The response, or 304 where the client has it already (RFC 9111 section 4.3.2).
  private static Message answer(Exchange exchange, Stored stored, long now, String detail) {
    long ttl = (stored.lifetimeNanos - stored.age(now)) / SECOND;
    var how = "hit; ttl=" + ttl + detail;
    var request = exchange.requestHeaders();
    if (stored.status == 200 && Conditions.hold(request, stored)) {
      return stored.notModified(now, how);
    }
    boolean ranged = request.has(Names.RANGE) && exchange.method().equals("GET");
    var part = ranged ? Ranges.part(request, stored, now, how) : null;
    return part == null ? stored.message(now, how) : part;
  }

  public Verdict response(Exchange exchange, Asked asked) {
    int status = exchange.status();
    long now = exchange.nanos();
    var stale = asked.stale;
    if (stale != null && status >= 500 && standsIn(stale, now)) {
      asked.stale = null;
      // The conditions in the request are ours, where the upstream was asked about it.
      return new Verdict.Serve(
          asked.validating
              ? stale.message(now, "hit; ttl=0; detail=stale-if-error")
              : answer(exchange, stale, now, "; detail=stale-if-error"));
    }
    if (!exchange.fromUpstream()) {
      return Verdict.CONTINUE;
    }
    tagged(exchange.responseHeaders(), asked);
    if (stale != null && asked.validating && status == 304) {
      return new Verdict.Serve(validated(exchange, asked, stale, now));
    }
    if (!asked.safe) {
      invalidate(exchange, asked, status, now);
    }
    boolean kept = asked.usable && begin(exchange, asked);
    if (!kept && !asked.ranged) {
      store.alone(asked.ownKey, now + ALONE_NANOS);
    }
    if (!kept) {
      finish(asked, null);
    }
    exchange
        .responseHeaders()
        .add(
            Names.CACHE_STATUS,
            "ostiary; " + asked.forwarded + "; fwd-status=" + status + (kept ? "; stored" : ""));
    return Verdict.CONTINUE;
  }

  /// Reads the names that the upstream gives its answer, which clients may not be told.
  private void tagged(Headers headers, Asked asked) {
    var tags = Tags.of(headers);
    asked.tags = tags == null ? Set.of() : tags;
    asked.manyTags = tags == null;
    if (rules.hideTags && (tags == null || !tags.isEmpty())) {
      Tags.FIELDS.forEach(headers::remove);
    }
  }

  private boolean standsIn(Stored stale, long now) {
    return stale.control.mayBeStale() && stale.staleFor(now) < rules.ifErrorNanos(stale.control);
  }

  /// It still holds: its fields are those of the 304, where that has any (RFC 9111 section 3.2).
  private Message validated(Exchange exchange, Asked asked, Stored stale, long now) {
    var renewed = keeping.renewed(exchange, asked, stale);
    store.put(renewed.control.open() ? asked.openKey : asked.ownKey, renewed, rules.bytesMax);
    finish(asked, renewed);
    return renewed.message(now, "fwd=stale; fwd-status=304");
  }

  private boolean begin(Exchange exchange, Asked asked) {
    if (!exchange.method().equals("GET") || asked.control.noStore || asked.ranged) {
      return false;
    }
    if (!keeping.mayKeep(exchange, asked)) {
      return false;
    }
    var length = exchange.responseHeaders().first(Names.CONTENT_LENGTH);
    if (length != null && (length.length() > 9 || Integer.parseInt(length) > rules.entryMax)) {
      return false;
    }
    asked.body = new ByteArrayOutputStream(length == null ? 1024 : Integer.parseInt(length));
    return true;
  }

  public void body(Asked asked, ByteBuffer piece, boolean last) {
    var body = asked.body;
    if (body == null) {
      return;
    }
    if (body.size() + piece.remaining() > rules.entryMax) {
      asked.body = null;
      finish(asked, null);
      return;
    }
    while (piece.hasRemaining()) {
      body.write(piece.get());
    }
    if (last) {
      asked.body = null;
      keep(asked, body.toByteArray());
    }
  }

  private void keep(Asked asked, byte[] bytes) {
    var stored =
        new Stored(
            asked.address,
            asked.tags,
            asked.status,
            asked.fields,
            ByteBuffer.wrap(bytes).asReadOnlyBuffer(),
            asked.said,
            asked.vary,
            asked.askedNanos,
            asked.ageNanos,
            asked.lifetimeNanos);
    if (stored.bytes <= rules.bytesMax) {
      store.put(asked.key, stored, rules.bytesMax);
    }
    finish(asked, stored);
  }

  private void finish(Asked asked, @Nullable Stored stored) {
    var fetch = asked.fetch;
    if (fetch != null) {
      asked.fetch = null;
      store.fetched(fetch, stored);
    }
  }

  public void end(Asked asked) {
    asked.body = null;
    finish(asked, null);
  }

  /// A change makes what is kept of its resource invalid, and of those that the answer names on the
  /// same host (RFC 9111 section 4.4).
  private void invalidate(Exchange exchange, Asked asked, int status, long now) {
    var method = exchange.method();
    if (status >= 400 || method.equals("OPTIONS") || method.equals("TRACE")) {
      return;
    }
    store.invalidate(asked.address, now);
    for (var name : List.of(Names.LOCATION, Names.CONTENT_LOCATION)) {
      var other = exchange.responseHeaders().first(name);
      var address = other == null ? null : address(exchange, other);
      if (address != null) {
        store.invalidate(address, now);
      }
    }
  }

  private @Nullable String address(Exchange exchange, String reference) {
    try {
      var base = URI.create("http://" + exchange.host() + exchange.path());
      var target = base.resolve(reference);
      var host = target.getRawAuthority();
      return host == null || !host.equalsIgnoreCase(exchange.host())
          ? null
          : Asked.address(host, target.getRawPath(), rules.parts.counting(target.getRawQuery()));
    } catch (IllegalArgumentException e) {
      // A reference that is none names no resource.
      return null;
    }
  }
}
