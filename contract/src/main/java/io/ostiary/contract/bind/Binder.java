package io.ostiary.contract.bind;

import io.ostiary.contract.tree.Fault;
import io.ostiary.contract.tree.Faults;
import io.ostiary.contract.tree.Mapping;
import io.ostiary.contract.tree.Node;
import io.ostiary.contract.tree.Position;
import io.ostiary.contract.tree.Spelling;
import io.ostiary.model.PolicyUse;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Binds the nodes of one document to records and collects every fault on the way: a value that
/// cannot be bound makes its record unbound, but its neighbours are still looked at. Used by one
/// thread.
public final class Binder {
  /// What does not know for what it stands where it is read.
  private static final List<String> NAMELESS = List.of("cidr: ", "to-port: ", "TLS version: ");

  private static final String EXPECTED = " (expected: ";

  private final Faults faults = new Faults();
  private final Kept kept;
  private final boolean placing;
  private List<PolicyUse> uses = new ArrayList<>();
  private List<Position> places = new ArrayList<>();

  /// What holds where nothing is written: the same for each of ten thousand routes.
  private final IdentityHashMap<Shape.Field, Object> usual = new IdentityHashMap<>();

  private final ReadForms forms = new ReadForms();

  public Binder() {
    this(Kept.NOTHING);
  }

  /// @param kept what need not be bound again
  public Binder(Kept kept) {
    this(kept, false);
  }

  private Binder(Kept kept, boolean placing) {
    this.kept = kept;
    this.placing = placing;
  }

  /// One that notes where each policy stands.
  public static Binder placing(Kept kept) {
    return new Binder(kept, true);
  }

  public List<Fault> faults() {
    return faults.sorted();
  }

  /// The policies that were bound, in this order. Those in what is kept are there.
  public List<PolicyUse> uses() {
    return uses;
  }

  /// Where each of them stands, if that is noted.
  public List<Position> places() {
    return places;
  }

  /// The record that a node stands for, or null where it has faults.
  ///
  /// @param name of the node, for messages
  public <T extends Record> @Nullable T bind(Shapes shapes, Class<T> type, Node node, String name) {
    return type.cast(bind(shapes.unchecked(type), node, name));
  }

  /// The same of one item of a list, with the policies in it; null: it has faults.
  public <T extends Record> Kept.@Nullable Bound item(Shapes shapes, Class<T> type, Node node) {
    uses = new ArrayList<>(0);
    var value = bind(shapes.unchecked(type), node, "item");
    return value == null ? null : Kept.Bound.of(value, uses);
  }

  /// Null: the node has faults, and they are noted.
  @Nullable Object bind(Shape shape, Node node, String name) {
    return switch (shape) {
      case Shape.Fields fields -> fields(fields, node, name);
      case Shape.Items items -> items(items, node, name);
      case Shape.Entries entries -> entries(entries, node, name);
      case Shape.Choice choice -> choice(choice, node, name);
      case Shape.Use use -> use(use, node, name);
      case Shape.Words words -> words(words, node, name);
      case Shape.Form form -> form(form, node, name);
      case Shape.Whole whole -> whole(whole, node, name);
      case Shape.Decimal decimal ->
          node instanceof Node.Numeral number ? decimal(decimal, number) : wrong(shape, node, name);
      case Shape.Flag _ ->
          node instanceof Node.Flag flag ? (Object) flag.value() : wrong(shape, node, name);
      case Shape.Text _ ->
          node instanceof Node.Text text ? text.text() : notText(shape, node, name);
    };
  }

  private @Nullable Object fields(Shape.Fields shape, Node node, String name) {
    var alone = shape.alone();
    if (alone != null && !(node instanceof Mapping)) {
      return alone(shape, alone, node, name);
    }
    if (!(node instanceof Mapping) && !(node instanceof Node.Null)) {
      return wrong(shape, node, name);
    }
    var mapping = node instanceof Mapping given ? given.opened() : Mapping.of(node.at(), List.of());
    long before = faults.count();
    var written = new @Nullable Node[shape.fields().size()];
    var meant = place(shape, mapping, written);
    var values = new @Nullable Object[written.length];
    for (int i = 0; i < values.length; i++) {
      var field = shape.fields().get(i);
      boolean misspelt = written[i] == null && !meant.isEmpty() && meant.contains(field.name());
      values[i] = misspelt ? null : field(field, written[i], mapping);
    }
    return faults.count() == before ? make(shape, values, mapping) : null;
  }

  /// Puts what is written where the shape has it, and notes the members that it does not have.
  ///
  /// @return what these may be meant to be
  private Set<String> place(Shape.Fields shape, Mapping mapping, @Nullable Node[] written) {
    Set<String> meant = Set.of();
    for (int i = 0; i < mapping.members().size(); i++) {
      var member = mapping.members().get(i);
      int at = shape.place(member.name());
      if (at >= 0) {
        written[at] = member.value();
      } else {
        var one = shape.meant(member.name());
        var hint = one.map(Spelling::question).orElse("");
        faults.add(unknown(member, shape.names(), hint, Within.hint(member.name(), shape)));
        meant = meant.isEmpty() ? new HashSet<>() : meant;
        one.ifPresent(meant::add);
      }
    }
    return meant;
  }

  private @Nullable Object field(Shape.Field field, @Nullable Node written, Mapping mapping) {
    if (written != null && !(written instanceof Node.Null)) {
      return bind(field.shape(), written, field.name());
    }
    return absent(field, written == null ? mapping : written);
  }

  private @Nullable Object absent(Shape.Field field, Node place) {
    var known = usual.get(field);
    if (known != null) {
      return known;
    }
    long before = faults.count();
    var value = fallback(field, place);
    if (value != null && faults.count() == before) {
      usual.put(field, value);
    }
    return value;
  }

  private @Nullable Object fallback(Shape.Field field, Node place) {
    if (field.fallback() != null) {
      return bind(field.shape(), field.fallback(), field.name());
    }
    if (field.required()) {
      faults.add(
          place.fault(
              "missing '" + field.name() + "' (expected: " + field.shape().expected() + ")"));
      return null;
    }
    if (field.nullable()) {
      return null;
    }
    return switch (field.shape()) {
      case Shape.Items items -> items.unique() ? Set.of() : List.of();
      case Shape.Entries _ -> Map.of();
      case Shape.Fields fields -> bind(fields, new Node.Null(place.at()), field.name());
      case Shape _ -> throw new IllegalStateException(field + " is required");
    };
  }

  private @Nullable Object alone(Shape.Fields shape, Shape.Field alone, Node node, String name) {
    long before = faults.count();
    var values = new @Nullable Object[shape.fields().size()];
    for (int i = 0; i < values.length; i++) {
      var field = shape.fields().get(i);
      values[i] =
          field.name().equals(alone.name()) ? bind(field.shape(), node, name) : absent(field, node);
    }
    return faults.count() == before ? make(shape, values, node) : null;
  }

  private @Nullable Object make(Shape.Fields shape, @Nullable Object[] values, Node node) {
    try {
      return Construction.make(shape.type(), values);
    } catch (IllegalArgumentException e) {
      faults.add(Blamed.node(node, e).fault(String.valueOf(e.getMessage())));
    } catch (RuntimeException e) {
      faults.add(node.fault("cannot be used: " + e));
    }
    return null;
  }

  private @Nullable Object items(Shape.Items shape, Node node, String name) {
    List<Node> nodes;
    if (node instanceof Node.Sequence sequence) {
      nodes = sequence.items();
    } else if (shape.orOne()) {
      nodes = List.of(node);
    } else {
      return wrong(shape, node, name);
    }
    if (nodes.isEmpty() && shape.some()) {
      faults.add(node.fault(name + ": [] (expected: at least one. Left out, it stands for all)"));
      return null;
    }
    if (nodes.size() == 1) {
      var only = item(shape.item(), nodes.getFirst(), name);
      return only == null ? null : forms.alone(shape, only);
    }
    long before = faults.count();
    Collection<Object> values = shape.unique() ? new LinkedHashSet<>() : new ArrayList<>();
    for (var item : nodes) {
      var value = item(shape.item(), item, name);
      if (value != null && !values.add(value)) {
        faults.add(item.fault(name + ": " + item.seen() + " is given twice"));
      }
    }
    if (faults.count() != before) {
      return null;
    }
    return shape.unique() ? Collections.unmodifiableSet((Set<?>) values) : List.copyOf(values);
  }

  private @Nullable Object item(Shape shape, Node item, String name) {
    if (!(shape instanceof Shape.Fields fields) || !kept.keeps(fields.type())) {
      return bind(shape, item, name);
    }
    var before = kept.get(fields.type(), item);
    if (before != null) {
      return before.value();
    }
    var outside = uses;
    var outsidePlaces = places;
    uses = new ArrayList<>(0);
    places = new ArrayList<>(0);
    var value = bind(shape, item, name);
    if (value == null || !kept.put(fields.type(), item, Kept.Bound.of(value, uses))) {
      outside.addAll(uses);
      outsidePlaces.addAll(places);
    }
    uses = outside;
    places = outsidePlaces;
    return value;
  }

  private @Nullable Object entries(Shape.Entries shape, Node node, String name) {
    if (!(node instanceof Mapping mapping)) {
      return wrong(shape, node, name);
    }
    if (mapping.members().size() == 1) {
      var only = mapping.members().getFirst();
      var value = bind(shape.value(), only.value(), only.name());
      return value == null ? null : Map.of(only.name(), value);
    }
    long before = faults.count();
    var values = new LinkedHashMap<String, Object>();
    for (var member : mapping.members()) {
      var value = bind(shape.value(), member.value(), member.name());
      if (value != null) {
        values.put(member.name(), value);
      }
    }
    return faults.count() == before ? Collections.unmodifiableMap(values) : null;
  }

  private @Nullable Object choice(Shape.Choice shape, Node node, String name) {
    if (node instanceof Mapping mapping && !shape.members().isEmpty()) {
      var member = only(shape, mapping, name);
      if (member == null) {
        return null;
      }
      var fields = shape.members().get(member.name());
      if (fields == null) {
        var names = shape.members().keySet();
        faults.add(unknown(member, names, Spelling.hint(member.name(), names), ""));
        return null;
      }
      return bind(fields, member.value(), member.name());
    }
    var word = node instanceof Node.Scalar scalar ? shape.words().get(scalar.text()) : null;
    if (word != null) {
      return word;
    }
    for (var bare : shape.bare()) {
      if (node instanceof Node.Sequence == (aloneShape(bare) instanceof Shape.Items)) {
        return bind(bare, node, name);
      }
    }
    return wrongWord(shape, shape.words().keySet(), node, name);
  }

  private static Shape aloneShape(Shape.Fields fields) {
    return Objects.requireNonNull(fields.alone()).shape();
  }

  private @Nullable Object use(Shape.Use shape, Node node, String name) {
    Position nameAt;
    String policy;
    Node settings;
    if (node instanceof Mapping mapping) {
      var member = only(shape, mapping, name);
      if (member == null) {
        return null;
      }
      policy = member.name();
      nameAt = member.nameAt();
      settings = member.value();
    } else if (node instanceof Node.Text text) {
      policy = text.text();
      nameAt = text.at();
      settings = new Node.Null(nameAt);
    } else {
      return wrong(shape, node, name);
    }
    var fields = shape.policies().get(policy);
    if (fields == null) {
      faults.add(nameAt.fault(unknownPolicy(policy, shape)));
      return null;
    }
    var bound = bind(fields, settings, policy);
    if (bound == null) {
      return null;
    }
    var use = new PolicyUse(policy, (Record) bound);
    uses.add(use);
    if (placing) {
      places.add(nameAt);
    }
    return use;
  }

  private static String unknownPolicy(String policy, Shape.Use shape) {
    var known = shape.policies().keySet();
    var hint = Spelling.hint(policy, known);
    return "unknown policy '"
        + policy
        + "'"
        + (hint.isEmpty() ? " (expected: " + Wording.oneOf(List.copyOf(known)) + ")" : hint);
  }

  /// The single member of an object that names a choice.
  private Mapping.@Nullable Member only(Shape shape, Mapping mapping, String name) {
    if (mapping.members().size() == 1) {
      return mapping.members().getFirst();
    }
    if (mapping.members().isEmpty()) {
      wrong(shape, mapping, name);
      return null;
    }
    var second = mapping.members().get(1);
    faults.add(
        second
            .nameAt()
            .fault(
                "'"
                    + second.name()
                    + "' beside '"
                    + mapping.members().getFirst().name()
                    + "' (expected: one per list item). Start it with '- ', or indent it further"
                    + " if it is a setting"));
    return null;
  }

  private @Nullable Object words(Shape.Words shape, Node node, String name) {
    var word = node instanceof Node.Scalar scalar ? shape.values().get(scalar.text()) : null;
    return word != null ? word : wrongWord(shape, shape.values().keySet(), node, name);
  }

  private @Nullable Object form(Shape.Form shape, Node node, String name) {
    boolean number = shape.numeric() && node instanceof Node.Numeral;
    if (!number && !(node instanceof Node.Text)) {
      return wrong(shape, node, name);
    }
    var text = ((Node.Scalar) node).text();
    var known = forms.get(shape, text);
    if (known != null) {
      return known;
    }
    try {
      var value = shape.read().apply(text);
      if (value instanceof Path path) {
        return beside(node, path);
      }
      forms.put(shape, text, value);
      return value;
    } catch (IllegalArgumentException | ArithmeticException e) {
      if (!shape.ownWords()) {
        return wrong(shape, node, name);
      }
      var message = String.valueOf(e.getMessage());
      int expected = message.indexOf(EXPECTED);
      boolean nameless = expected > 0 && NAMELESS.stream().anyMatch(message::startsWith);
      faults.add(
          node.fault(nameless ? name + ": " + node.seen() + message.substring(expected) : message));
      return null;
    }
  }

  private static Path beside(Node node, Path path) {
    return Path.of(node.at().source().name()).toAbsolutePath().resolveSibling(path).normalize();
  }

  private @Nullable Object whole(Shape.Whole shape, Node node, String name) {
    if (!(node instanceof Node.Numeral number)
        || !(number.value() instanceof Long value)
        || value < shape.min()
        || value > shape.max()) {
      return wrong(shape, node, name);
    }
    if (shape.max() == Integer.MAX_VALUE) {
      return value.intValue();
    }
    return value;
  }

  private static Object decimal(Shape.Decimal shape, Node.Numeral number) {
    if (!shape.exact()) {
      return number.value().doubleValue();
    }
    return switch (number.value()) {
      case BigDecimal exact -> exact;
      case BigInteger whole -> new BigDecimal(whole);
      case Number small -> BigDecimal.valueOf(small.longValue());
    };
  }

  private @Nullable Object wrong(Shape shape, Node node, String name) {
    faults.add(node.fault(name + ": " + node.seen() + " (expected: " + shape.expected() + ")"));
    return null;
  }

  private @Nullable Object notText(Shape shape, Node node, String name) {
    var quote = node instanceof Node.Numeral || node instanceof Node.Flag;
    var repair = quote ? ". Put it in quotes: \"" + ((Node.Scalar) node).text() + "\"" : "";
    faults.add(
        node.fault(name + ": " + node.seen() + " (expected: " + shape.expected() + ")" + repair));
    return null;
  }

  private @Nullable Object wrongWord(
      Shape shape, Collection<String> known, Node node, String name) {
    var hint = node instanceof Node.Text text ? Spelling.hint(text.text(), known) : "";
    faults.add(
        node.fault(name + ": " + node.seen() + " (expected: " + shape.expected() + ")" + hint));
    return null;
  }

  /// @param hint what may be meant, or empty
  /// @param within where else it may belong, or empty
  private static Fault unknown(
      Mapping.Member member, Collection<String> known, String hint, String within) {
    var list = known.isEmpty() ? "nothing" : Wording.oneOf(List.copyOf(known));
    return member
        .nameAt()
        .fault(
            "unknown setting '"
                + member.name()
                + "'"
                + (hint.isEmpty() ? " (expected: " + list + ")" + within : hint));
  }
}
