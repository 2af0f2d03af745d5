package io.ostiary.gateway;

import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import java.util.Set;

/// A policy of a test: without settings, its own filter, and asked about requests unless it says
/// otherwise.
interface PlainPolicy extends Policy<PlainPolicy.None>, Filter {
  record None() {}

  @Override
  default Class<None> settings() {
    return None.class;
  }

  @Override
  default Filter compile(None settings, Site site) {
    return this;
  }

  @Override
  default Set<Moment> moments() {
    return Set.of(Moment.REQUEST);
  }
}
