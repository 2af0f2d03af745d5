package io.ostiary.contract.bind;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/// Looks at all of a shape, so that what its programmer got wrong is found before it is used. Uses
/// of policies are looked at by themselves.
final class ShapeCheck {
  private final Deque<Class<?>> open = new ArrayDeque<>();
  private final Set<Class<?>> seen = new HashSet<>();

  /// @throws IllegalArgumentException where it cannot be written
  void check(Shape shape) {
    switch (shape) {
      case Shape.Fields fields -> fields(fields);
      case Shape.Items items -> check(items.item());
      case Shape.Entries entries -> check(entries.value());
      case Shape.Choice choice -> {
        choice.bare().forEach(this::fields);
        choice.members().values().forEach(this::fields);
      }
      case Shape.Use _,
          Shape.Words _,
          Shape.Form _,
          Shape.Whole _,
          Shape.Decimal _,
          Shape.Flag _,
          Shape.Text _ -> {}
    }
  }

  private void fields(Shape.Fields shape) {
    if (open.contains(shape.type())) {
      throw new IllegalArgumentException(
          shape.type() + ": contains itself (expected: a finite shape)");
    }
    if (!seen.add(shape.type())) {
      return;
    }
    open.push(shape.type());
    for (var field : shape.fields()) {
      check(field.shape());
      fallback(field);
    }
    open.pop();
  }

  private static void fallback(Shape.Field field) {
    if (field.fallback() == null) {
      return;
    }
    var binding = new Binder();
    binding.bind(field.shape(), field.fallback(), field.name());
    if (!binding.faults().isEmpty()) {
      throw new IllegalArgumentException("@Default of " + binding.faults());
    }
  }
}
