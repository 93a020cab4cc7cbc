package io.posthorn.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.IntFunction;
import java.util.function.IntToLongFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A map of any kind: its size, then each key and value with their classes. The size is held against
 * the bytes that remain before the map is made. Stateless.
 */
final class MapSerializer<M extends Map<?, ?>> extends Serializer<M> {
  /** A key and a value take at least the byte of their class each. */
  private static final int ENTRY_BYTES = 2;

  private final boolean hashed;
  private final IntToLongFunction costBytes;
  private final IntFunction<Map<@Nullable Object, @Nullable Object>> factory;
  private final UnaryOperator<Map<@Nullable Object, @Nullable Object>> finish;

  /**
   * A kind of map.
   *
   * @param hashed whether keys are told apart by hash code, otherwise by natural order
   * @param costBytes memory by the number of entries, without what they point to
   * @param factory makes an empty map with room for so many
   * @param finish what is handed over, made of the filled map
   */
  MapSerializer(
      boolean hashed,
      IntToLongFunction costBytes,
      IntFunction<Map<@Nullable Object, @Nullable Object>> factory,
      UnaryOperator<Map<@Nullable Object, @Nullable Object>> finish) {
    this.hashed = hashed;
    this.costBytes = costBytes;
    this.factory = factory;
    this.finish = finish;
  }

  @Override
  public void write(Kryo kryo, Output output, M value) {
    BoundedOutput out = BoundedOutput.of(output);
    if (value instanceof SortedMap<?, ?> sorted && sorted.comparator() != null) {
      throw new Refusal(
          new CodecException.NotEncodable(
              "a sorted map with a comparator: comparators are not sent, use the natural order"));
    }
    Meter meter = out.meter();
    meter.requireOutsideKey();
    int size = value.size();
    meter.charge(costOf(size));
    out.writeCollectionLength(size);
    int written = 0;
    for (Map.Entry<?, ?> entry : value.entrySet()) {
      enterKey(meter);
      out.writeNested(kryo, entry.getKey());
      leaveKey(meter);
      out.writeNested(kryo, entry.getValue());
      written++;
    }
    if (written != size) {
      throw new Refusal(
          new CodecException.NotEncodable("a map changed its size while it was encoded"));
    }
  }

  @Override
  @SuppressWarnings("unchecked") // the factory makes an M; what it holds is checked by the field
  public M read(Kryo kryo, Input input, Class<? extends M> type) {
    BoundedInput in = BoundedInput.of(input);
    Meter meter = in.meter();
    meter.requireOutsideKey();
    int size = in.readCollectionLength(ENTRY_BYTES);
    meter.charge(costOf(size));
    Map<@Nullable Object, @Nullable Object> filled = factory.apply(size);
    HashGuard guard = hashed ? HashGuard.watching(meter, size) : null;
    for (int i = 0; i < size; i++) {
      int from = in.position();
      enterKey(meter);
      Object key = in.readNested(kryo);
      leaveKey(meter);
      if (guard != null) {
        guard.add(key, in.position() - from);
      }
      filled.put(key, in.readNested(kryo));
      if (filled.size() != i + 1) {
        throw new Refusal(new CodecException.Malformed("a map that holds a key twice"));
      }
    }
    if (guard != null) {
      guard.check();
    }
    return (M) finish.apply(filled);
  }

  private long costOf(int size) {
    long bytes = costBytes.applyAsLong(size);
    return hashed ? bytes + HashGuard.costBytes(size) : bytes;
  }

  private void enterKey(Meter meter) {
    if (hashed) {
      meter.enterKey();
    } else {
      meter.enterOrder();
    }
  }

  private void leaveKey(Meter meter) {
    if (hashed) {
      meter.leaveKey();
    } else {
      meter.leaveOrder();
    }
  }
}
