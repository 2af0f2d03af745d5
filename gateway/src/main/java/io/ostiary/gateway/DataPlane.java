package io.ostiary.gateway;

import io.ostiary.gateway.loop.Transport;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.model.BanSink;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.LoopChoice;
import io.ostiary.model.Tallies;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;

/// What a gateway is built from; unlike a snapshot it does not change while it runs.
///
/// @param loops event loops, usually one for each core
/// @param preferred the transport to use if it runs here, else the next one down
/// @param ringCapacity lines of the ledger that each loop may be ahead; a power of two
/// @param policies everything that a snapshot may name
/// @param wall the wall clock, for ids and dates
/// @param bans takes what policies hold against clients
/// @param tallies the counts of quotas
/// @param choice who chooses between event loops; asked whenever listeners open
public record DataPlane(
    int loops,
    Transport.Kind preferred,
    int ringCapacity,
    ConnectionLens lens,
    List<Policy<?>> policies,
    InstantSource wall,
    BanSink bans,
    Tallies tallies,
    Supplier<LoopChoice> choice) {
  /// Quotas are counted in memory alone, and connections dealt out in turn.
  public DataPlane(
      int loops,
      Transport.Kind preferred,
      int ringCapacity,
      ConnectionLens lens,
      List<Policy<?>> policies,
      InstantSource wall,
      BanSink bans) {
    this(
        loops,
        preferred,
        ringCapacity,
        lens,
        policies,
        wall,
        bans,
        new Tallies(),
        () -> LoopChoice.none("nobody was asked to choose"));
  }

  public DataPlane {
    policies = List.copyOf(policies);
    if (loops < 1 || loops > 1024) {
      throw new IllegalArgumentException("loops: " + loops + " (expected: 1-1024)");
    }
  }

  /// One loop for each core, io_uring where it runs, no kernel facts.
  public static DataPlane of(List<Policy<?>> policies) {
    return new DataPlane(
        Runtime.getRuntime().availableProcessors(),
        Transport.Kind.IO_URING,
        4096,
        ConnectionLens.NONE,
        policies,
        InstantSource.system(),
        BanSink.NONE);
  }
}
