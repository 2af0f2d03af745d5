package io.ostiary.contract.bind;

import io.ostiary.contract.tree.Node;
import io.ostiary.contract.tree.Spelling;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// How a value is written. Immutable; made by [Shapes].
public sealed interface Shape {
  /// What belongs here, for messages: `a duration such as 500ms, 30s, 5m or 1h`.
  String expected();

  /// A record: an object with these members. They are looked at when somebody asks for the first
  /// time: a configuration uses few of the records that it might.
  final class Fields implements Shape {
    private final Class<? extends Record> type;
    private final Supplier<Components> made;
    private volatile @Nullable Components components;

    /// @param about what it is, for editors; may be empty
    /// @param alone the component whose value may stand for the whole, or null
    record Components(String about, List<Field> all, @Nullable Field alone) {
      Components {
        all = List.copyOf(all);
      }
    }

    Fields(Class<? extends Record> type, Supplier<Components> made) {
      this.type = type;
      this.made = made;
    }

    private Components components() {
      var known = components;
      if (known == null) {
        known = made.get();
        components = known;
      }
      return known;
    }

    public Class<? extends Record> type() {
      return type;
    }

    /// What it is, for editors; may be empty.
    public String about() {
      return components().about;
    }

    public List<Field> fields() {
      return components().all;
    }

    /// The component whose value may stand for the whole, or null.
    public @Nullable Field alone() {
      return components().alone;
    }

    /// Which of the fields has this name; -1: none.
    int place(String name) {
      var fields = fields();
      for (int i = 0; i < fields.size(); i++) {
        if (fields.get(i).name().equals(name)) {
          return i;
        }
      }
      return -1;
    }

    public List<String> names() {
      return fields().stream().map(Field::name).toList();
    }

    /// The field that is probably meant by a name that none has: what it is called elsewhere, or
    /// one that is spelt alike.
    Optional<String> meant(String seen) {
      var plain = Wording.kebab(seen).replace('_', '-');
      return fields().stream()
          .filter(field -> field.elsewhere().contains(plain))
          .map(Field::name)
          .findFirst()
          .or(() -> Spelling.nearest(seen, names()));
    }

    @Override
    public String expected() {
      var object = "an object of " + String.join(", ", names());
      var alone = alone();
      return alone == null ? object : alone.shape().expected() + ", or " + object;
    }
  }

  /// One component of a record.
  ///
  /// @param name as written
  /// @param fallback what holds where nothing is written; null: see `required`
  /// @param required whether something must be written
  /// @param nullable whether null stands for what is not written
  /// @param elsewhere what it is called in other programs
  record Field(
      String name,
      String about,
      Shape shape,
      @Nullable Node fallback,
      boolean required,
      boolean nullable,
      Set<String> elsewhere) {}

  /// A list, or a set where `unique`.
  ///
  /// @param orOne whether one item may stand without brackets
  /// @param some whether it may not be empty where it is written
  record Items(Shape item, boolean unique, boolean orOne, boolean some) implements Shape {
    @Override
    public String expected() {
      return orOne
          ? item.expected() + ", or a list of that"
          : item instanceof Use ? "a list, with '- ' before each policy" : "a list";
    }
  }

  /// A map from any name.
  record Entries(Shape value) implements Shape {
    @Override
    public String expected() {
      return "an object";
    }
  }

  /// One of a few words.
  record Words(Map<String, Object> values) implements Shape {
    @Override
    public String expected() {
      return Wording.oneOf(values.keySet().stream().toList());
    }
  }

  /// Something that has a written form of its own, such as a duration.
  ///
  /// @param pattern a regular expression for editors, or empty
  /// @param numeric whether a bare number is a written form as well
  /// @param ownWords whether the exception of `read` says best what is wrong
  /// @param read throws IllegalArgumentException where the text is none of that
  record Form(
      String expected,
      String pattern,
      boolean numeric,
      boolean ownWords,
      Function<String, Object> read)
      implements Shape {}

  /// A whole number.
  record Whole(long min, long max) implements Shape {
    @Override
    public String expected() {
      return max == Integer.MAX_VALUE ? "a whole number of at most " + max : "a whole number";
    }
  }

  /// Any number.
  ///
  /// @param exact a BigDecimal rather than a double
  record Decimal(boolean exact) implements Shape {
    @Override
    public String expected() {
      return "a number";
    }
  }

  record Flag() implements Shape {
    @Override
    public String expected() {
      return "true or false";
    }
  }

  record Text() implements Shape {
    @Override
    public String expected() {
      return "a text";
    }
  }

  /// A sealed interface: one of several records.
  ///
  /// @param words records without components, written as their name
  /// @param bare records written as their only component
  /// @param members records written as an object with one member, their name
  record Choice(Map<String, Object> words, List<Fields> bare, Map<String, Fields> members)
      implements Shape {
    @Override
    public String expected() {
      var parts = new ArrayList<>(words.keySet());
      bare.forEach(fields -> parts.add(Objects.requireNonNull(fields.alone()).shape().expected()));
      members.keySet().forEach(name -> parts.add("{ " + name + ": ... }"));
      return Wording.oneOf(parts);
    }
  }

  /// A policy in use: its name alone, or an object with one member, the settings under its name.
  record Use(Map<String, Fields> policies) implements Shape {
    @Override
    public String expected() {
      return "a policy such as '- key-auth' or '- rate-limit: { ... }'";
    }
  }
}
