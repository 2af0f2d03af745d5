package io.ostiary.contract.bind;

import io.ostiary.contract.tree.Limits;
import io.ostiary.contract.tree.Node;
import io.ostiary.contract.tree.Parsed;
import io.ostiary.contract.tree.TreeReader;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Alone;
import io.ostiary.model.setting.Bytes;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.Elsewhere;
import io.ostiary.model.setting.OrOne;
import io.ostiary.model.setting.SomeIfGiven;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.AbstractMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Types to shapes, by reflection, each once. A type that cannot be written is a fault of its
/// programmer: [#fields] looks at all of it and refuses it with an exception, before it is used.
public final class Shapes {
  private final Map<Type, Shape> known = new HashMap<>();
  private final Deque<Type> open = new ArrayDeque<>();
  private final Shape.Use use;

  /// @param policies the name and the settings record of each policy that may be used
  public Shapes(Map<String, Class<? extends Record>> policies) {
    use = new Shape.Use(new Settings(new TreeMap<>(policies)));
  }

  /// The shapes of policies' settings by name, each made when it is asked for: a configuration
  /// mostly uses a few, and settings may hold uses of policies themselves.
  private final class Settings extends AbstractMap<String, Shape.Fields> {
    private final SortedMap<String, Class<? extends Record>> types;
    private final Map<Object, Shape.Fields> made = new ConcurrentHashMap<>();

    Settings(SortedMap<String, Class<? extends Record>> types) {
      this.types = types;
    }

    @Override
    public Shape.@Nullable Fields get(@Nullable Object name) {
      var known = name == null ? null : made.get(name);
      var type = known != null || name == null ? null : types.get(name);
      if (type == null) {
        return known;
      }
      var fields = unchecked(type);
      made.put(name, fields);
      return fields;
    }

    @Override
    public boolean containsKey(@Nullable Object name) {
      return types.containsKey(name);
    }

    @Override
    public Set<String> keySet() {
      return Collections.unmodifiableSet(types.keySet());
    }

    @Override
    public Set<Map.Entry<String, Shape.Fields>> entrySet() {
      var all = new LinkedHashMap<String, Shape.Fields>();
      types.forEach((name, type) -> all.put(name, unchecked(type)));
      return Collections.unmodifiableSet(all.entrySet());
    }
  }

  /// The shape of a record, of which everything has been looked at.
  public synchronized Shape.Fields fields(Class<? extends Record> type) {
    var fields = unchecked(type);
    new ShapeCheck().check(fields);
    return fields;
  }

  /// The shape of a record, of which nothing has been looked at yet: for those that a test looks
  /// at. To look at all that a configuration might say takes a tenth of a start.
  synchronized Shape.Fields unchecked(Class<? extends Record> type) {
    if (of(type) instanceof Shape.Fields fields) {
      return fields;
    }
    throw new IllegalArgumentException(type + ": has a written form (expected: members)");
  }

  private Shape of(Type type) {
    var shape = known.get(type);
    if (shape != null) {
      return shape;
    }
    if (open.contains(type)) {
      throw new IllegalArgumentException(type + ": contains itself (expected: a finite shape)");
    }
    open.push(type);
    shape = make(type);
    open.pop();
    known.put(type, shape);
    return shape;
  }

  private Shape make(Type type) {
    return switch (type) {
      case Class<?> c -> ofClass(c);
      case ParameterizedType p -> ofGeneric(p, false);
      default -> throw unknown(type);
    };
  }

  private Shape ofClass(Class<?> type) {
    if (type == String.class) {
      return new Shape.Text();
    }
    if (type == boolean.class || type == Boolean.class) {
      return new Shape.Flag();
    }
    if (type == int.class || type == Integer.class) {
      return new Shape.Whole(Integer.MIN_VALUE, Integer.MAX_VALUE);
    }
    if (type == long.class || type == Long.class) {
      return new Shape.Whole(Long.MIN_VALUE, Long.MAX_VALUE);
    }
    if (type == double.class || type == Double.class || type == BigDecimal.class) {
      return new Shape.Decimal(type == BigDecimal.class);
    }
    if (type == Duration.class) {
      return Forms.DURATIONS;
    }
    if (type == URI.class) {
      return Forms.URLS;
    }
    if (type == Path.class) {
      return Forms.FILES;
    }
    if (type == PolicyUse.class) {
      return use;
    }
    var form = Forms.ofType(type);
    return form != null ? form : composed(type);
  }

  private Shape composed(Class<?> type) {
    if (type.isEnum()) {
      var words = new LinkedHashMap<String, Object>();
      for (var constant : type.getEnumConstants()) {
        words.put(Wording.kebab(((Enum<?>) constant).name()), constant);
      }
      return new Shape.Words(Collections.unmodifiableMap(words));
    }
    if (type.isRecord()) {
      return record(type.asSubclass(Record.class));
    }
    if (type.isSealed()) {
      return choice(type);
    }
    throw unknown(type);
  }

  private Shape ofGeneric(ParameterizedType type, boolean orOne) {
    var arguments = type.getActualTypeArguments();
    if (type.getRawType() == List.class || type.getRawType() == Set.class) {
      return new Shape.Items(of(arguments[0]), type.getRawType() == Set.class, orOne, false);
    }
    if (type.getRawType() == Map.class && arguments[0] == String.class) {
      return new Shape.Entries(of(arguments[1]));
    }
    throw unknown(type);
  }

  private Shape.Fields record(Class<? extends Record> type) {
    return new Shape.Fields(type, () -> components(type));
  }

  private synchronized Shape.Fields.Components components(Class<? extends Record> type) {
    var fields = new ArrayList<Shape.Field>();
    Shape.Field alone = null;
    for (var component : type.getRecordComponents()) {
      var field = field(component);
      fields.add(field);
      if (component.isAnnotationPresent(Alone.class)) {
        alone = field;
      }
    }
    return new Shape.Fields.Components(about(type), fields, alone);
  }

  private Shape.Field field(RecordComponent component) {
    var shape = componentShape(component);
    var given = component.getAnnotation(Default.class);
    var fallback = given == null ? null : parse(component, given.value());
    boolean nullable = component.getAnnotatedType().isAnnotationPresent(Nullable.class);
    boolean required = fallback == null && !nullable && !absentIsEmpty(shape);
    var elsewhere = component.getAnnotation(Elsewhere.class);
    return new Shape.Field(
        Wording.kebab(component.getName()),
        about(component),
        shape,
        fallback,
        required,
        nullable,
        elsewhere == null ? Set.of() : Set.of(elsewhere.value().split(" ")));
  }

  private Shape componentShape(RecordComponent component) {
    var shape = shapeOf(component);
    return shape instanceof Shape.Items items && component.isAnnotationPresent(SomeIfGiven.class)
        ? new Shape.Items(items.item(), items.unique(), items.orOne(), true)
        : shape;
  }

  private Shape shapeOf(RecordComponent component) {
    if (component.isAnnotationPresent(Bytes.class)) {
      return Forms.bytes(component.getType() == int.class || component.getType() == Integer.class);
    }
    if (component.isAnnotationPresent(OrOne.class)
        && component.getGenericType() instanceof ParameterizedType generic) {
      return ofGeneric(generic, true);
    }
    var shape = of(component.getGenericType());
    return shape instanceof Shape.Items items
            && plain(items.item())
            && !component.isAnnotationPresent(Alone.class)
        ? new Shape.Items(items.item(), items.unique(), true, items.some())
        : shape;
  }

  /// Whether it is written as one word: a list of one such needs no brackets, unless the list
  /// stands alone among words.
  private static boolean plain(Shape item) {
    return switch (item) {
      case Shape.Words _, Shape.Form _, Shape.Whole _, Shape.Decimal _, Shape.Text _ -> true;
      case Shape.Flag _,
          Shape.Items _,
          Shape.Entries _,
          Shape.Fields _,
          Shape.Choice _,
          Shape.Use _ ->
          false;
    };
  }

  /// Also a record all of whose components may be absent, so that a section may be left out.
  private static boolean absentIsEmpty(Shape shape) {
    return switch (shape) {
      case Shape.Items _, Shape.Entries _ -> true;
      case Shape.Fields fields -> fields.fields().stream().noneMatch(Shape.Field::required);
      case Shape.Words _,
          Shape.Form _,
          Shape.Whole _,
          Shape.Decimal _,
          Shape.Flag _,
          Shape.Text _,
          Shape.Choice _,
          Shape.Use _ ->
          false;
    };
  }

  private Shape choice(Class<?> type) {
    var words = new LinkedHashMap<String, Object>();
    var bare = new ArrayList<Shape.Fields>();
    var members = new LinkedHashMap<String, Shape.Fields>();
    for (var permitted : type.getPermittedSubclasses()) {
      if (!permitted.isRecord()) {
        throw unknown(permitted);
      }
      var fields = record(permitted.asSubclass(Record.class));
      var name = Wording.kebab(permitted.getSimpleName());
      if (fields.fields().isEmpty()) {
        words.put(name, Construction.make(fields.type(), new Object[0]));
      } else if (fields.alone() != null) {
        bare.add(fields);
      } else {
        members.put(name, fields);
      }
    }
    return new Shape.Choice(
        Collections.unmodifiableMap(words),
        List.copyOf(bare),
        Collections.unmodifiableMap(members));
  }

  private static String about(AnnotatedElement element) {
    var about = element.getAnnotation(About.class);
    return about == null ? "" : about.value();
  }

  private static Node parse(RecordComponent component, String text) {
    var parsed = TreeReader.parse(text, place(component), Limits.CONFIGURATION);
    if (parsed instanceof Parsed.Tree tree && tree.faults().isEmpty()) {
      return tree.root();
    }
    throw new IllegalArgumentException(parsed.faults().toString());
  }

  private static String place(RecordComponent component) {
    return component.getDeclaringRecord().getName() + "." + component.getName();
  }

  private static IllegalArgumentException unknown(Type type) {
    return new IllegalArgumentException(
        type.getTypeName()
            + ": cannot be written (expected: String, boolean, int, long, double, BigDecimal,"
            + " Duration, URI, Path, enum, record, sealed interface of records, PolicyUse, a type with"
            + " parse(String), or a List, Set or Map<String, ...> of these)");
  }
}
