package io.posthorn;

import io.posthorn.endpoint.SocketChoice;
import io.posthorn.io.SharedPort;
import io.posthorn.protocol.Deliveries;
import io.posthorn.runtime.ImpairedDatagramPort;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.trace.TraceListener;
import io.posthorn.wire.WireLimits;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The options of a socket; each is checked when it is set, together they are at {@link #open}. */
public final class MessageSocketBuilder implements Cloneable {
  private static final Duration LONGEST = Duration.ofMinutes(10);

  /** A way there and back between neighbours; 20 µs do within one machine. */
  private static final Duration LONGEST_SPIN = Duration.ofNanos(100_000);

  private static final int LEAST_BUFFER_BYTES = SocketOptions.LEAST_BUFFER_BYTES;
  private static final int LEAST_WHOLE_MESSAGE_BYTES = Deliveries.SMALLEST_WHOLE_LIMIT_BYTES;
  static final int MOST_BUFFER_BYTES = 1 << 30;

  private static final SocketOptions DEFAULTS =
      SocketOptions.defaults(Mode.RELIABLE, Runtime.getRuntime().maxMemory());

  private Mode mode = DEFAULTS.mode();
  private InetSocketAddress bind = new InetSocketAddress(0);
  @Nullable ProtocolFamily family;
  private Security security = DEFAULTS.security();
  private CongestionControl congestionControl = DEFAULTS.congestionControl();
  private int maxConnections = DEFAULTS.maxConnections();
  private Duration idleTimeout = DEFAULTS.idleTimeout();
  private Duration handshakeTimeout = DEFAULTS.handshakeTimeout();
  private @Nullable Duration keepAlive;
  private Duration implicitIdle = DEFAULTS.implicitIdle();
  private int sendBufferBytes = DEFAULTS.sendBufferBytes();
  private int receiveBufferBytes = DEFAULTS.receiveBufferBytes();
  private long socketReceiveBytes = DEFAULTS.socketReceiveBytes();
  private @Nullable Integer maxWholeMessageBytes;
  Duration linger = Duration.ofSeconds(3);
  private int maxDatagramBytes = DEFAULTS.maxDatagramBytes();
  private boolean streaming;
  private String application = "";
  private boolean redundancy = DEFAULTS.redundancy();
  private long maxSendBytesPerSecond = DEFAULTS.maxSendBytesPerSecond();
  private ChannelPriorities priorities = DEFAULTS.priorities();
  boolean portableIo;
  @Nullable Integer inherited;
  boolean sharedPort;
  private @Nullable MessageSocket beside;
  Duration spin = Duration.ZERO;
  int ioThreads = 1;
  LinkConditions impairment = LinkConditions.NONE;
  @Nullable Long impairSeed;
  @Nullable Path traceFile;
  @Nullable TraceListener traceListener;
  @Nullable Path keyLogFile;
  @Nullable Path captureFile;

  MessageSocketBuilder() {}

  /** Plain or reliable; default {@link Mode#RELIABLE}. */
  public MessageSocketBuilder mode(Mode mode) {
    this.mode = Objects.requireNonNull(mode, "mode");
    return this;
  }

  /**
   * Which address and port to listen on; default any free port of all addresses. On Linux's fast
   * path a socket of all addresses answers each peer from the one that it wrote to.
   */
  public MessageSocketBuilder bind(InetSocketAddress address) {
    this.bind = Objects.requireNonNull(address, "address");
    return this;
  }

  /**
   * Whether the socket is of IPv4 alone ({@link StandardProtocolFamily#INET}) or of IPv6 alone
   * ({@code INET6}); by default it is of both where the machine has both and {@link #bind} names no
   * address, not even 0.0.0.0 or ::, which are the same here. Peers of the other family are not
   * heard and cannot be sent to. On Linux's fast path another socket may have the same port of the
   * other family; the portable one of IPv6 alone takes it too.
   *
   * @throws IllegalArgumentException if it is neither
   */
  public MessageSocketBuilder protocolFamily(ProtocolFamily family) {
    if (family != StandardProtocolFamily.INET && family != StandardProtocolFamily.INET6) {
      throw new IllegalArgumentException(
          "protocolFamily " + family.name() + ": expected INET or INET6");
    }
    this.family = family;
    return this;
  }

  /**
   * Takes a UDP socket that this process inherited, open and bound, instead of opening one: as
   * systemd passes it (descriptor 3 and following, where {@code LISTEN_PID} and {@code LISTEN_FDS}
   * say so) or inetd (0). {@link #bind} and {@link #protocolFamily} have no effect then. Other
   * descriptors than 0 need the fast path of Linux.
   *
   * @param descriptor 0 or more
   */
  public MessageSocketBuilder inherited(int descriptor) {
    inherited = (int) checked("inherited", descriptor, 0, Integer.MAX_VALUE, "");
    return this;
  }

  /**
   * Whether a socket in plain mode may be opened at the same port, {@link #beside} this one;
   * default false. Reliable mode only.
   */
  public MessageSocketBuilder sharedPort(boolean shared) {
    sharedPort = shared;
    return this;
  }

  /**
   * Opens the socket at the port of one in reliable mode that was opened with {@link #sharedPort}:
   * it gets the datagrams that cannot be packets of the protocol, which are those that are empty or
   * do not begin with a byte of 4 to 15. {@link #bind} has no effect then, the impairment is the
   * other's, and it ends with the other. Plain mode only, one at a time.
   */
  public MessageSocketBuilder beside(MessageSocket reliable) {
    if (reliable.sharedPort() == null) {
      throw new IllegalArgumentException("beside: that socket was not opened with sharedPort");
    }
    beside = reliable;
    return this;
  }

  /** How packets are protected in reliable mode; default {@link Security#ephemeral()}. */
  public MessageSocketBuilder security(Security security) {
    this.security = Objects.requireNonNull(security, "security");
    return this;
  }

  /** Which algorithm decides how much may be in flight; default adaptive. */
  public MessageSocketBuilder congestionControl(CongestionControl algorithm) {
    this.congestionControl = Objects.requireNonNull(algorithm, "algorithm");
    return this;
  }

  /**
   * Connections at once: 1 to 1,000,000, default 65,536 or as many as have 16 KiB each in a third
   * of the largest heap, but at least 64, whichever is less; an idle one costs some KiB. What comes
   * beyond is refused.
   */
  public MessageSocketBuilder maxConnections(int count) {
    maxConnections = (int) checked("maxConnections", count, 1, 1_000_000, "");
    return this;
  }

  /**
   * How long nothing may be heard before a peer is given up: 1 s to 10 min, default 30 s. The
   * smaller of both sides' counts, but never less than an answer may take.
   */
  public MessageSocketBuilder idleTimeout(Duration time) {
    idleTimeout = checked("idleTimeout", time, Duration.ofSeconds(1));
    return this;
  }

  /** How long opening a connection may take: 100 ms to 10 min, default 10 s. */
  public MessageSocketBuilder handshakeTimeout(Duration time) {
    handshakeTimeout = checked("handshakeTimeout", time, Duration.ofMillis(100));
    return this;
  }

  /**
   * How long a connection opened here is silent before it asks whether the peer is there: 10 ms to
   * just under half the idle timeout; default a third of that, at most 10 s.
   */
  public MessageSocketBuilder keepAlive(Duration time) {
    keepAlive = checked("keepAlive", time, Duration.ofMillis(10));
    return this;
  }

  /**
   * How long a connection that a mere {@code send} opened stays without messages: 1 s to 10 min,
   * default 5 min.
   */
  public MessageSocketBuilder implicitIdle(Duration time) {
    implicitIdle = checked("implicitIdle", time, Duration.ofSeconds(1));
    return this;
  }

  /**
   * Message bytes that wait or are unacknowledged for each connection before a sender waits: 64 KiB
   * to 1 GiB, default 8 MiB. One channel gets some four fifths of it, so that one which its peer
   * does not read leaves room for others; and one message may go beyond it, of a channel that has
   * nothing else under way, so that it may be of any length. While that one is held, the other
   * channels share an eighth of the limit. Small messages on their way there take up to 512 KiB
   * more for each channel, and 32 MiB for the whole socket, or for each of its I/O threads.
   */
  public MessageSocketBuilder sendBufferBytes(int bytes) {
    sendBufferBytes =
        (int) checked("sendBufferBytes", bytes, LEAST_BUFFER_BYTES, MOST_BUFFER_BYTES, " bytes");
    return this;
  }

  /**
   * Memory that a peer may fill for each connection: 256 KiB to 1 GiB, default 24 MiB. Raise it for
   * long fast ways: it bounds what is in flight.
   */
  public MessageSocketBuilder receiveBufferBytes(int bytes) {
    int least = 4 * LEAST_WHOLE_MESSAGE_BYTES;
    receiveBufferBytes =
        (int) checked("receiveBufferBytes", bytes, least, MOST_BUFFER_BYTES, " bytes");
    return this;
  }

  /**
   * Memory that all peers together may fill: 64 KiB to 1 TiB, default 256 MiB or a third of the
   * largest heap, whichever is less. In plain mode the queue of messages that nobody has received
   * yet; what comes beyond is dropped and counted.
   */
  public MessageSocketBuilder socketReceiveBytes(long bytes) {
    socketReceiveBytes =
        checked("socketReceiveBytes", bytes, LEAST_BUFFER_BYTES, 1L << 40, " bytes");
    return this;
  }

  /**
   * The largest ordered message that peers may send in one piece: 64 KiB to a quarter of the
   * receive buffer; default 4 MiB or that quarter. Larger ones need {@link #streaming}.
   */
  public MessageSocketBuilder maxWholeMessageBytes(int bytes) {
    maxWholeMessageBytes =
        (int)
            checked(
                "maxWholeMessageBytes",
                bytes,
                LEAST_WHOLE_MESSAGE_BYTES,
                MOST_BUFFER_BYTES / 4,
                " bytes");
    return this;
  }

  /** Whether larger messages are taken too, handed over as streams; default false. */
  public MessageSocketBuilder streaming(boolean accepted) {
    streaming = accepted;
    return this;
  }

  /**
   * What this application says it speaks, a name and a version such as {@code "chat/2"}: each peer
   * learns it in the handshake, sealed, before the first message ({@link
   * Connection#peerApplication}). Up to 64 printable ASCII characters; default nothing. In plain
   * mode nobody learns it.
   */
  public MessageSocketBuilder application(String words) {
    boolean legal = words.length() <= WireLimits.MAX_APPLICATION_BYTES;
    if (!legal || !words.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
      throw new IllegalArgumentException(
          "application \"" + words + "\": expected at most 64 printable ASCII characters");
    }
    application = words;
    return this;
  }

  /**
   * Whether the packets of a thin flow, small messages that do not fill the window, carry again
   * what is not acknowledged yet, as often as the loss that was measured asks for; default true. No
   * packet more leaves for it, and no more than three times the bytes that the messages would take
   * in datagrams of their own.
   */
  public MessageSocketBuilder redundancy(boolean on) {
    redundancy = on;
    return this;
  }

  /**
   * The most bytes of UDP payload that each connection sends in a second, whatever its congestion
   * window allows: 1,000 to 2^40; default no limit. Reliable mode only.
   */
  public MessageSocketBuilder maxSendRate(long bytesPerSecond) {
    maxSendBytesPerSecond =
        checked("maxSendRate", bytesPerSecond, 1_000, 1L << 40, " bytes a second");
    return this;
  }

  /** Which channels go first when there is more to send than may leave; default all take turns. */
  public MessageSocketBuilder priorities(ChannelPriorities priorities) {
    this.priorities = Objects.requireNonNull(priorities, "priorities");
    return this;
  }

  /** How long {@link MessageSocket#close()} flushes at most: 0 to 10 min, default 3 s. */
  public MessageSocketBuilder linger(Duration time) {
    linger = checked("linger", time, Duration.ZERO);
    return this;
  }

  /**
   * How long a thread that waits for datagrams spins before it blocks: 0 to 100 µs, default 0. For
   * those who pay a processor for microseconds: it spins only while waits are short, and an idle
   * socket does not. Worse than blocking where both ends share one processor.
   */
  public MessageSocketBuilder spinBeforeBlocking(Duration time) {
    if (time.isNegative() || time.compareTo(LONGEST_SPIN) > 0) {
      throw new IllegalArgumentException(
          "spinBeforeBlocking " + time + ": expected 0 to " + LONGEST_SPIN);
    }
    spin = time;
    return this;
  }

  /**
   * How many sockets of the operating system, each with an I/O thread, share the work at this one
   * port: 1 to 64, default 1. For listeners with many peers on machines with cores to spare; one
   * peer's packets are always the work of one thread, so a single peer gains nothing. The kernel
   * chooses by connection id, so peers may change their addresses, and before there is a connection
   * by address.
   *
   * <p>Handlers and listeners are called by each of the threads: for one peer one call at a time,
   * for several at once. Of {@link #maxConnections} and {@link #socketReceiveBytes} each thread has
   * an equal part, and the limits on handshakes count for each.
   *
   * <p>Only the fast path of Linux can do it. Elsewhere, where the kernel refuses, with a {@link
   * #trace(Path) trace}, a {@link #capture}, a {@link #keyLog}, an {@link #inherited} or a {@link
   * #sharedPort shared} port, and {@linkplain #impair(String) impaired}, there is one thread all
   * the same; {@link SocketStatistics#ioPath} says so.
   */
  public MessageSocketBuilder ioThreads(int count) {
    ioThreads = (int) checked("ioThreads", count, 1, SocketChoice.MAX_COUNT, "");
    return this;
  }

  /**
   * Whether to do without the operating system's fast path, which is taken by default where there
   * is one; {@link SocketStatistics#ioPath} says which it is and why. Default false.
   */
  public MessageSocketBuilder portableIo(boolean portable) {
    portableIo = portable;
    return this;
  }

  /**
   * Puts a bad network under the socket: what leaves and what arrives meets these conditions, each
   * direction for itself. Works in both modes.
   *
   * @throws IllegalArgumentException if the conditions ask for rebinding, which a socket cannot do
   *     to itself
   */
  public MessageSocketBuilder impair(LinkConditions conditions) {
    ImpairedDatagramPort.requirePossible(conditions);
    impairment = conditions;
    return this;
  }

  /**
   * Puts a bad network under the socket, in the words of {@link LinkConditions#parse}.
   *
   * @throws IllegalArgumentException if they cannot be read; the text says where and why
   */
  public MessageSocketBuilder impair(String conditions) {
    return impair(LinkConditions.parse(conditions));
  }

  /** Decides the fate of each datagram under {@link #impair(String)}; by default a new one. */
  public MessageSocketBuilder impairSeed(long seed) {
    impairSeed = seed;
    return this;
  }

  /**
   * Writes what happens in reliable mode to a qlog file, for viewers such as qvis; {@link
   * io.posthorn.trace} says what is in it. The file is created, or emptied, by {@link #open}; a
   * slow or full disk does not hold the socket up.
   */
  public MessageSocketBuilder trace(Path file) {
    traceFile = Objects.requireNonNull(file, "file");
    return this;
  }

  /** Tells this listener what happens in reliable mode, beside any {@link #trace(Path) file}. */
  public MessageSocketBuilder trace(TraceListener listener) {
    traceListener = Objects.requireNonNull(listener, "listener");
    return this;
  }

  /**
   * Appends the secrets of each connection to a file, so that captured packets can be read ({@code
   * posthorn trace}). <b>Whoever reads that file reads the messages</b>: for finding faults, never
   * for daily use. A new file is its owner's alone. Default none; no effect without encryption.
   */
  public MessageSocketBuilder keyLog(Path file) {
    keyLogFile = Objects.requireNonNull(file, "file");
    return this;
  }

  /**
   * Writes each datagram that the socket sends and receives to a pcapng file, as it is on the wire,
   * for network analysers such as Wireshark; in both modes. Under {@link #impair(String)}: what is
   * lost there is not in the file. The file is created, or emptied, by {@link #open}; a slow or
   * full disk does not hold the socket up. {@link io.posthorn.capture} reads such files, and with
   * the secrets of {@link #keyLog} what is sealed in them. Has no effect {@link #beside} another
   * socket, whose file has the datagrams of both.
   */
  public MessageSocketBuilder capture(Path file) {
    captureFile = Objects.requireNonNull(file, "file");
    return this;
  }

  private static long checked(String option, long value, long least, long most, String unit) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          option + " " + value + unit + ": expected " + least + " to " + most + unit);
    }
    return value;
  }

  private static Duration checked(String option, Duration value, Duration least) {
    if (value.compareTo(least) < 0 || value.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          option + " " + value + ": expected " + least + " to " + LONGEST);
    }
    return value;
  }

  /** The largest datagram that is tried, whatever host and path allow; for benches and tests. */
  MessageSocketBuilder maxDatagramBytes(int bytes) {
    maxDatagramBytes =
        (int)
            checked(
                "maxDatagramBytes",
                bytes,
                WireLimits.MINIMUM_DATAGRAM_BYTES,
                WireLimits.MAX_DATAGRAM_BYTES,
                " bytes");
    return this;
  }

  /**
   * Where to listen, an address of the family that is asked for.
   *
   * @throws IllegalArgumentException if it is of the other
   */
  InetSocketAddress bindOfFamily() {
    InetAddress host = bind.getAddress();
    if (family == null || host == null) {
      return bind;
    }
    boolean ofIpv4 = family == StandardProtocolFamily.INET;
    if (host.isAnyLocalAddress()) {
      return new InetSocketAddress(anyLocal(ofIpv4), bind.getPort());
    }
    if (host instanceof Inet4Address != ofIpv4) {
      throw new IllegalArgumentException(
          "protocolFamily "
              + family.name()
              + ": expected bind to name an address of it, not "
              + AddressText.of(bind));
    }
    return bind;
  }

  private static InetAddress anyLocal(boolean ofIpv4) {
    try {
      return InetAddress.getByAddress(new byte[ofIpv4 ? 4 : 16]);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 or 16 bytes are an address", e);
    }
  }

  /** One with the same options, which goes its own way from now on. */
  MessageSocketBuilder copy() {
    try {
      return (MessageSocketBuilder) clone(); // every field's value is immutable, or shared anyway
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("it is Cloneable", e);
    }
  }

  /** The mode in force so far. */
  Mode mode() {
    return mode;
  }

  /** Whether larger messages are taken, as far as was said. */
  boolean streaming() {
    return streaming;
  }

  /**
   * The options so far as a socket has them; for {@link
   * io.posthorn.simulation.SimulatedSocket#SimulatedSocket}.
   *
   * @throws IllegalArgumentException if they contradict each other
   */
  public SocketOptions options() {
    Duration alive = keepAlive;
    if (alive == null) {
      Duration third = idleTimeout.dividedBy(3);
      Duration usual = DEFAULTS.keepAlive();
      alive = third.compareTo(usual) < 0 ? third : usual;
    } else if (alive.multipliedBy(2).compareTo(idleTimeout) >= 0) {
      throw new IllegalArgumentException(
          "keepAlive " + alive + ": expected less than half the idleTimeout, " + idleTimeout);
    }
    Integer wanted = maxWholeMessageBytes;
    int quarter = receiveBufferBytes / 4;
    int whole = wanted != null ? wanted : Math.min(DEFAULTS.maxWholeMessageBytes(), quarter);
    if (whole > quarter) {
      throw new IllegalArgumentException(
          "maxWholeMessageBytes "
              + whole
              + ": expected at most a quarter of receiveBufferBytes, "
              + quarter);
    }
    return new SocketOptions(
        mode,
        security,
        congestionControl,
        maxConnections,
        idleTimeout,
        handshakeTimeout,
        alive,
        implicitIdle,
        sendBufferBytes,
        receiveBufferBytes,
        socketReceiveBytes,
        whole,
        maxDatagramBytes,
        streaming,
        application,
        redundancy,
        maxSendBytesPerSecond,
        priorities);
  }

  /**
   * Opens the socket.
   *
   * @throws BindException if the address or port cannot be had; its text says what to do
   * @throws IOException if the system gives no socket, for want of file descriptors for example, a
   *     file that {@link #security} names cannot be relied on, or one for a trace, a capture or for
   *     secrets cannot be written
   * @throws IllegalArgumentException if options contradict each other
   * @throws IllegalStateException if a key of {@link #security} was erased
   */
  public MessageSocket open() throws IOException {
    SocketOptions options = options();
    if (mode == Mode.RELIABLE) {
      security.check();
    }
    MessageSocket owner = beside;
    SharedPort neighbour = owner == null ? null : owner.sharedPort();
    if ((sharedPort && mode == Mode.PLAIN) || (neighbour != null && mode == Mode.RELIABLE)) {
      throw new IllegalArgumentException(
          "sharedPort is for the socket in reliable mode, beside for the one in plain mode");
    }
    SocketOpening opening = new SocketOpening(this, options);
    if (owner == null || neighbour == null) {
      return opening.open();
    }
    return opening.open(neighbour.openPlainSide(owner.drivers()::nowNanos));
  }
}
