package io.posthorn.io;

import io.posthorn.EcnMark;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.TransmitBatch;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether this process can take the fast path of Linux, proved by a run that a port sends to
 * itself. The answer lasts, but for one that came of a momentary shortage: whoever asks next has it
 * found out again. Any thread may ask.
 */
final class FastPath {
  /** What whoever wants the portable port is told. */
  static final Answer NOT_ASKED_FOR = new Answer(null, "as asked for");

  /**
   * So often a test may fail before that is the answer: on a machine that stands still nothing
   * arrives in time, and where nothing ever does each test costs a second.
   */
  static final int MOST_TESTS = 3;

  /** From here on the JDK warns of native calls that nobody allowed, and will refuse them. */
  private static final int NATIVE_ACCESS_RULE_SINCE = 24;

  private static final long SELF_TEST_NANOS = 1_000_000_000L;

  private final Supplier<LinuxCalls> library;
  private volatile @Nullable Answer lasting;

  /** Tests that failed; guarded by this object. */
  private int failed;

  /** The calls, or null and why there are none. */
  record Answer(@Nullable LinuxCalls calls, String whyNot) {}

  /** Asks nothing yet. */
  FastPath(Supplier<LinuxCalls> library) {
    this.library = library;
  }

  /** The calls of the fast path, or why there are none, perhaps only now. */
  Answer ask() {
    Answer known = lasting;
    return known != null ? known : find();
  }

  private synchronized Answer find() {
    Answer known = lasting;
    if (known != null) {
      return known;
    }
    String whyNot = whyNotHere();
    if (!whyNot.isEmpty()) {
      return last(new Answer(null, whyNot));
    }
    try {
      LinuxCalls calls = library.get();
      whyNot = selfTest(calls);
      if (whyNot.isEmpty()) {
        return last(new Answer(calls, ""));
      }
      Answer refused = new Answer(null, whyNot);
      return ++failed < MOST_TESTS ? refused : last(refused);
    } catch (SocketException | OutOfMemoryError shortage) {
      return new Answer(null, "the fast path could not be tried: " + shortage.getMessage());
    } catch (RuntimeException | Error e) { // a library of another version is a bare Error
      return last(new Answer(null, "JNA is not usable: " + e.toString().replaceAll("\\s+", " ")));
    }
  }

  private Answer last(Answer answer) {
    lasting = answer;
    return answer;
  }

  private static String whyNotHere() {
    String system = System.getProperty("os.name", "");
    String processor = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    if (!system.equals("Linux")) {
      return "the fast path is for Linux, this is " + system;
    }
    if (!processor.equals("amd64") && !processor.equals("aarch64")) {
      return "the fast path knows x86-64 and aarch64, this is " + processor;
    }
    return mayCallNative() ? "" : "native access is not enabled: --enable-native-access";
  }

  /**
   * Whether native calls are allowed, asked before JNA is touched, for touching it would warn. By
   * reflection, since the question is younger than the oldest JDK that this runs on.
   */
  private static boolean mayCallNative() {
    if (Runtime.version().feature() < NATIVE_ACCESS_RULE_SINCE) {
      return true;
    }
    try {
      Class<?> jna = Class.forName("com.sun.jna.Native", false, FastPath.class.getClassLoader());
      Object enabled = Module.class.getMethod("isNativeAccessEnabled").invoke(jna.getModule());
      return Boolean.TRUE.equals(enabled);
    } catch (ClassNotFoundException e) {
      return true; // that it is missing is said by whoever needs it
    } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException e) {
      return false;
    }
  }

  /**
   * Sends a run to itself over loopback, and wakes itself, which proves the layout of every struct
   * and that nothing in between refuses the calls.
   *
   * @return why it failed, or ""
   * @throws SocketException if there is no socket to be had at all, now
   */
  static String selfTest(LinuxCalls calls) throws SocketException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try {
      LinuxDatagramPort port = LinuxDatagramPort.open(calls, any, null, false);
      try {
        return exchange(port);
      } finally {
        port.close();
      }
    } catch (SocketException shortage) {
      throw shortage;
    } catch (IOException e) {
      return "the system refuses the fast path: " + e.getMessage();
    }
  }

  private static String exchange(LinuxDatagramPort port) throws IOException {
    TransmitBatch batch = new TransmitBatch();
    int[] lengths = {300, 300, 7};
    for (int i = 0; i < lengths.length; i++) {
      Arrays.fill(
          batch.bytes(), batch.lengthBytes(), batch.lengthBytes() + lengths[i], (byte) (i + 1));
      if (i == 0) {
        batch.begin(port.localAddress(), lengths[0]);
      } else {
        batch.append(lengths[i]);
      }
    }
    int sent = port.send(batch, 0, 0);
    if (sent != lengths.length || !port.counters().sendErrors().isEmpty()) {
      return "a run over loopback was refused: " + port.counters().sendErrors().keySet();
    }
    ByteBuffer slab = ByteBuffer.allocate(DatagramPort.SLAB_BYTES);
    long deadline = System.nanoTime() + SELF_TEST_NANOS;
    for (int i = 0; i < lengths.length; i++) {
      InetSocketAddress from = port.receive(slab, 0);
      while (from == null) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          return "a run sent over loopback did not arrive";
        }
        port.await(Math.min(left, Endpoint.NEVER), false);
        from = port.receive(slab, 0);
      }
      if (!from.equals(port.localAddress())
          || slab.remaining() != lengths[i]
          || slab.get(0) != i + 1
          || slab.get(lengths[i] - 1) != i + 1
          || port.ecn() == EcnMark.CE) {
        return "a run sent over loopback came back as another";
      }
    }
    return port.selfTestWaiting();
  }
}
