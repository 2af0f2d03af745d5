package io.ostiary.gateway.upstream;

import io.ostiary.model.Target;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A ring of points, many for each target; a key belongs to the next point. A target that goes
/// leaves its keys to many others, and nobody else's key moves. Immutable.
final class Ring implements Balancer {
  private static final int POINTS_EACH = 400;
  private static final int POINTS_MAX = 262_144;

  private final long[] points;
  private final int[] places;

  private record Point(long hash, int place) {}

  Ring(List<Target> targets) {
    double sum = targets.stream().mapToDouble(Target::weight).sum();
    double wanted = Math.min((double) targets.size() * POINTS_EACH, POINTS_MAX);
    var all = new java.util.ArrayList<Point>();
    for (int place = 0; place < targets.size(); place++) {
      var target = targets.get(place);
      long seed = Hash.of(target.toString());
      long own = Math.max(1, Math.round(wanted * target.weight() / sum));
      for (int i = 0; i < own; i++) {
        all.add(new Point(Hash.mix(seed + i * 0x9E3779B97F4A7C15L), place));
      }
    }
    all.sort(java.util.Comparator.comparingLong(Point::hash));
    points = all.stream().mapToLong(Point::hash).toArray();
    places = all.stream().mapToInt(Point::place).toArray();
  }

  @Override
  public @Nullable Endpoint choose(Candidates among, Pick pick) {
    long hash = pick.hash();
    int found = Arrays.binarySearch(points, hash);
    int start = found < 0 ? -found - 1 : found;
    for (int i = 0; i < places.length; i++) {
      int at = start + i < places.length ? start + i : start + i - places.length;
      var endpoint = among.at(places[at], hash);
      if (endpoint != null && !pick.passes(endpoint)) {
        return endpoint;
      }
    }
    return among.first(pick);
  }
}
