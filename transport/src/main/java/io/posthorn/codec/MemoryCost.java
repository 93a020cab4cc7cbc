package io.posthorn.codec;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;

/**
 * How many bytes objects take on a 64-bit HotSpot JVM with compressed pointers: header 12, array
 * header 16, reference 4, all rounded up to 8. Heaps of 32 GiB and more have references of 8 bytes,
 * so there these figures are low by up to a factor of two.
 */
final class MemoryCost {
  static final int REFERENCE_BYTES = 4;

  private static final int HEADER_BYTES = 12;
  private static final int ARRAY_HEADER_BYTES = 16;
  private static final long HASH_MAP_BYTES = 48;
  private static final int HASH_NODE_BYTES = 32;
  private static final int LINKED_NODE_BYTES = 40;

  /** A view of the entries and its iterator, made when the element types are checked. */
  private static final int ITERATION_BYTES = 64;

  private MemoryCost() {}

  static long object(long fieldBytes) {
    return aligned(HEADER_BYTES + fieldBytes);
  }

  static long array(long length, int elementBytes) {
    return aligned(ARRAY_HEADER_BYTES + length * elementBytes);
  }

  /** A string of Latin-1 characters: the object and one byte a character. */
  static long latin1(long chars) {
    return object(12) + array(chars, 1);
  }

  /**
   * A string with other characters: two bytes each, and one more each for the attempt at Latin-1
   * that the JDK makes first.
   */
  static long utf16(long chars) {
    return object(12) + array(chars, 2) + array(chars, 1);
  }

  /** A hash table of the JDK, presized for its entries, with the iteration that checks them. */
  static long hashTable(int entries, boolean linked) {
    if (entries == 0) {
      return HASH_MAP_BYTES + (linked ? 8 : 0);
    }
    return HASH_MAP_BYTES
        + (linked ? 8 : 0)
        + array(tableSlots(entries), REFERENCE_BYTES)
        + (long) entries * (linked ? LINKED_NODE_BYTES : HASH_NODE_BYTES)
        + ITERATION_BYTES;
  }

  /** Entries of a red-black tree of the JDK. */
  static long tree(int entries) {
    return HASH_MAP_BYTES + entries * object(28) + ITERATION_BYTES;
  }

  /** Slots that {@code HashMap} takes when it is given {@link #capacityFor} the entries. */
  static int tableSlots(int entries) {
    int capacity = capacityFor(entries);
    return capacity <= 1 ? 1 : Integer.highestOneBit(capacity - 1) << 1;
  }

  /** The initial capacity with which a hash table never grows (its load factor is 3/4). */
  static int capacityFor(int entries) {
    return (int) Math.min(1 << 30, entries * 4L / 3 + 1);
  }

  /** An instance of a class, with all its fields but nothing that they point to. */
  static long instance(Class<?> type) {
    long fieldBytes = 0;
    for (Class<?> at = type; at != null; at = at.getSuperclass()) {
      for (Field field : at.getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers())) {
          fieldBytes += widthBytes(field.getType());
        }
      }
    }
    return object(fieldBytes);
  }

  /** The object around a primitive, when one is made. */
  static long box(Class<?> primitive) {
    return object(widthBytes(primitive));
  }

  private static int widthBytes(Class<?> type) {
    if (type == long.class || type == double.class) {
      return 8;
    }
    if (type == boolean.class || type == byte.class) {
      return 1;
    }
    if (type == short.class || type == char.class) {
      return 2;
    }
    return 4;
  }

  private static long aligned(long bytes) {
    return (bytes + 7) & ~7L;
  }
}
