package io.posthorn.codec;

import com.esotericsoftware.kryo.KryoSerializable;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.serializers.ImmutableSerializer;
import java.lang.invoke.MethodType;
import java.lang.reflect.Modifier;
import java.util.Collection;
import java.util.Map;

/**
 * A class under its id.
 *
 * @param id what stands for the class on the wire
 * @param type the class
 * @param serializer stateless, or by its user's word safe for many threads
 * @param shape what is written of an object, for comparison with the other side
 */
record RegisteredClass(int id, Class<?> type, Serializer<?> serializer, String shape) {

  /** A class whose serializer follows from what it is. */
  static RegisteredClass of(int id, Class<?> type) {
    refuseWithoutInstances(type);
    if (type.isArray()) {
      refusePrimitiveArray(type);
      return new RegisteredClass(
          id, type, new ObjectArraySerializer<>(type.getComponentType()), "array");
    }
    if (type.isEnum()) {
      EnumSerializer<?> serializer = new EnumSerializer<>(type);
      return new RegisteredClass(id, type, serializer, serializer.shape());
    }
    if (type.isRecord()) {
      RecordSerializer<?> serializer = new RecordSerializer<>(type);
      return new RegisteredClass(id, type, serializer, serializer.shape());
    }
    refuseFieldByField(type);
    BeanSerializer<?> serializer = new BeanSerializer<>(type);
    return new RegisteredClass(id, type, serializer, serializer.shape());
  }

  /** A class with a serializer of its user. */
  static <T> RegisteredClass of(int id, Class<T> type, Serializer<T> serializer) {
    refuseWithoutInstances(type);
    refuseKryosOwn(type, serializer);
    return new RegisteredClass(
        id,
        type,
        new CustomSerializer<>(type, serializer),
        "serializer(" + serializer.getClass().getName() + ")");
  }

  /** The class of the objects: that of the box where the class is primitive. */
  Class<?> boxedType() {
    return MethodType.methodType(type).wrap().returnType();
  }

  private static void refuseWithoutInstances(Class<?> type) {
    boolean isAbstract = Modifier.isAbstract(type.getModifiers()) && !type.isArray();
    if (type.isPrimitive() || (isAbstract && !type.isEnum())) {
      throw new IllegalArgumentException(
          type.getTypeName()
              + (type.isPrimitive() ? " is registered already" : " is abstract")
              + ": register the concrete classes whose objects are sent");
    }
    if (type == Object.class || type == Class.class || ClassLoader.class.isAssignableFrom(type)) {
      throw new IllegalArgumentException(type.getTypeName() + " cannot be sent to another machine");
    }
  }

  private static void refusePrimitiveArray(Class<?> type) {
    if (type.getComponentType().isPrimitive()) {
      throw new IllegalArgumentException(type.getTypeName() + " is registered already");
    }
  }

  private static void refuseFieldByField(Class<?> type) {
    String why;
    if (type.isHidden() || type.isSynthetic()) {
      why = " is a lambda or otherwise made at run time";
    } else if (type.getClassLoader() == null) {
      why = " is a class of the JDK, whose fields are private to it";
    } else if (Collection.class.isAssignableFrom(type) || Map.class.isAssignableFrom(type)) {
      why = " is a collection or map, which is more than its fields";
    } else if (KryoSerializable.class.isAssignableFrom(type)) {
      why = " reads itself from Kryo's input";
    } else {
      return;
    }
    throw new IllegalArgumentException(
        type.getTypeName() + why + ": register it with a serializer of your own");
  }

  /**
   * Kryo's serializers allocate by declared lengths, and some run Java serialization or closures,
   * so none of them may meet bytes of the network. Its two abstract bases are harmless.
   */
  private static void refuseKryosOwn(Class<?> type, Serializer<?> serializer) {
    for (Class<?> at = serializer.getClass(); at != null; at = at.getSuperclass()) {
      boolean base = at == Serializer.class || at == ImmutableSerializer.class;
      if (!base && at.getName().startsWith("com.esotericsoftware.kryo.")) {
        throw new IllegalArgumentException(
            at.getName()
                + " is not safe for bodies of the network (it believes the lengths that they"
                + " declare, or names classes): register "
                + type.getTypeName()
                + " without a serializer, or with one that extends Serializer directly");
      }
    }
  }
}
