package io.posthorn.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;

/**
 * An enum constant by its ordinal; the names and their order are part of the registrations, which
 * both sides compare. Stateless.
 */
final class EnumSerializer<E> extends Serializer<E> {
  private final Class<E> type;
  private final E[] constants;

  EnumSerializer(Class<E> type) {
    super(false, true);
    this.type = type;
    this.constants = type.getEnumConstants();
  }

  @Override
  public void write(Kryo kryo, Output output, E value) {
    output.writeVarInt(((Enum<?>) value).ordinal(), true);
  }

  @Override
  public E read(Kryo kryo, Input input, Class<? extends E> ignored) {
    int ordinal = input.readVarInt(true);
    if (ordinal < 0 || ordinal >= constants.length) {
      throw new Refusal(
          new CodecException.Malformed(
              "constant "
                  + Integer.toUnsignedString(ordinal)
                  + " of "
                  + type.getTypeName()
                  + ", which has "
                  + constants.length));
    }
    return constants[ordinal];
  }

  /** The constants' names in order, as they stand in the registrations. */
  String shape() {
    StringBuilder text = new StringBuilder("enum(");
    for (E constant : constants) {
      text.append(text.length() == 5 ? "" : ", ").append(((Enum<?>) constant).name());
    }
    return text.append(')').toString();
  }
}
