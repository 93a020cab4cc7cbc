package io.posthorn.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A class with fields: made through its constructor without arguments, then each field is set,
 * those of the superclass first and by name within a class. Static and transient fields are left
 * alone. Fields are set by reflection, which checks types; Kryo's own serializer for this writes
 * memory directly and believes the body. Stateless.
 */
final class BeanSerializer<T> extends Serializer<T> {
  private final Class<T> type;
  private final Constructor<T> constructor;
  private final Field[] fields;
  private final Member[] members;
  private final long costBytes;

  BeanSerializer(Class<T> type) {
    this.type = type;
    this.constructor = constructorOf(type);
    this.fields = fieldsOf(type).toArray(Field[]::new);
    this.members = new Member[fields.length];
    for (int i = 0; i < fields.length; i++) {
      Field field = fields[i];
      members[i] =
          new Member(
              field.getDeclaringClass().getTypeName(),
              field.getName(),
              field.getType(),
              field.getGenericType());
    }
    this.costBytes = MemoryCost.instance(type);
  }

  private static <T> Constructor<T> constructorOf(Class<T> type) {
    try {
      return RecordSerializer.accessible(type, type.getDeclaredConstructor());
    } catch (NoSuchMethodException e) {
      throw new IllegalArgumentException(
          type.getTypeName()
              + " has no constructor without arguments: add one (it may be private), make it a"
              + " record, or register it with a serializer of your own",
          e);
    }
  }

  private static List<Field> fieldsOf(Class<?> type) {
    Deque<Class<?>> lineage = new ArrayDeque<>();
    for (Class<?> at = type; at != null; at = at.getSuperclass()) {
      lineage.push(at);
    }
    List<Field> found = new ArrayList<>();
    for (Class<?> at : lineage) {
      Field[] declared = at.getDeclaredFields();
      Arrays.sort(declared, Comparator.comparing(Field::getName));
      for (Field field : declared) {
        int modifiers = field.getModifiers();
        if (Modifier.isStatic(modifiers) || Modifier.isTransient(modifiers)) {
          continue;
        }
        refuseUnfit(type, field);
        found.add(RecordSerializer.accessible(type, field));
      }
    }
    return found;
  }

  private static void refuseUnfit(Class<?> type, Field field) {
    if (field.getDeclaringClass().getClassLoader() == null) {
      throw new IllegalArgumentException(
          type.getTypeName()
              + " inherits fields of "
              + field.getDeclaringClass().getTypeName()
              + ", which are private to the JDK: register it with a serializer of your own");
    }
    if (Modifier.isFinal(field.getModifiers())) {
      throw new IllegalArgumentException(
          "field "
              + field.getName()
              + " of "
              + field.getDeclaringClass().getTypeName()
              + " is final and cannot be set after construction: make the class a record, make the"
              + " field non-final or transient, or register the class with a serializer of your own");
    }
  }

  @Override
  public void write(Kryo kryo, Output output, T value) {
    BoundedOutput out = BoundedOutput.of(output);
    out.meter().charge(costBytes);
    try {
      for (int i = 0; i < fields.length; i++) {
        writeField(kryo, out, fields[i], members[i], value);
      }
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("the fields of " + type + " were made accessible", e);
    }
  }

  private static void writeField(
      Kryo kryo, BoundedOutput out, Field field, Member member, Object value)
      throws IllegalAccessException {
    switch (member.form()) {
      case BOOLEAN -> out.writeBoolean(field.getBoolean(value));
      case BYTE -> out.writeByte(field.getByte(value));
      case CHAR -> out.writeChar(field.getChar(value));
      case SHORT -> out.writeShort(field.getShort(value));
      case INT -> out.writeVarInt(field.getInt(value), false);
      case LONG -> out.writeVarLong(field.getLong(value), false);
      case FLOAT -> out.writeFloat(field.getFloat(value));
      case DOUBLE -> out.writeDouble(field.getDouble(value));
      case STRING, OBJECT -> member.writeReference(kryo, out, field.get(value));
    }
  }

  @Override
  public T read(Kryo kryo, Input input, Class<? extends T> ignored) {
    BoundedInput in = BoundedInput.of(input);
    in.meter().charge(costBytes);
    try {
      T value = constructor.newInstance();
      for (int i = 0; i < fields.length; i++) {
        readField(kryo, in, fields[i], members[i], value);
      }
      return value;
    } catch (InstantiationException | IllegalAccessException e) {
      throw new IllegalStateException(constructor + " was made accessible", e);
    } catch (InvocationTargetException e) {
      RecordSerializer.rethrowError(e);
      throw new Refusal(
          new CodecException.Malformed(
              "the constructor of " + type.getTypeName() + " failed", e.getCause()));
    }
  }

  private static void readField(
      Kryo kryo, BoundedInput in, Field field, Member member, Object value)
      throws IllegalAccessException {
    switch (member.form()) {
      case BOOLEAN -> field.setBoolean(value, in.readBoolean());
      case BYTE -> field.setByte(value, in.readByte());
      case CHAR -> field.setChar(value, in.readChar());
      case SHORT -> field.setShort(value, in.readShort());
      case INT -> field.setInt(value, in.readVarInt(false));
      case LONG -> field.setLong(value, in.readVarLong(false));
      case FLOAT -> field.setFloat(value, in.readFloat());
      case DOUBLE -> field.setDouble(value, in.readDouble());
      case STRING, OBJECT -> field.set(value, member.readReference(kryo, in));
    }
  }

  /** The fields in order, as they stand in the registrations. */
  String shape() {
    return Arrays.stream(members)
        .map(Member::toString)
        .collect(Collectors.joining(", ", "bean(", ")"));
  }
}
