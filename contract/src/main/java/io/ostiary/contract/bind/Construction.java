package io.ostiary.contract.bind;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Calls a record's canonical constructor, which is where records check themselves. Shared.
final class Construction {
  /// A call by reflection takes the JVM through native code, which is soon ready and slow. Where
  /// there are so many of one kind that a method handle has paid for itself, there is one.
  private static final int MANY = 1_000;

  private static final MethodType SPREAD = MethodType.methodType(Object.class, Object[].class);

  /// To find it takes twenty times as long as to call it, and a configuration has many rules of few
  /// kinds.
  private static final ClassValue<Construction> CANONICAL =
      new ClassValue<>() {
        @Override
        protected Construction computeValue(Class<?> type) {
          return new Construction(canonical(type));
        }
      };

  private final Constructor<?> constructor;

  // Two threads may both count or make it, which does no harm.
  private int calls;
  private volatile @Nullable MethodHandle handle;

  private Construction(Constructor<?> constructor) {
    this.constructor = constructor;
  }

  /// @throws RuntimeException what the constructor throws
  static Object make(Class<? extends Record> type, @Nullable Object[] components) {
    return CANONICAL.get(type).call(components);
  }

  private Object call(@Nullable Object[] components) {
    var known = handle;
    try {
      if (known != null) {
        return (Object) known.invokeExact(components);
      }
      if (++calls > MANY) {
        handle =
            MethodHandles.lookup()
                .unreflectConstructor(constructor)
                .asSpreader(Object[].class, components.length)
                .asType(SPREAD);
      }
      return constructor.newInstance(components);
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : failed(e.getCause());
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  private IllegalStateException failed(@Nullable Throwable cause) {
    return new IllegalStateException(
        constructor.getDeclaringClass().getName() + " cannot be made", cause);
  }

  private static Constructor<?> canonical(Class<?> type) {
    var types =
        Arrays.stream(type.getRecordComponents())
            .map(RecordComponent::getType)
            .toArray(Class<?>[]::new);
    try {
      var constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor;
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException(type.getName() + " has no canonical constructor", e);
    }
  }
}
