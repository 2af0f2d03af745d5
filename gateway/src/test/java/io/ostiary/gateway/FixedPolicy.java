package io.ostiary.gateway;

import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.PolicyUse;
import java.util.List;

/// A policy of a test whose filter is there already.
record FixedPolicy(String name, Filter filter) implements Policy<FixedPolicy.None> {
  record None() {}

  @Override
  public Class<None> settings() {
    return None.class;
  }

  @Override
  public Filter compile(None settings, Site site) {
    return filter;
  }

  /// A gateway with these filters, in this order, as policies `p0`, `p1` and so on.
  static Kit kit(FakeUpstream upstream, Filter... filters) {
    var policies = new Policy<?>[filters.length];
    var uses = new PolicyUse[filters.length];
    for (int i = 0; i < filters.length; i++) {
      policies[i] = new FixedPolicy("p" + i, filters[i]);
      uses[i] = new PolicyUse("p" + i, new None());
    }
    var kit = new Kit(upstream, policies);
    kit.uses = List.of(uses);
    return kit.publish();
  }
}
