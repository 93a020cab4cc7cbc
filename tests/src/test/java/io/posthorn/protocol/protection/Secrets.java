package io.posthorn.protocol.protection;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The arrays that objects of the protocol hold, by the path of fields that leads to them. */
public final class Secrets {
  private final Map<String, byte[]> arrays = new TreeMap<>();
  private final List<PacketProtection> keys = new ArrayList<>();
  private final Map<Object, Boolean> seen = new IdentityHashMap<>();

  private Secrets() {}

  /** All arrays that this object holds now, be it through others. */
  public static Map<String, byte[]> of(Object object) {
    Secrets secrets = new Secrets();
    secrets.walk(object, "");
    return secrets.arrays;
  }

  /**
   * What seals and opens the packets of this object, which holds one such, be it through others.
   */
  public static PacketProtection keysOf(Object object) {
    Secrets secrets = new Secrets();
    secrets.walk(object, "");
    if (secrets.keys.size() != 1) {
      throw new AssertionError(secrets.keys.size() + " of them");
    }
    return secrets.keys.get(0);
  }

  /** Fails unless these arrays hold nothing any more; they are there, and paths end like that. */
  public static void assertErased(Map<String, byte[]> arrays, String... endings) {
    for (String ending : endings) {
      List<String> matching = new ArrayList<>();
      arrays.forEach(
          (path, bytes) -> {
            if (path.endsWith(ending)) {
              matching.add(path);
              assertArrayEquals(new byte[bytes.length], bytes, path);
            }
          });
      if (matching.isEmpty()) {
        throw new AssertionError(ending + " is not among " + arrays.keySet());
      }
    }
  }

  private void walk(Object object, String path) {
    if (object instanceof byte[] bytes) {
      arrays.put(path, bytes);
    } else if (object != null
        && object.getClass().getName().startsWith("io.posthorn.")
        && seen.put(object, true) == null) {
      if (object instanceof PacketProtection protection) {
        keys.add(protection);
      }
      for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
        if (!type.getName().startsWith("io.posthorn.")) {
          break;
        }
        for (Field field : type.getDeclaredFields()) {
          if (!Modifier.isStatic(field.getModifiers())) {
            walk(value(field, object), path + "." + field.getName());
          }
        }
      }
    }
  }

  private static Object value(Field field, Object of) {
    try {
      field.setAccessible(true);
      return field.get(of);
    } catch (IllegalAccessException e) {
      throw new AssertionError(e);
    }
  }
}
