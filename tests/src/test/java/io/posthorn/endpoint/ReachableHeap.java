package io.posthorn.endpoint;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of heap that an object keeps alive: its own fields, arrays to the byte, the JDK's
 * collections by their elements. What else is the JDK's counts as one small object. It sees all
 * that grows, whichever table it is in, without being told of any.
 */
public final class ReachableHeap {
  private static final int OBJECT_BYTES = 16;
  private static final int FIELD_BYTES = 8;
  private static final int ENTRY_BYTES = 48;
  private static final int OTHER_BYTES = 64;

  private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
  private final ArrayDeque<Object> open = new ArrayDeque<>();
  private long bytes;

  private ReachableHeap() {}

  /** Looks at all that can be reached from an object. */
  public static ReachableHeap from(Object root) {
    ReachableHeap heap = new ReachableHeap();
    heap.reach(root);
    while (!heap.open.isEmpty()) {
      heap.look(heap.open.pop());
    }
    return heap;
  }

  /** The sum. */
  public long bytes() {
    return bytes;
  }

  /** The one object of a class among them. */
  <T> T only(Class<T> type) {
    List<T> found = seen.stream().filter(type::isInstance).map(type::cast).toList();
    if (found.size() != 1) {
      throw new AssertionError(found.size() + " of " + type);
    }
    return found.get(0);
  }

  private void reach(@Nullable Object object) {
    if (object != null && seen.add(object)) {
      open.push(object);
    }
  }

  private void look(Object object) {
    Class<?> type = object.getClass();
    if (type.isArray()) {
      lookAtArray(object, type.getComponentType());
    } else if (object instanceof Map<?, ?> map) {
      bytes += OTHER_BYTES + (long) ENTRY_BYTES * map.size();
      map.keySet().forEach(this::reach);
      map.values().forEach(this::reach);
    } else if (object instanceof Collection<?> collection) {
      bytes += OTHER_BYTES + (long) ENTRY_BYTES * collection.size();
      collection.forEach(this::reach);
    } else if (object instanceof ByteBuffer buffer) {
      bytes += OTHER_BYTES + buffer.capacity();
    } else if (object instanceof CharSequence text) {
      bytes += OTHER_BYTES + 2L * text.length();
    } else if (type.getName().startsWith("io.posthorn.") && !type.isEnum()) {
      bytes += OBJECT_BYTES;
      for (Class<?> each = type; each != Object.class; each = each.getSuperclass()) {
        lookAtFields(object, each);
      }
    } else {
      bytes += OTHER_BYTES;
    }
  }

  private void lookAtArray(Object array, Class<?> component) {
    int length = Array.getLength(array);
    bytes += OBJECT_BYTES + (long) length * elementBytes(component);
    if (array instanceof Object[] elements) {
      for (Object element : elements) {
        reach(element);
      }
    }
  }

  private static int elementBytes(Class<?> component) {
    if (component == byte.class || component == boolean.class) {
      return Byte.BYTES;
    }
    if (component == short.class || component == char.class) {
      return Short.BYTES;
    }
    return component == int.class || component == float.class ? Integer.BYTES : Long.BYTES;
  }

  private void lookAtFields(Object object, Class<?> declaring) {
    for (Field field : declaring.getDeclaredFields()) {
      if (Modifier.isStatic(field.getModifiers())) {
        continue;
      }
      bytes += FIELD_BYTES;
      if (!field.getType().isPrimitive()) {
        try {
          field.setAccessible(true);
          reach(field.get(object));
        } catch (IllegalAccessException e) {
          throw new AssertionError(e);
        }
      }
    }
  }
}
