package io.ostiary.server;

import io.ostiary.control.Upstreams;
import io.ostiary.gateway.Gateway;
import io.ostiary.model.UpstreamHealth;
import io.ostiary.model.UpstreamLoad;
import java.util.List;

/// What the control plane asks the data plane about those who answer.
record GatewayUpstreams(Gateway gateway) implements Upstreams {
  @Override
  public List<UpstreamHealth> health() {
    return gateway.upstreams();
  }

  @Override
  public List<UpstreamLoad> loads() {
    return gateway.loads();
  }

  @Override
  public boolean drain(String upstream, String target, boolean drained) {
    return gateway.drain(upstream, target, drained);
  }
}
