package io.posthorn.codec;

import com.esotericsoftware.kryo.Registration;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.util.DefaultClassResolver;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Finds classes by the ids of one codec, and never by a name in a body. */
final class RegisteredClassResolver extends DefaultClassResolver {
  /** Kryo's marks for a null, and for a class that is named; ids follow. */
  private static final int MARKS = 2;

  private boolean complete;

  /** After this, a class that is missing is an error and not a question. */
  void complete() {
    complete = true;
  }

  @Override
  @SuppressWarnings("rawtypes") // as the method that it overrides
  public @Nullable Registration getRegistration(Class type) {
    Registration found = super.getRegistration(type);
    if (found != null || !complete) {
      return found;
    }
    if (Enum.class.isAssignableFrom(type) && type.getSuperclass() != null) {
      // a constant with a body has a class of its own
      found = super.getRegistration(type.getSuperclass());
    } else if (InetSocketAddress.class.isAssignableFrom(type)) {
      found =
          super.getRegistration(InetSocketAddress.class); // peers are told of by a class of ours
    } else {
      found = super.getRegistration(StandardCollections.idOfUnnamed(type));
    }
    if (found == null) {
      throw new Refusal(notRegistered(type));
    }
    return found;
  }

  private static CodecException notRegistered(Class<?> type) {
    String name = type.getTypeName();
    String remedy;
    if (type.isSynthetic() || type.isHidden() || Proxy.isProxyClass(type)) {
      remedy = "lambdas and proxies cannot be sent";
    } else if (type.isAnonymousClass() || type.isLocalClass()) {
      remedy = "anonymous and local classes cannot be sent; make it a record";
    } else if (type.getClassLoader() == null && !type.isArray()) {
      remedy =
          "convert it to a class that is (such as ArrayList, HashMap or String), or add"
              + " .register(id, "
              + type.getSimpleName()
              + ".class, serializer) to the builder on"
              + " both sides";
    } else {
      remedy = "add .register(id, " + type.getSimpleName() + ".class) to the builder on both sides";
    }
    return new CodecException.NotRegistered(name + " is not registered: " + remedy);
  }

  @Override
  public @Nullable Registration readClass(Input input) {
    int mark = input.readVarInt(true);
    if (mark == 0) {
      return null;
    }
    Registration found = mark > 1 ? getRegistration(mark - MARKS) : null;
    if (found == null) {
      throw new Refusal(
          new CodecException.UnknownType(
              mark == 1
                  ? "the body names a class by its name, which is never followed"
                  : "class id "
                      + Integer.toUnsignedString(mark - MARKS)
                      + " is not registered on this side"));
    }
    return found;
  }
}
