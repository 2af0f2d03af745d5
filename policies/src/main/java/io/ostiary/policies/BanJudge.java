package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.UnroutedWatch;
import io.ostiary.model.Ban.Action;
import io.ostiary.model.BanCase;
import io.ostiary.model.BanSink;
import io.ostiary.model.Ending;
import io.ostiary.policies.Ban.Act;
import io.ostiary.policies.Ban.Counts;
import io.ostiary.policies.Ban.Kind;
import io.ostiary.policies.Ban.Settings;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Counts what ends, and decides.
record BanJudge(Settings settings, Counts counts, BanSink sink) implements UnroutedWatch {
  private static final int KINDS = Kind.values().length;

  /// Good calls without which an address is nobody's.
  private static final int GOOD_MIN = 2;

  @Override
  public void ended(Exchange exchange, Ending ending) {
    if (ending instanceof Ending.Refused(var policy) && policy.equals("ban")) {
      // Those who are banned already are not judged again.
      return;
    }
    var client = exchange.client();
    long now = exchange.nanos();
    long key = counts.hash.ofNetwork(client.getAddress());
    boolean answered = ending instanceof Ending.Answered || ending instanceof Ending.Refused;
    int status = answered ? exchange.status() : 0;
    counts.shares.count(key, now, answered && status < 400 && exchange.consumer() != null);
    var kind = kind(ending, status);
    if (kind == null || settings.most(kind) == 0) {
      return;
    }
    var offender = counts.offenders.of(key, KINDS, now);
    int most = settings.most(kind);
    long window = settings.window().toNanos();
    if (offender.offends(kind.number, now, window, most, exchange.callId())
        && offender.claim(now)) {
      decide(exchange, kind, key, offender);
    }
  }

  private static @Nullable Kind kind(Ending ending, int status) {
    return switch (ending) {
      case Ending.Refused(var policy) when policy.equals("validate") && status == 400 ->
          Kind.INVALID;
      case Ending.ClientFailed(var reason) -> failed(reason);
      case Ending.Refused _, Ending.Answered _ ->
          switch (status) {
            case 401 -> Kind.UNAUTHORIZED;
            case 403 -> Kind.FORBIDDEN;
            case 404 -> Kind.NOT_FOUND;
            case 429 -> Kind.TOO_MANY;
            default -> null;
          };
      case Ending.KernelFailed _, Ending.UpstreamFailed _, Ending.GatewayFailed _ -> null;
    };
  }

  /// The reasons of what is wrong with the framing, as `docs/problems` names them.
  private static @Nullable Kind failed(String reason) {
    return switch (reason) {
      case "no-route" -> Kind.NOT_FOUND;
      case "malformed-request", "malformed-body", "ambiguous-path", "coding-unknown" ->
          Kind.MALFORMED;
      default -> null;
    };
  }

  private void decide(Exchange exchange, Kind kind, long key, Offenders.Offender offender) {
    var share = counts.shares.of(key, exchange.nanos());
    boolean shared = share.good() >= GOOD_MIN && share.percent() >= settings.sharedPercent();
    boolean limit = shared || settings.action() == Act.LIMIT;
    var reason =
        "%s: more than %,d calls %s within %s"
            .formatted(
                kind.name().toLowerCase(Locale.ROOT).replace('_', '-'),
                settings.most(kind),
                kind.words,
                words(settings.window()));
    if (shared && settings.action() == Act.DENY) {
      reason +=
          "; limited rather than banned, because %d of its last %d calls were good ones of known consumers"
              .formatted(share.good(), share.all());
    }
    sink.offer(
        new BanCase(
            exchange.client(),
            exchange.client().equals(exchange.peer()),
            reason,
            offender.evidence(),
            "ban",
            limit
                ? new Action.Limit(settings.limitPackets(), settings.limitCalls())
                : new Action.Deny(),
            settings.lasts(),
            settings.lastsMax(),
            System.nanoTime()));
  }

  private static String words(Duration time) {
    long seconds = time.toSeconds();
    return seconds % 60 == 0 ? seconds / 60 + " min" : seconds + " s";
  }
}
