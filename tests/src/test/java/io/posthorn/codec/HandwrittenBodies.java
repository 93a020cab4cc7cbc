package io.posthorn.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.esotericsoftware.kryo.io.Output;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** A codec with small limits, bodies written by hand for it, and how it must refuse them. */
abstract class HandwrittenBodies {
  static final int ARRAY_LIST = 80;
  static final int ARRAY_DEQUE = 82;
  static final int HASH_SET = 83;
  static final int LINKED_HASH_SET = 84;
  static final int TREE_SET = 85;
  static final int HASH_MAP = 86;
  static final int TREE_MAP = 88;
  static final int AS_LIST = 89;
  static final int UNMODIFIABLE_LIST = 90;
  static final int UNMODIFIABLE_SET = 91;
  static final int UNMODIFIABLE_MAP = 92;
  static final int STRING = 1;

  static final long ALLOWANCE_BYTES = 1024;

  final KryoCodec<Object> codec =
      Sample.builder()
          .allocationAllowanceBytes(ALLOWANCE_BYTES)
          .maxCollectionLength(1 << 21)
          .maxBodyBytes(1 << 21)
          .build();

  /** The codec refuses it so, and takes no more memory than its size allows. */
  final CodecException refuse(Class<? extends CodecException> expected, byte[] body) {
    ByteBuffer buffer = ByteBuffer.wrap(body);
    CodecException e = assertThrows(expected, () -> codec.decode(buffer));
    assertEquals(0, buffer.position(), "a refused body is not consumed");
    assertBounded(body);
    return e;
  }

  /** Decoding takes no more memory than the body's size allows. */
  final void assertBounded(byte[] body) {
    long bound = 4L * body.length + ALLOWANCE_BYTES + Allocation.REFUSAL_BYTES;
    Allocation.assertAtMost(bound, codec, body);
  }

  static byte[] body(Consumer<Output> writer) {
    Output out = new Output(512, -1);
    writer.accept(out);
    return out.toBytes();
  }

  static void id(Output out, int classId) {
    out.writeVarInt(classId + 2, true);
  }

  static void nulls(Output out, int collectionId, int count) {
    id(out, collectionId);
    boolean map = collectionId == HASH_MAP || collectionId == UNMODIFIABLE_MAP;
    out.writeVarInt(map ? count / 2 : count, true);
    for (int i = 0; i < count; i++) {
      out.writeByte(0);
    }
  }

  static void repeat(Output out, int times, Consumer<Output> writer) {
    for (int i = 0; i < times; i++) {
      writer.accept(out);
    }
  }
}
