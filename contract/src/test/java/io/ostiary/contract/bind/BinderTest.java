package io.ostiary.contract.bind;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.contract.tree.Fault;
import io.ostiary.contract.tree.Limits;
import io.ostiary.contract.tree.Parsed;
import io.ostiary.contract.tree.TreeReader;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.setting.Alone;
import io.ostiary.model.setting.Bytes;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BinderTest {
  record Everything(
      String text,
      boolean flag,
      int small,
      long large,
      double ratio,
      BigDecimal exact,
      Duration pause,
      @Bytes long size,
      Colour colour,
      Inner inner,
      List<Inner> list,
      Set<Colour> set,
      Map<String, Integer> map,
      @Nullable Integer absent,
      @Default("[ a, b ]") List<String> given,
      Way way) {}

  enum Colour {
    DARK_RED,
    BLUE
  }

  record Inner(@Alone String name, @Default("3") int times) {}

  sealed interface Way {
    record Straight() implements Way {}

    record Round(int about) implements Way {}
  }

  @Test
  void bindsEveryKindOfValue() {
    var bound =
        bind(
            Everything.class,
            """
            text: x
            flag: true
            small: -7
            large: 9000000000
            ratio: 0.5
            exact: 0.10
            pause: 1m30s
            size: 1.5KiB
            colour: dark-red
            inner: { name: n }
            list: [ one, { name: two, times: 2 } ]
            set: [ blue, dark-red ]
            map: { z: 1, a: 2 }
            way: { round: { about: 4 } }
            """);

    assertThat(bound)
        .isEqualTo(
            new Everything(
                "x",
                true,
                -7,
                9_000_000_000L,
                0.5,
                new BigDecimal("0.10"),
                Duration.ofSeconds(90),
                1536,
                Colour.DARK_RED,
                new Inner("n", 3),
                List.of(new Inner("one", 3), new Inner("two", 2)),
                Set.of(Colour.BLUE, Colour.DARK_RED),
                Map.of("z", 1, "a", 2),
                null,
                List.of("a", "b"),
                new Way.Round(4)));
    assertThat(bound.map().keySet()).containsExactly("z", "a");
    assertThat(bound.set()).containsExactly(Colour.BLUE, Colour.DARK_RED);
  }

  record Ways(@OrOne List<Way> ways, Section section) {}

  record Section(@Default("5s") Duration pause, List<String> names) {}

  @Test
  void sectionsAndListsMayBeLeftOut() {
    var none = new Section(Duration.ofSeconds(5), List.of());

    assertThat(bind(Ways.class, "")).isEqualTo(new Ways(List.of(), none));
    assertThat(bind(Ways.class, "section:\nways:\n")).isEqualTo(new Ways(List.of(), none));
    assertThat(bind(Ways.class, "ways: straight"))
        .isEqualTo(new Ways(List.of(new Way.Straight()), none));
  }

  record Wait(Duration pause) {}

  @ParameterizedTest
  @CsvSource({"500ms,500", "1s,1000", "2m,120000", "1h,3600000", "1d,86400000", "1m1s,61000"})
  void readsDurations(String text, long millis) {
    assertThat(bind(Wait.class, "pause: " + text).pause()).hasMillis(millis);
  }

  @ParameterizedTest
  @CsvSource({"5", "s", "-1s", "1 s", "1w", "1.5s", "1s2", "999999999999d", "''"})
  void refusesWhatIsNoDuration(String text) {
    assertThat(faults(Wait.class, "pause: \"" + text + "\""))
        .singleElement()
        .asString()
        .endsWith("(expected: a duration such as 500ms, 30s, 5m, 1h or 1d)");
  }

  record Size(@Bytes long size) {}

  @ParameterizedTest
  @CsvSource({"0,0", "64KiB,65536", "10MB,10000000", "1GiB,1073741824", "0.5MB,500000", "7B,7"})
  void readsSizes(String text, long bytes) {
    assertThat(bind(Size.class, "size: " + text).size()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @CsvSource({"-1", "1.5", "10 MB", "1Mb", "999999999999999TB", "1.1111111KB"})
  void refusesWhatIsNoSize(String text) {
    assertThat(faults(Size.class, "size: " + text)).hasSize(1);
  }

  record Loop(List<Loop> loops) {}

  record Odd(Thread thread) {}

  record Uses(List<PolicyUse> policies) {}

  record BadDefault(@Default("soon") Duration pause) {}

  @Test
  void refusesRecordsThatCannotBeWritten() {
    assertThatThrownBy(() -> new Shapes(Map.of()).fields(Loop.class))
        .hasMessageContaining("contains itself");
    var uses = new Shapes(Map.of("odd", Odd.class)).fields(Uses.class);
    assertThatThrownBy(() -> JsonSchema.of(uses))
        .hasMessageStartingWith("java.lang.Thread: cannot be written");
    assertThatThrownBy(() -> new Shapes(Map.of()).fields(BadDefault.class))
        .hasMessageContaining("pause: 'soon' (expected: a duration");
  }

  record Throws(int value) {
    Throws {
      if (value == 1) {
        throw new IllegalStateException("by accident");
      }
    }
  }

  @Test
  void aConstructorThatBreaksIsAFaultOfItsObject() {
    assertThat(faults(Throws.class, "value: 1"))
        .containsExactly(
            "a.yaml:1:1: cannot be used: java.lang.IllegalStateException: by accident");
  }

  record Many(List<Integer> numbers) {}

  @Test
  void countsAMillionFaultsAndKeepsAThousand() {
    var text = "numbers:\n" + "- x\n".repeat(300_000);

    assertThat(faults(Many.class, text)).hasSize(1_000);
  }

  @Test
  void aMisspeltNameIsNotMissingAsWell() {
    assertThat(faults(Wait.class, "puase: 1s"))
        .containsExactly("a.yaml:1:1: unknown setting 'puase'. Did you mean 'pause'?");
  }

  private static <T extends Record> T bind(Class<T> type, String text) {
    var binder = new Binder();
    var bound = bind(binder, type, text);
    assertThat(binder.faults()).isEmpty();
    assertThat(bound).isNotNull();
    return bound;
  }

  private static <T extends Record> List<String> faults(Class<T> type, String text) {
    var binder = new Binder();
    assertThat(bind(binder, type, text)).isNull();
    return binder.faults().stream().map(Fault::toString).toList();
  }

  private static <T extends Record> @Nullable T bind(Binder binder, Class<T> type, String text) {
    var parsed = TreeReader.parse(text, "a.yaml", Limits.CONFIGURATION);
    assertThat(parsed.faults()).isEmpty();
    return binder.bind(new Shapes(Map.of()), type, ((Parsed.Tree) parsed).root(), "document");
  }
}
