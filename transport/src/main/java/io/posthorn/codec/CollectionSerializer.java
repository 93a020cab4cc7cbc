package io.posthorn.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.util.Collection;
import java.util.SortedSet;
import java.util.function.IntFunction;
import java.util.function.IntToLongFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A collection of any kind: its length, then each element with its class. The length is held
 * against the bytes that remain before the collection is made. Stateless.
 */
final class CollectionSerializer<C extends Collection<?>> extends Serializer<C> {
  /** How elements are told apart. */
  enum Kind {
    /** Not at all. */
    LIST,
    /** By hash code and equality. */
    HASH_SET,
    /** By natural order. */
    SORTED_SET
  }

  private final Kind kind;
  private final IntToLongFunction costBytes;
  private final IntFunction<Collection<@Nullable Object>> factory;
  private final UnaryOperator<Collection<@Nullable Object>> finish;

  /**
   * A kind of collection.
   *
   * @param costBytes memory by the number of elements, without what they point to
   * @param factory makes an empty collection with room for so many
   * @param finish what is handed over, made of the filled collection
   */
  CollectionSerializer(
      Kind kind,
      IntToLongFunction costBytes,
      IntFunction<Collection<@Nullable Object>> factory,
      UnaryOperator<Collection<@Nullable Object>> finish) {
    this.kind = kind;
    this.costBytes = costBytes;
    this.factory = factory;
    this.finish = finish;
  }

  @Override
  public void write(Kryo kryo, Output output, C value) {
    BoundedOutput out = BoundedOutput.of(output);
    if (value instanceof SortedSet<?> sorted && sorted.comparator() != null) {
      throw new Refusal(
          new CodecException.NotEncodable(
              "a sorted set with a comparator: comparators are not sent, use the natural order"));
    }
    int length = value.size();
    out.meter().charge(costOf(length));
    out.writeCollectionLength(length);
    enter(out.meter());
    int written = 0;
    for (Object element : value) {
      out.writeNested(kryo, element);
      written++;
    }
    leave(out.meter());
    if (written != length) {
      throw new Refusal(
          new CodecException.NotEncodable("a collection changed its size while it was encoded"));
    }
  }

  @Override
  @SuppressWarnings("unchecked") // the factory makes a C; what it holds is checked by the field
  public C read(Kryo kryo, Input input, Class<? extends C> type) {
    BoundedInput in = BoundedInput.of(input);
    int length = in.readCollectionLength(1);
    in.meter().charge(costOf(length));
    Collection<@Nullable Object> filled = factory.apply(length);
    HashGuard guard = kind == Kind.HASH_SET ? HashGuard.watching(in.meter(), length) : null;
    enter(in.meter());
    for (int i = 0; i < length; i++) {
      int from = in.position();
      Object element = in.readNested(kryo);
      if (guard != null) {
        guard.add(element, in.position() - from);
      }
      if (!filled.add(element)) {
        throw new Refusal(new CodecException.Malformed("a set that holds an element twice"));
      }
    }
    leave(in.meter());
    if (guard != null) {
      guard.check();
    }
    return (C) finish.apply(filled);
  }

  private long costOf(int length) {
    long bytes = costBytes.applyAsLong(length);
    return kind == Kind.HASH_SET ? bytes + HashGuard.costBytes(length) : bytes;
  }

  private void enter(Meter meter) {
    if (kind != Kind.LIST) {
      meter.requireOutsideKey();
    }
    if (kind == Kind.HASH_SET) {
      meter.enterKey();
    } else if (kind == Kind.SORTED_SET) {
      meter.enterOrder();
    }
  }

  private void leave(Meter meter) {
    if (kind == Kind.HASH_SET) {
      meter.leaveKey();
    } else if (kind == Kind.SORTED_SET) {
      meter.leaveOrder();
    }
  }
}
