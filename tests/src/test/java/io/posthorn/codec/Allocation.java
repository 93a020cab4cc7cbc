package io.posthorn.codec;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;

/** What decoding allocates on this thread, whether it succeeds or not. */
final class Allocation {
  /** The exception with its stack trace, and the views of the measurement itself. */
  static final long REFUSAL_BYTES = 16 * 1024;

  /** More than the calls after which the JDK compiles reflective access, which allocates. */
  private static final int MEASUREMENTS = 40;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Allocation() {}

  /** Measures again where the JVM's own work may have been counted in; the body's is the same. */
  static void assertAtMost(long boundBytes, Codec<?> codec, byte[] body) {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < MEASUREMENTS && least > boundBytes; i++) {
      least = Math.min(least, once(codec, body));
    }
    assertTrue(least <= boundBytes, least + " bytes, bound " + boundBytes);
  }

  private static long once(Codec<?> codec, byte[] body) {
    ByteBuffer buffer = ByteBuffer.wrap(body);
    long before = THREADS.getCurrentThreadAllocatedBytes();
    try {
      codec.decode(buffer);
    } catch (CodecException expected) {
      // most bodies here are hostile; whether this one is has been asserted by the caller
    }
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }
}
