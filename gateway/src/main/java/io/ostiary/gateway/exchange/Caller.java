package io.ostiary.gateway.exchange;

import io.ostiary.model.Ending;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/// Who a call comes from: the one the connection speaks for, or whom trusted proxies say it speaks
/// for; and what the bans say of it. Reused with its call; confined to its event loop.
final class Caller {
  private static final Ending ENDING = new Ending.Refused("ban");

  private final Call call;
  private @Nullable InetAddress address;

  Caller(Call call) {
    this.call = call;
  }

  void begin() {
    address = null;
  }

  /// Fields of a head that could not be read to its end are not believed: what a proxy added may
  /// stand behind the fault, and what stands before it may be a client's invention.
  InetAddress address() {
    if (address != null) {
      return address;
    }
    InetAddress named = null;
    if (call.times().headNanos != 0 && speakerTrusted()) {
      named = ForwardedFields.client(call.requestHead().fields(), call.terms().trustedProxies());
    }
    var found = named == null ? call.clientSide().speaker().address() : named;
    if (call.times().headNanos != 0) {
      address = found;
    }
    return found;
  }

  /// 0: not known, because proxies tell addresses only.
  int port() {
    return address().equals(call.clientSide().peer().address()) ? call.clientSide().peerPort() : 0;
  }

  byte[] bytes() {
    return speakerTrusted() ? address().getAddress() : call.clientSide().speaker().bytes();
  }

  /// Whether the client wrote `https`, as far as we see it, or as a trusted peer says.
  boolean https() {
    boolean secure = call.clientSide().secure();
    return speakerTrusted()
        ? ForwardedFields.https(call.requestHead().fields(), call.terms().trustedProxies(), secure)
        : secure;
  }

  boolean speakerTrusted() {
    var trusted = call.terms().trustedProxies();
    return !trusted.isEmpty() && trusted.contains(call.clientSide().speaker().bytes());
  }

  /// Refuses the call where the bans say so. Packets of a banned source are not even read; this is
  /// for clients behind proxies, and for limits.
  boolean refused() {
    var bans = call.plan().bans();
    if (bans.isEmpty() || (!bans.limiting() && ownsConnection() && call.clientSide().direct())) {
      // A direct client was looked at when it was accepted, and when bans changed.
      return false;
    }
    var loop = call.loop();
    return switch (bans.take(bytes(), loop.wallMillis(), loop.now())) {
      case PASSED -> false;
      case LIMITED -> {
        call.reply(Problems.BAN_LIMIT, ENDING, -1);
        yield true;
      }
      case DENIED -> {
        if (ownsConnection()) {
          call.answer().endsConnection();
        }
        call.reply(Problems.BANNED, ENDING, -1);
        yield true;
      }
    };
  }

  /// Whether everything on this connection comes from the caller.
  private boolean ownsConnection() {
    return !speakerTrusted();
  }
}
