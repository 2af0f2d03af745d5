package io.ostiary.contract.tree;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Items that keep what was made of them, from version to version of a text.
class FollowedTextTest {
  private static final String[] EDITS = {
    "",
    "",
    "\n",
    " ",
    "x",
    ", ",
    "# a comment\n",
    "\n      - { path: /new, a: [ 1,\n 2 ] }\n",
    "\n      - path: /block\n        a:\n          - b: c\n",
    " { path: /flow }, ",
    "]",
    "}",
    "{",
    "\"",
    ": ",
    "- ",
    "\n  - name: more\n    routes:\n      - path: /more\n",
    "---\n",
    "&a "
  };

  /// Makes the words of an item, without their places.
  private static final class Words implements Making {
    private final List<Object> made = new ArrayList<>();

    @Override
    public boolean makes(String list, String inner) {
      return list.equals("apis") && inner.equals("routes");
    }

    @Override
    public Maker maker() {
      return this::of;
    }

    private synchronized Object of(Mapping item) {
      var words = words(item);
      made.add(words);
      return words;
    }
  }

  private static String words(Node node) {
    return node.toString().replaceAll("(nameAt|at)=[^,\\]]*:[0-9]+:[0-9]+", "");
  }

  private final Words words = new Words();
  private final FollowedText text = new FollowedText("a.yaml", Limits.CONFIGURATION, words);

  @Test
  void makesOnlyWhatChanged() {
    read(many(200, "/r100"));
    assertThat(words.made).hasSize(200);
    words.made.clear();
    var version = read(many(200, "/other"));

    assertThat(words.made).singleElement().asString().contains("/other");
    assertThat(version.exact()).isFalse();
    assertThat(items(version)).hasSize(200).allMatch(item -> item.made() != null);
  }

  @Test
  void makesAgainWhatNothingWasMadeOf() {
    var nothing =
        new Making() {
          private int asked;

          @Override
          public boolean makes(String list, String inner) {
            return words.makes(list, inner);
          }

          @Override
          public Maker maker() {
            return this::of;
          }

          private synchronized @Nullable Object of(Mapping item) {
            asked++;
            return words(item).contains("/r1]") ? null : "made";
          }
        };
    var followed = new FollowedText("a.yaml", Limits.CONFIGURATION, nothing);
    followed.read(bytes(many(3, "/r1")));
    nothing.asked = 0;
    followed.read(bytes("# moved\n" + many(3, "/r1")));

    // Nobody changed the API, so it stays as it is, members and all.
    assertThat(nothing.asked).isZero();
    followed.read(bytes("# moved\n" + many(3, "/r1").replace("/r2", "/r3")));
    assertThat(nothing.asked).isEqualTo(2);
  }

  @Test
  void givesTheMembersOfAnItemAsTheWholeParserDoes() {
    var now = many(5, "/r1");
    var version = read(now);

    assertThat(((Parsed.Tree) version.parsed()).root().toString()).isEqualTo(whole(now));
    assertThat(items(version).getFirst().get("path")).isInstanceOf(Node.Text.class);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void keepsWhatTheSameTextWouldGive(long seed) {
    var random = new Random(seed);
    var good = many(6, "/r1");
    var now = good;
    int simple = 0;
    int kept = 0;
    for (int i = 0; i < 2_000; i++) {
      now = random.nextInt(4) == 0 ? good : edited(now, random);
      var quick = text.quick(bytes(now));
      var fresh = new FollowedText("a.yaml", Limits.CONFIGURATION, words).quick(bytes(now));
      assertThat(quick == null).isEqualTo(fresh == null);
      if (quick == null || fresh == null) {
        continue;
      }
      simple++;
      kept += quick.exact() ? 0 : 1;
      assertThat(made(quick)).isEqualTo(made(fresh));
      assertThat(((Parsed.Tree) fresh.parsed()).root().toString()).isEqualTo(whole(now));
      good = random.nextInt(4) == 0 && now.length() < 2_000 ? now : good;
    }

    assertThat(simple).isGreaterThan(300);
    assertThat(kept).isGreaterThan(200);
  }

  private static List<Object> made(FollowedText.Version version) {
    return items(version).stream().<Object>map(item -> "" + item.made()).toList();
  }

  private static List<Mapping> items(FollowedText.Version version) {
    var items = new ArrayList<Mapping>();
    var root = ((Parsed.Tree) version.parsed()).root();
    if (root.child("apis") instanceof Node.Sequence apis) {
      for (var api : apis.items()) {
        if (api.child("routes") instanceof Node.Sequence routes) {
          routes
              .items()
              .forEach(route -> {
                if (route instanceof Mapping mapping && mapping.keeps()) {
                  items.add(mapping);
                }
              });
        }
      }
    }
    return items;
  }

  private FollowedText.Version read(String now) {
    return text.read(bytes(now));
  }

  private static byte[] bytes(String now) {
    return now.getBytes(StandardCharsets.UTF_8);
  }

  private static String whole(String now) {
    var parsed = new YamlComposer(new Source("a.yaml", now), Limits.CONFIGURATION).compose();
    return ((Parsed.Tree) parsed).root().toString();
  }

  private static String edited(String text, Random random) {
    int at = random.nextInt(text.length());
    int to = Math.min(text.length(), at + random.nextInt(4) * random.nextInt(12));
    return text.substring(0, at) + EDITS[random.nextInt(EDITS.length)] + text.substring(to);
  }

  /// Two APIs, one with its routes in brackets and one below dashes.
  private static String many(int routes, String first) {
    var text = new StringBuilder("a: 1\napis:\n  - { name: a, routes: [\n");
    for (int i = 0; i < routes / 2; i++) {
      text.append("      { path: %s, a: 'b' },\n".formatted(i == 1 ? first : "/r" + i));
    }
    text.append("    ] }\n  - name: b\n    routes:\n");
    for (int i = routes / 2; i < routes; i++) {
      text.append("      # of %d\n      - path: /r%d\n        a: { b: [ c ] }\n".formatted(i, i));
    }
    return text.append("z:\n  - y\n").toString();
  }
}
