package io.ostiary.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.spi.Policy;
import java.util.ArrayList;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

class PolicyListTest {
  @Test
  void theStandardOnesAreThoseThatTheirServicesFileNames() {
    var named = new ArrayList<String>();
    for (Policy<?> policy : ServiceLoader.load(Policy.class)) {
      named.add(policy.getClass().getName());
    }

    assertThat(PolicyList.load().all())
        .extracting(policy -> policy.getClass().getName())
        .containsExactlyInAnyOrderElementsOf(named);
  }
}
