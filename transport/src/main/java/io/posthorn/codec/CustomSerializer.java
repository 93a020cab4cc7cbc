package io.posthorn.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;

/** The serializer that a user gave, with the object charged and its class checked. */
final class CustomSerializer<T> extends Serializer<T> {
  private final Class<T> type;
  private final Serializer<T> given;
  private final long costBytes;

  CustomSerializer(Class<T> type, Serializer<T> given) {
    this.type = type;
    this.given = given;
    this.costBytes = MemoryCost.instance(type);
  }

  @Override
  public void write(Kryo kryo, Output output, T value) {
    BoundedOutput.of(output).meter().charge(costBytes);
    given.write(kryo, output, value);
  }

  @Override
  public T read(Kryo kryo, Input input, Class<? extends T> ignored) {
    BoundedInput.of(input).meter().charge(costBytes);
    T value = given.read(kryo, input, type);
    if (!type.isInstance(value)) {
      throw new Refusal(
          new CodecException.Malformed(
              given.getClass().getName() + " read no " + type.getTypeName() + " from the body"));
    }
    return value;
  }
}
