package io.posthorn.codec;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.function.IntToLongFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's collections and maps with what each costs. Unmodifiable ones have no class that can be
 * named, so all of a kind share one id and come back as {@code Collections.unmodifiable…}.
 */
final class StandardCollections {
  private static final long ITERATOR_BYTES = 40;
  private static final long WRAPPER_BYTES = 24;
  private static final int UNMODIFIABLE_LIST = 90;
  private static final int UNMODIFIABLE_SET = 91;
  private static final int UNMODIFIABLE_MAP = 92;

  private StandardCollections() {}

  static void addTo(SerializerAdder adder) {
    collections(adder);
    maps(adder);
  }

  /** The id for a class of the JDK that stands for others of its kind, or -1. */
  static int idOfUnnamed(Class<?> type) {
    String name = type.getName();
    boolean unmodifiable =
        name.startsWith("java.util.ImmutableCollections$")
            || name.startsWith("java.util.Collections$Unmodifiable")
            || name.startsWith("java.util.Collections$Empty")
            || name.startsWith("java.util.Collections$Singleton");
    boolean sorted =
        SortedSet.class.isAssignableFrom(type) || SortedMap.class.isAssignableFrom(type);
    if (!unmodifiable || sorted) {
      return -1;
    }
    if (List.class.isAssignableFrom(type)) {
      return UNMODIFIABLE_LIST;
    }
    if (Set.class.isAssignableFrom(type)) {
      return UNMODIFIABLE_SET;
    }
    return Map.class.isAssignableFrom(type) ? UNMODIFIABLE_MAP : -1;
  }

  private static void collections(SerializerAdder adder) {
    IntToLongFunction listBytes = n -> MemoryCost.object(12) + slots(n);
    collection(
        adder, 80, ArrayList.class, CollectionSerializer.Kind.LIST, listBytes, ArrayList::new);
    collection(
        adder,
        82,
        ArrayDeque.class,
        CollectionSerializer.Kind.LIST,
        n -> MemoryCost.object(12) + slots(n + 2) + ITERATOR_BYTES,
        ArrayDeque::new);
    collection(
        adder,
        83,
        HashSet.class,
        CollectionSerializer.Kind.HASH_SET,
        n -> MemoryCost.object(4) + MemoryCost.hashTable(n, false),
        n -> new HashSet<>(MemoryCost.capacityFor(n)));
    collection(
        adder,
        84,
        LinkedHashSet.class,
        CollectionSerializer.Kind.HASH_SET,
        n -> MemoryCost.object(4) + MemoryCost.hashTable(n, true),
        n -> new LinkedHashSet<>(MemoryCost.capacityFor(n)));
    collection(
        adder,
        85,
        TreeSet.class,
        CollectionSerializer.Kind.SORTED_SET,
        n -> MemoryCost.object(4) + MemoryCost.tree(n),
        n -> new TreeSet<>());
    // the JDK's list over an array keeps nulls, allows set() and has a fixed size
    IntFunction<Collection<@Nullable Object>> toFill = ArrayList::new;
    collection(
        adder,
        89,
        Arrays.asList().getClass(),
        CollectionSerializer.Kind.LIST,
        n ->
            listBytes.applyAsLong(n)
                + MemoryCost.array(n, MemoryCost.REFERENCE_BYTES)
                + WRAPPER_BYTES,
        toFill,
        c -> Arrays.asList(c.toArray()));
    collection(
        adder,
        UNMODIFIABLE_LIST,
        Collections.unmodifiableList(new ArrayList<>()).getClass(),
        CollectionSerializer.Kind.LIST,
        n -> listBytes.applyAsLong(n) + WRAPPER_BYTES,
        toFill,
        c -> Collections.unmodifiableList((List<@Nullable Object>) c));
    collection(
        adder,
        UNMODIFIABLE_SET,
        Collections.unmodifiableSet(new HashSet<>()).getClass(),
        CollectionSerializer.Kind.HASH_SET,
        n -> MemoryCost.object(4) + MemoryCost.hashTable(n, true) + WRAPPER_BYTES,
        n -> new LinkedHashSet<>(MemoryCost.capacityFor(n)),
        c -> Collections.unmodifiableSet((Set<@Nullable Object>) c));
  }

  private static long slots(int elements) {
    return elements == 0 ? 0 : MemoryCost.array(elements, MemoryCost.REFERENCE_BYTES);
  }

  private static void collection(
      SerializerAdder adder,
      int id,
      Class<?> type,
      CollectionSerializer.Kind kind,
      IntToLongFunction costBytes,
      IntFunction<Collection<@Nullable Object>> factory) {
    collection(adder, id, type, kind, costBytes, factory, c -> c);
  }

  private static void collection(
      SerializerAdder adder,
      int id,
      Class<?> type,
      CollectionSerializer.Kind kind,
      IntToLongFunction costBytes,
      IntFunction<Collection<@Nullable Object>> factory,
      UnaryOperator<Collection<@Nullable Object>> finish) {
    adder.add(id, type, new CollectionSerializer<Collection<?>>(kind, costBytes, factory, finish));
  }

  private static void maps(SerializerAdder adder) {
    map(
        adder,
        86,
        HashMap.class,
        true,
        n -> MemoryCost.hashTable(n, false),
        n -> new HashMap<>(MemoryCost.capacityFor(n)),
        m -> m);
    map(
        adder,
        87,
        LinkedHashMap.class,
        true,
        n -> MemoryCost.hashTable(n, true),
        n -> new LinkedHashMap<>(MemoryCost.capacityFor(n)),
        m -> m);
    map(adder, 88, TreeMap.class, false, MemoryCost::tree, n -> new TreeMap<>(), m -> m);
    map(
        adder,
        UNMODIFIABLE_MAP,
        Collections.unmodifiableMap(new HashMap<>()).getClass(),
        true,
        // its entry set wraps each entry anew when it is walked
        n -> MemoryCost.hashTable(n, true) + 2 * WRAPPER_BYTES + n * WRAPPER_BYTES,
        n -> new LinkedHashMap<>(MemoryCost.capacityFor(n)),
        Collections::unmodifiableMap);
  }

  private static void map(
      SerializerAdder adder,
      int id,
      Class<?> type,
      boolean hashed,
      IntToLongFunction costBytes,
      IntFunction<Map<@Nullable Object, @Nullable Object>> factory,
      UnaryOperator<Map<@Nullable Object, @Nullable Object>> finish) {
    adder.add(id, type, new MapSerializer<Map<?, ?>>(hashed, costBytes, factory, finish));
  }
}
