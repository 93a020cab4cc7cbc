package io.posthorn.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.util.Optional;

/** An {@link Optional}: its value with its class, or a null for none. Stateless. */
final class OptionalSerializer extends Serializer<Optional<?>> {
  private static final long COST_BYTES = MemoryCost.object(MemoryCost.REFERENCE_BYTES);

  @Override
  public void write(Kryo kryo, Output output, Optional<?> value) {
    BoundedOutput out = BoundedOutput.of(output);
    out.meter().charge(COST_BYTES);
    out.writeNested(kryo, value.orElse(null));
  }

  @Override
  public Optional<?> read(Kryo kryo, Input input, Class<? extends Optional<?>> type) {
    BoundedInput in = BoundedInput.of(input);
    in.meter().charge(COST_BYTES);
    return Optional.ofNullable(in.readNested(kryo));
  }
}
