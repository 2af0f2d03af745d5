package io.ostiary.insight.live;

import io.ostiary.insight.Point;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// The last points, bounded. Shared under one short lock.
final class Points {
  private final ArrayDeque<Point> points = new ArrayDeque<>();
  private final int sizeMax;

  Points(int sizeMax) {
    this.sizeMax = sizeMax;
  }

  synchronized void add(Point point) {
    if (points.size() == sizeMax) {
      points.removeFirst();
    }
    points.addLast(point);
  }

  /// The last `count`, the oldest first.
  synchronized List<Point> last(int count) {
    var all = new ArrayList<>(points);
    return List.copyOf(all.subList(Math.max(0, all.size() - count), all.size()));
  }
}
