package io.posthorn.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.serializers.ClosureSerializer;
import com.esotericsoftware.kryo.serializers.CollectionSerializer;
import com.esotericsoftware.kryo.serializers.ExternalizableSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import io.posthorn.codec.Sample.Point;
import java.util.ArrayList;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** What the builder of a codec refuses and how it says so, and what makes two codecs agree. */
class KryoCodecBuilderTest {
  record Stranger(int x) {}

  @Test
  void takenIdsAndClassesAreRefusedNamingBoth() {
    KryoCodec.Builder<Object> builder = Sample.builder();
    assertRefused(
        "class id 10 is given to both io.posthorn.codec.Sample$Point and io.posthorn.codec.KryoCodecBuilderTest$Stranger",
        () -> builder.register(10, Stranger.class));
    assertRefused(
        "io.posthorn.codec.Sample$Point is registered under both class id 10 and 20",
        () -> builder.register(20, Point.class));
    assertRefused(
        "java.util.ArrayList is registered under both class id 80 and 20",
        () -> builder.register(20, ArrayList.class));
    assertRefused("class id 64 for", () -> builder.register(64, Stranger.class));
    assertRefused("use 9 to 63 or 128 to 16000", () -> builder.register(8, Stranger.class));
    assertRefused("use 9 to 63 or 128 to 16000", () -> builder.register(16_001, Stranger.class));
  }

  static final class NoConstructor {
    NoConstructor(int unused) {}
  }

  static final class FinalField {
    final int x = Integer.parseInt("1");
  }

  static final class OwnList extends ArrayList<String> {
    private static final long serialVersionUID = 1L;
  }

  static final class OwnException extends Exception {
    private static final long serialVersionUID = 1L;
  }

  interface Shape {}

  @Test
  void classesThatDoNotFitAreRefusedWithTheRemedy() {
    KryoCodec.Builder<Object> builder = KryoCodec.builder(Object.class);
    assertRefused(
        "has no constructor without arguments: add one",
        () -> builder.register(20, NoConstructor.class));
    assertRefused(
        "field x of io.posthorn.codec.KryoCodecBuilderTest$FinalField is final",
        () -> builder.register(20, FinalField.class));
    assertRefused("is a collection or map", () -> builder.register(20, OwnList.class));
    assertRefused(
        "inherits fields of java.lang.Throwable", () -> builder.register(20, OwnException.class));
    assertRefused(
        "is abstract: register the concrete classes", () -> builder.register(20, Shape.class));
    assertRefused("is abstract", () -> builder.register(20, Number.class));
    assertRefused("int is registered", () -> builder.register(20, int.class));
    assertRefused("is registered under both", () -> builder.register(20, int[].class));
    assertRefused("whose fields are private to it", () -> builder.register(20, Thread.class));
    assertRefused("cannot be sent to another machine", () -> builder.register(20, Object.class));
    assertRefused("cannot be sent to another machine", () -> builder.register(20, Class.class));
    assertRefused(
        "no registered class is a io.posthorn.codec.KryoCodecBuilderTest$Shape",
        () -> KryoCodec.builder(Shape.class).build());
  }

  @Test
  void kryosOwnSerializersAreRefused() {
    assertRefused("is not safe for bodies of the network", () -> builderWith(new JavaSerializer()));
    assertRefused("is not safe", () -> builderWith(new ExternalizableSerializer()));
    assertRefused("is not safe", () -> builderWith(new ClosureSerializer()));
    assertRefused("is not safe", () -> builderWith(new CollectionSerializer<>()));
    assertRefused("is not safe", () -> builderWith(new JavaSerializer() {}));
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // as a user who ignores the warnings
  private static void builderWith(Serializer serializer) {
    KryoCodec.builder(Object.class).register(20, Stranger.class, serializer);
  }

  @Test
  void limitsOutOfRangeAreRefusedWithTheRange() {
    assertRefused("maxDepth 0: use 1 to 256", () -> Sample.builder().maxDepth(0));
    assertRefused("maxDepth 257", () -> Sample.builder().maxDepth(257));
    assertRefused("maxBodyBytes 0", () -> Sample.builder().maxBodyBytes(0));
    assertRefused("maxCollectionLength -1", () -> Sample.builder().maxCollectionLength(-1));
    assertRefused(
        "allocationAllowanceBytes -1", () -> Sample.builder().allocationAllowanceBytes(-1));
  }

  @Test
  void fingerprintsAgreeWhereRegistrationsDo() {
    KryoCodec<Object> codec = Sample.builder().build();
    assertArrayEquals(codec.fingerprint(), Sample.builder().maxDepth(3).build().fingerprint());
    KryoCodec<Object> other = Sample.builder().register(20, Stranger.class).build();
    assertNotEquals(codec.registrations(), other.registrations());
    assertFalse(Arrays.equals(codec.fingerprint(), other.fingerprint()));
    assertEquals(
        "class id 20 differs: here nothing is registered, there"
            + " io.posthorn.codec.KryoCodecBuilderTest$Stranger record(int x)",
        codec.registrations().describeDifference(other.registrations()).orElseThrow());
  }

  private static void assertRefused(String part, org.junit.jupiter.api.function.Executable call) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, call);
    assertTrue(String.valueOf(e.getMessage()).contains(part), e.getMessage());
  }
}
