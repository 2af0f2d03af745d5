package io.ostiary.model;

import java.util.List;

/// Who sent the packets of the last second, and whether a SYN flood is being answered.
///
/// @param seconds how long the time was that it is about
/// @param packetsPerSecond of IP, counted
/// @param connectionsPerSecond SYNs that the rules let pass, counted
/// @param sources how many different source addresses there were, estimated
/// @param sourcesError the estimate is off by at most this share of it, 99 times of 100
/// @param sampledOneOf the shares were taken from one of so many packets; 1: from all of them
/// @param shares the widest share first, of each length of prefix
public record FloodReport(
    double seconds,
    long packetsPerSecond,
    long connectionsPerSecond,
    long sources,
    double sourcesError,
    int sampledOneOf,
    Cookies cookies,
    List<Share> shares) {
  /// Shares from here on are named.
  public static final double NAMED = 0.001;

  public static final FloodReport NONE =
      new FloodReport(
          0,
          0,
          0,
          0,
          0,
          1,
          new Cookies(State.OFF, "Packets are not inspected.", 0, 0, 0, 0),
          List.of());

  public FloodReport {
    shares = List.copyOf(shares);
  }

  /// @param prefix of IPv4 32, 24 or 16 bits, of IPv6 64 or 48
  /// @param share of all packets, 0-1
  /// @param error the true share is at most this far away, 19 times of 20; 0: it was counted
  /// @param connectionsPerSecond SYNs of it
  /// @param droppedShare of its own packets
  /// @param held whether one named prefix within it sent nearly all of it
  public record Share(
      Cidr prefix,
      double share,
      double error,
      long packetsPerSecond,
      long connectionsPerSecond,
      double droppedShare,
      boolean held) {}

  /// SYN cookies, by which a flood of SYNs from invented sources is answered without remembering
  /// any.
  ///
  /// @param sinceMillis when the state began, wall clock; 0 while it is `OFF`
  /// @param answered SYNs, since the programs were loaded, as are the next two
  /// @param completed handshakes that came back while a flood was on
  /// @param invalid packets that brought a wrong cookie
  public record Cookies(
      State state,
      String sentence,
      long sinceMillis,
      long answered,
      long completed,
      long invalid) {}

  public enum State {
    /// It cannot be done here; the sentence says why.
    UNAVAILABLE,
    /// No flood.
    OFF,
    /// Many SYNs come, and the stack still takes them.
    WATCHING,
    /// The queue of a listener is full: SYNs are answered with cookies.
    ANSWERING
  }
}
