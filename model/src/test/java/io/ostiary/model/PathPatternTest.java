package io.ostiary.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class PathPatternTest {
  @Test
  void knowsItsSegments() {
    assertThat(new PathPattern("/").segments()).isEmpty();
    assertThat(new PathPattern("/*").segments()).isEmpty();
    assertThat(new PathPattern("/orders/{id}/*").segments()).containsExactly("orders", "{id}");
    assertThat(new PathPattern("/orders/").segments()).containsExactly("orders", "");
  }

  @Test
  void goesUnderAPrefix() {
    assertThat(new PathPattern("/").under("/demo").text()).isEqualTo("/demo");
    assertThat(new PathPattern("/*").under("/").text()).isEqualTo("/*");
    assertThat(new PathPattern("/orders").under("/demo").text()).isEqualTo("/demo/orders");
  }

  @Test
  void refusesWhatCannotMatch() {
    for (var text : new String[] {"orders", "", "/a*", "/*/b", "/a?b", "/a#b"}) {
      assertThatThrownBy(() -> new PathPattern(text)).hasMessageStartingWith("path: " + text);
    }
  }
}
