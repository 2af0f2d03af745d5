package io.ostiary.insight.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NamesTest {
  /// Two things may have one name, and a text may be asked for without a thing.
  @Test
  void numbersAsAMapDoes() {
    var random = new Random(1);
    var things = new ArrayList<Object>();
    for (int i = 0; i < 90_000; i++) {
      things.add(new Object());
    }
    var names = new Names();
    for (int segment = 0; segment < 3; segment++) {
      var expected = new HashMap<String, Integer>(Map.of("", 0));
      for (int i = 0; i < 300_000; i++) {
        int number = random.nextInt(segment == 1 ? 90_000 : 500);
        var text = number == 7 ? "" : "name " + number % 30_000;
        int next = expected.size();
        int id = expected.computeIfAbsent(text, _ -> next);
        assertThat(names.idOf(things.get(number), text)).isEqualTo(id);
        assertThat(names.id(text)).isEqualTo(id);
        assertThat(names.textOrEmpty(id)).isEqualTo(text);
      }
      assertThat(names.size()).isEqualTo(expected.size());
      names = names.next();
      assertThat(names.size()).isEqualTo(1);
    }
  }

  @Test
  void forgetsThingsOfAPlanThatIsOverAndKeepsTheirTexts() throws Exception {
    var names = new Names();
    var gone = new WeakReference<>(new Object());
    int id = names.idOf(Objects.requireNonNull(gone.get()), "orders");
    names.forgetThings();
    for (int i = 0; i < 100 && gone.get() != null; i++) {
      System.gc();
      Thread.sleep(20);
    }
    assertThat(gone.get()).isNull();
    assertThat(names.idOf(new Object(), "orders")).isEqualTo(id);
    assertThat(names.size()).isEqualTo(2);
  }

  @Test
  void aThingIsFoundByItsIdentityAndNamedByItsText() {
    var names = new Names();
    var one = new StringBuilder("x");
    var two = new StringBuilder("x");
    int id = names.idOf(one);
    one.append("changed");
    assertThat(List.of(names.idOf(one), names.idOf(two), names.id("x"))).containsOnly(id);
  }

  @Test
  void whatWasNumberedCanBeReadAfterOthersWereBegun() {
    var names = new Names();
    int id = names.id("shop");
    var next = names.next();
    next.id("something else");
    assertThat(names.text(id)).isEqualTo("shop");
    assertThat(names.find("shop")).isEqualTo(id);
  }
}
