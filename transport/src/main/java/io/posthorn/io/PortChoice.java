package io.posthorn.io;

import io.posthorn.EcnMark;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.TransmitBatch;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Which port a socket gets: the fast one of Linux where everything that it needs is there, else the
 * portable one, and in {@link DatagramPort#description} why.
 */
public final class PortChoice {
  /** From here on the JDK warns of native calls that nobody allowed, and will refuse them. */
  private static final int NATIVE_ACCESS_RULE_SINCE = 24;

  private static final long SELF_TEST_NANOS = 1_000_000_000L;

  /** Found out once: the calls, or why there are none. */
  private static final class Fast {
    static final @Nullable LinuxCalls CALLS;
    static final String WHY_NOT;

    static {
      LinuxCalls calls = null;
      String whyNot = whyNotHere();
      if (whyNot.isEmpty()) {
        try {
          calls = new LinuxCalls();
          whyNot = selfTest(calls);
        } catch (RuntimeException | Error e) { // a library of another version is a bare Error
          whyNot = "JNA is not usable: " + e.toString().replaceAll("\\s+", " ");
        }
      }
      CALLS = whyNot.isEmpty() ? calls : null;
      WHY_NOT = whyNot;
    }

    private Fast() {}
  }

  private PortChoice() {}

  /**
   * Opens a port.
   *
   * @param bind address and port; port 0 for any free one
   * @param family of IPv4 or IPv6 for that alone; null for both where address and machine allow it
   * @param portable whether to take the portable port in any case
   * @param forPackets whether packets of the protocol go here: where the port can see to it, what
   *     is too long for the path is lost then rather than cut up, and very many first messages do
   *     not take the place of others
   * @throws java.net.BindException naming address, port and what to do
   */
  public static DatagramPort open(
      InetSocketAddress bind, @Nullable ProtocolFamily family, boolean portable, boolean forPackets)
      throws IOException {
    if (portable) {
      return NioDatagramPort.open(bind, family, "as asked for");
    }
    LinuxCalls calls = Fast.CALLS;
    return calls == null
        ? NioDatagramPort.open(bind, family, Fast.WHY_NOT)
        : open(calls, bind, family, forPackets);
  }

  /**
   * Opens as many ports at one address as are asked for, where the system has the datagrams of one
   * peer go to one of them ({@link io.posthorn.endpoint.SocketChoice}); else one, whose description
   * says why.
   *
   * @param family as for one
   * @param count 1 to {@link io.posthorn.endpoint.SocketChoice#MAX_COUNT}
   * @param byConnectionId whether packets may name connections
   * @throws java.net.BindException naming address, port and what to do
   */
  public static List<? extends DatagramPort> openGroup(
      InetSocketAddress bind,
      @Nullable ProtocolFamily family,
      boolean portable,
      boolean forPackets,
      int count,
      boolean byConnectionId)
      throws IOException {
    LinuxCalls calls = Fast.CALLS;
    if (count == 1) {
      return List.of(open(bind, family, portable, forPackets));
    }
    String onlyOne = "; one I/O thread and not " + count + ", which need the fast path";
    return portable || calls == null
        ? List.of(
            NioDatagramPort.open(
                bind, family, (portable ? "as asked for" : Fast.WHY_NOT) + onlyOne))
        : openGroup(calls, bind, family, forPackets, count, byConnectionId);
  }

  /** Ports of the fast path, or the portable one if the system refuses what that needs. */
  static List<? extends DatagramPort> openGroup(
      LinuxCalls calls,
      InetSocketAddress bind,
      @Nullable ProtocolFamily family,
      boolean forPackets,
      int count,
      boolean byConnectionId)
      throws IOException {
    try {
      return PortGroup.open(calls, bind, family, forPackets, count, byConnectionId);
    } catch (LinuxDatagramPort.RefusedException e) {
      return List.of(
          NioDatagramPort.open(
              bind, family, "the system refuses the fast path: " + e.getMessage()));
    }
  }

  /**
   * Takes a UDP socket that this process inherited, open and bound. The portable port can take
   * standard input alone, descriptor 0.
   *
   * @throws IOException if it is no UDP socket, or one that only the fast path could take
   */
  public static DatagramPort adopt(int descriptor, boolean portable, boolean forPackets)
      throws IOException {
    LinuxCalls calls = Fast.CALLS;
    String why = portable ? "as asked for" : Fast.WHY_NOT;
    if (!portable && calls != null) {
      try {
        return LinuxDatagramPort.adopt(calls, descriptor, forPackets);
      } catch (LinuxDatagramPort.RefusedException refused) {
        why = String.valueOf(refused.getMessage());
      }
    }
    if (descriptor == 0 && System.inheritedChannel() instanceof DatagramChannel channel) {
      return NioDatagramPort.adopt(channel, why);
    }
    throw new IOException(
        "cannot take the inherited socket, descriptor " + descriptor + ": " + why);
  }

  /** The fast port, or the portable one if the system refuses what that needs. */
  static DatagramPort open(
      LinuxCalls calls, InetSocketAddress bind, @Nullable ProtocolFamily family, boolean forPackets)
      throws IOException {
    try {
      return LinuxDatagramPort.open(calls, bind, family, forPackets);
    } catch (LinuxDatagramPort.RefusedException e) {
      return NioDatagramPort.open(
          bind, family, "the system refuses the fast path: " + e.getMessage());
    }
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
      Class<?> jna = Class.forName("com.sun.jna.Native", false, PortChoice.class.getClassLoader());
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
   */
  static String selfTest(LinuxCalls calls) {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try {
      LinuxDatagramPort port = LinuxDatagramPort.open(calls, any, null, false);
      try {
        return exchange(port);
      } finally {
        port.close();
      }
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
