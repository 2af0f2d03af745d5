package io.ostiary.control;

import io.ostiary.model.Target;
import io.ostiary.model.UpstreamHealth;
import io.ostiary.model.UpstreamLoad;
import java.util.List;

/// A data plane with one upstream of one target.
final class FakeUpstreams implements Upstreams {
  volatile boolean drained;

  @Override
  public List<UpstreamHealth> health() {
    return List.of(
        new UpstreamHealth(
            "orders",
            new Target("127.0.0.1", 9001, 1),
            !drained,
            drained ? "drained by an operator" : "",
            2,
            640,
            1,
            new UpstreamHealth.Standing(drained, drained ? 0 : 1, 1, 500, 120, 0, 0)));
  }

  @Override
  public List<UpstreamLoad> loads() {
    return List.of(
        new UpstreamLoad(
            "orders",
            2,
            0,
            0,
            0,
            3,
            false,
            0,
            "",
            new UpstreamLoad.Counts(1, 0, 0, 0, 0, 0, 0, 0)));
  }

  @Override
  public boolean drain(String upstream, String target, boolean now) {
    if (!upstream.equals("orders") || !target.equals("127.0.0.1:9001")) {
      return false;
    }
    drained = now;
    return true;
  }
}
