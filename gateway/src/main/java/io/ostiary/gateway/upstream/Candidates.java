package io.ostiary.gateway.upstream;

import org.jspecify.annotations.Nullable;

/// The targets of one priority and zone that may be asked at the moment, with their weights as they
/// are now. Immutable.
final class Candidates {
  private final Endpoint[] endpoints;
  private final double[] weights;
  private final double[] sums;
  private final int[] turns;

  /// By the place among all targets of the upstream: who is a candidate, and how much of it.
  private final @Nullable Endpoint[] byPlace;

  private final double[] rampByPlace;

  /// @param places of the candidates among all
  /// @param all targets of the upstream, as hashes count them
  /// @param weights of the candidates, grown so far
  /// @param ramps how far each of all has grown, 0-1
  /// @param inTurn whether they are asked in turn
  Candidates(int[] places, Endpoint[] all, double[] weights, double[] ramps, boolean inTurn) {
    this.weights = weights;
    rampByPlace = ramps;
    endpoints = new Endpoint[places.length];
    byPlace = new @Nullable Endpoint[all.length];
    sums = new double[places.length];
    double sum = 0;
    for (int i = 0; i < places.length; i++) {
      endpoints[i] = all[places[i]];
      byPlace[places[i]] = endpoints[i];
      sum += weights[i];
      sums[i] = sum;
    }
    turns = inTurn ? RoundRobin.turns(weights) : new int[0];
  }

  int size() {
    return endpoints.length;
  }

  Endpoint endpoint(int i) {
    return endpoints[i];
  }

  double weight(int i) {
    return weights[i];
  }

  /// Weights added up, the last one being all of them.
  double[] sums() {
    return sums;
  }

  int[] turns() {
    return turns;
  }

  /// Who stands at a place of the upstream's whole list, where it is a candidate. One that starts
  /// slowly takes only a part of its keys, and always the same.
  @Nullable Endpoint at(int place, long key) {
    var endpoint = byPlace[place];
    if (endpoint == null || rampByPlace[place] >= 1) {
      return endpoint;
    }
    return Hash.fraction(Hash.mix(key + 2)) < rampByPlace[place] ? endpoint : null;
  }

  /// Anybody who has not been tried, or null.
  @Nullable Endpoint first(Pick pick) {
    for (var endpoint : endpoints) {
      if (!pick.passes(endpoint)) {
        return endpoint;
      }
    }
    return null;
  }

  boolean contains(Endpoint endpoint) {
    for (var one : endpoints) {
      if (one.equals(endpoint)) {
        return true;
      }
    }
    return false;
  }
}
