package io.posthorn.codec;

import com.esotericsoftware.kryo.Kryo;
import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;

/**
 * A field of a bean or a component of a record on the wire. Numbers {@code int} and {@code long}
 * have a variable length, other primitives a fixed one; a string is written without its class;
 * anything else with it, so that every field of a reference type costs at least one byte.
 */
final class Member {
  /** How a member is written. */
  enum Form {
    BOOLEAN(boolean.class),
    BYTE(byte.class),
    CHAR(char.class),
    SHORT(short.class),
    INT(int.class),
    LONG(long.class),
    FLOAT(float.class),
    DOUBLE(double.class),
    STRING(String.class),
    OBJECT(Object.class);

    private final Class<?> type;

    Form(Class<?> type) {
      this.type = type;
    }

    static Form of(Class<?> type) {
      for (Form form : values()) {
        if (form.type == type) {
          return form;
        }
      }
      return OBJECT;
    }
  }

  private final String owner;
  private final String name;
  private final Class<?> type;
  private final Type generic;
  private final DeclaredType declared;
  private final Form form;

  Member(String owner, String name, Class<?> type, Type generic) {
    this.owner = owner;
    this.name = name;
    this.type = type;
    this.generic = generic;
    this.declared = DeclaredType.of(generic);
    this.form = Form.of(type);
  }

  Form form() {
    return form;
  }

  /** Bytes of the object that boxes this member when it is handed to a constructor. */
  long boxBytes() {
    return type.isPrimitive() ? MemoryCost.box(type) : 0;
  }

  /** Reads a string or an object and holds it against the declared type. */
  @Nullable Object readReference(Kryo kryo, BoundedInput in) {
    if (form == Form.STRING) {
      return in.readString();
    }
    Object value = in.readNested(kryo);
    if (!declared.accepts(value)) {
      throw new Refusal(
          new CodecException.Malformed(
              "a value that "
                  + owner
                  + "."
                  + name
                  + ", declared as "
                  + generic.getTypeName()
                  + ", cannot hold"));
    }
    return value;
  }

  void writeReference(Kryo kryo, BoundedOutput out, @Nullable Object value) {
    if (form == Form.STRING) {
      out.writeString((String) value);
    } else {
      out.writeNested(kryo, value);
    }
  }

  /** Reads the member, boxed if it is a primitive. */
  @Nullable Object read(Kryo kryo, BoundedInput in) {
    return switch (form) {
      case BOOLEAN -> in.readBoolean();
      case BYTE -> in.readByte();
      case CHAR -> in.readChar();
      case SHORT -> in.readShort();
      case INT -> in.readVarInt(false);
      case LONG -> in.readVarLong(false);
      case FLOAT -> in.readFloat();
      case DOUBLE -> in.readDouble();
      case STRING, OBJECT -> readReference(kryo, in);
    };
  }

  /** Writes the member, which is boxed if it is a primitive. */
  void write(Kryo kryo, BoundedOutput out, @Nullable Object value) {
    if (value == null || !type.isPrimitive()) {
      writeReference(kryo, out, value);
      return;
    }
    switch (form) {
      case BOOLEAN -> out.writeBoolean((Boolean) value);
      case BYTE -> out.writeByte((Byte) value);
      case CHAR -> out.writeChar((Character) value);
      case SHORT -> out.writeShort((Short) value);
      case INT -> out.writeVarInt((Integer) value, false);
      case LONG -> out.writeVarLong((Long) value, false);
      case FLOAT -> out.writeFloat((Float) value);
      case DOUBLE -> out.writeDouble((Double) value);
      case STRING, OBJECT -> writeReference(kryo, out, value);
    }
  }

  /** The member as it stands in the registrations. */
  @Override
  public String toString() {
    return generic.getTypeName() + " " + name;
  }
}
