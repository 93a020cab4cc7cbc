package io.posthorn.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.lang.reflect.Array;
import org.jspecify.annotations.Nullable;

/** An array of objects: its length, then each element with its class. Stateless. */
final class ObjectArraySerializer<E> extends Serializer<@Nullable E[]> {
  private final Class<E> component;

  ObjectArraySerializer(Class<E> component) {
    this.component = component;
  }

  @Override
  public void write(Kryo kryo, Output output, @Nullable E[] value) {
    BoundedOutput out = BoundedOutput.of(output);
    out.meter().charge(MemoryCost.array(value.length, MemoryCost.REFERENCE_BYTES));
    out.writeCollectionLength(value.length);
    for (E element : value) {
      out.writeNested(kryo, element);
    }
  }

  @Override
  @SuppressWarnings("unchecked") // an array of the component's class is an E[]
  public @Nullable E[] read(Kryo kryo, Input input, Class<? extends @Nullable E[]> type) {
    BoundedInput in = BoundedInput.of(input);
    int length = in.readCollectionLength(1);
    in.meter().charge(MemoryCost.array(length, MemoryCost.REFERENCE_BYTES));
    @Nullable E[] array = (@Nullable E[]) Array.newInstance(component, length);
    for (int i = 0; i < length; i++) {
      Object element = in.readNested(kryo);
      if (element != null && !component.isInstance(element)) {
        throw new Refusal(
            new CodecException.Malformed(
                "an element of class "
                    + element.getClass().getTypeName()
                    + " in an array of "
                    + component.getTypeName()));
      }
      array[i] = component.cast(element);
    }
    return array;
  }
}
