package io.posthorn.codec;

import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * What a field may hold, with the element types of the JDK's collections, maps and optionals. A
 * peer can put any registered class anywhere; held against this, a {@code List<String>} that holds
 * a number is refused with its message, and does not throw later, in the middle of the application.
 */
final class DeclaredType {
  private final Class<?> raw;
  private final @Nullable DeclaredType element;
  private final @Nullable DeclaredType mapped;

  private DeclaredType(
      Class<?> raw, @Nullable DeclaredType element, @Nullable DeclaredType mapped) {
    this.raw = raw;
    this.element = element;
    this.mapped = mapped;
  }

  static DeclaredType of(Type type) {
    Class<?> raw = erasure(type);
    if (type instanceof ParameterizedType parameterized && raw.getName().startsWith("java.util.")) {
      Type[] arguments = parameterized.getActualTypeArguments();
      if (Map.class.isAssignableFrom(raw) && arguments.length == 2) {
        return new DeclaredType(raw, argument(arguments[0]), argument(arguments[1]));
      }
      boolean holder = Collection.class.isAssignableFrom(raw) || raw == Optional.class;
      if (holder && arguments.length == 1) {
        return new DeclaredType(raw, argument(arguments[0]), null);
      }
    }
    return new DeclaredType(raw, null, null);
  }

  /** The type of elements, or null where every object will do. */
  private static @Nullable DeclaredType argument(Type type) {
    Type bound = type instanceof WildcardType wildcard ? wildcard.getUpperBounds()[0] : type;
    DeclaredType declared = of(bound);
    return declared.raw == Object.class ? null : declared;
  }

  private static Class<?> erasure(Type type) {
    if (type instanceof Class<?> plain) {
      return plain;
    }
    if (type instanceof ParameterizedType parameterized) {
      return erasure(parameterized.getRawType());
    }
    if (type instanceof GenericArrayType array) {
      return erasure(array.getGenericComponentType()).arrayType();
    }
    if (type instanceof TypeVariable<?> variable) {
      return erasure(variable.getBounds()[0]);
    }
    if (type instanceof WildcardType wildcard) {
      return erasure(wildcard.getUpperBounds()[0]);
    }
    throw new IllegalArgumentException("a kind of type that Java 17 does not have: " + type);
  }

  boolean accepts(@Nullable Object value) {
    if (value == null) {
      return true;
    }
    if (!raw.isInstance(value)) {
      return false;
    }
    if (value instanceof Map<?, ?> map) {
      return acceptsEntries(map);
    }
    if (element == null) {
      return true;
    }
    if (value instanceof Optional<?> optional) {
      return element.accepts(optional.orElse(null));
    }
    return !(value instanceof Collection<?> collection) || acceptsElements(element, collection);
  }

  private boolean acceptsEntries(Map<?, ?> map) {
    if (map.isEmpty() || (element == null && mapped == null)) {
      return true;
    }
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      if ((element != null && !element.accepts(entry.getKey()))
          || (mapped != null && !mapped.accepts(entry.getValue()))) {
        return false;
      }
    }
    return true;
  }

  private static boolean acceptsElements(DeclaredType element, Collection<?> collection) {
    if (collection instanceof List<?> list && list instanceof RandomAccess) {
      for (int i = 0; i < list.size(); i++) { // by index: no iterator for each nested list
        if (!element.accepts(list.get(i))) {
          return false;
        }
      }
      return true;
    }
    for (Object each : collection) {
      if (!element.accepts(each)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return raw.getTypeName();
  }
}
