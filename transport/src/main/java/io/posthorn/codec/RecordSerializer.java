package io.posthorn.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A record: its components in order, made through its canonical constructor, which may refuse them.
 * Stateless.
 */
final class RecordSerializer<T> extends Serializer<T> {
  private final Class<T> type;
  private final Constructor<T> constructor;
  private final Method[] accessors;
  private final Member[] members;
  private final long costBytes;

  RecordSerializer(Class<T> type) {
    super(false, true);
    this.type = type;
    RecordComponent[] components = type.getRecordComponents();
    Class<?>[] parameters = new Class<?>[components.length];
    members = new Member[components.length];
    accessors = new Method[components.length];
    // the constructor's arguments are boxed and passed in an array
    long bytes =
        MemoryCost.instance(type) + MemoryCost.array(components.length, MemoryCost.REFERENCE_BYTES);
    for (int i = 0; i < components.length; i++) {
      RecordComponent component = components[i];
      parameters[i] = component.getType();
      members[i] =
          new Member(
              type.getTypeName(),
              component.getName(),
              component.getType(),
              component.getGenericType());
      accessors[i] = accessible(type, component.getAccessor());
      bytes += members[i].boxBytes();
    }
    costBytes = bytes;
    try {
      constructor = accessible(type, type.getDeclaredConstructor(parameters));
    } catch (NoSuchMethodException e) {
      throw new AssertionError("every record has a canonical constructor: " + type, e);
    }
  }

  /** Makes a member of a class usable, or says which package must be opened. */
  static <A extends AccessibleObject> A accessible(Class<?> type, A member) {
    try {
      member.setAccessible(true);
      return member;
    } catch (RuntimeException e) {
      String module = RecordSerializer.class.getModule().getName();
      throw new IllegalArgumentException(
          type.getTypeName()
              + " is closed to this library: add \"opens "
              + type.getPackageName()
              + (module == null ? "" : " to " + module)
              + ";\" to its module-info.java, or register it with a serializer of your own",
          e);
    }
  }

  @Override
  public void write(Kryo kryo, Output output, T value) {
    BoundedOutput out = BoundedOutput.of(output);
    out.meter().charge(costBytes);
    for (int i = 0; i < members.length; i++) {
      members[i].write(kryo, out, component(i, value));
    }
  }

  private @Nullable Object component(int i, T value) {
    try {
      return accessors[i].invoke(value);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(accessors[i] + " was made accessible", e);
    } catch (InvocationTargetException e) {
      rethrowError(e);
      throw new Refusal(
          new CodecException.NotEncodable(
              "the accessor " + accessors[i] + " failed", e.getCause()));
    }
  }

  @Override
  public T read(Kryo kryo, Input input, Class<? extends T> ignored) {
    BoundedInput in = BoundedInput.of(input);
    in.meter().charge(costBytes);
    @Nullable Object[] arguments = new @Nullable Object[members.length];
    for (int i = 0; i < members.length; i++) {
      arguments[i] = members[i].read(kryo, in);
    }
    try {
      return constructor.newInstance(arguments);
    } catch (InstantiationException | IllegalAccessException e) {
      throw new IllegalStateException(constructor + " was made accessible", e);
    } catch (InvocationTargetException e) {
      rethrowError(e);
      throw new Refusal(
          new CodecException.Malformed(
              "the constructor of " + type.getTypeName() + " refused the values", e.getCause()));
    }
  }

  /** An error inside of the called method that is more than a no to the values goes on as it is. */
  static void rethrowError(InvocationTargetException failure) {
    if (failure.getCause() instanceof Error error && !(error instanceof AssertionError)) {
      throw error;
    }
  }

  /** The components in order, as they stand in the registrations. */
  String shape() {
    return Arrays.stream(members)
        .map(Member::toString)
        .collect(Collectors.joining(", ", "record(", ")"));
  }
}
