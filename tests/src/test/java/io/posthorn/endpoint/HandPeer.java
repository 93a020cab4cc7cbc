package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.DraftOptions;
import io.posthorn.EcnMark;
import io.posthorn.Mode;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.AddressZone;
import io.posthorn.protocol.Announcement;
import io.posthorn.protocol.EndpointResources;
import io.posthorn.protocol.PeerConnection;
import io.posthorn.protocol.PortLimits;
import io.posthorn.protocol.Scratch;
import io.posthorn.protocol.channel.ReceiveMemory;
import io.posthorn.protocol.handshake.ClearHandshake;
import io.posthorn.protocol.handshake.ConnectionIdIssuer;
import io.posthorn.protocol.handshake.Handshake;
import io.posthorn.protocol.handshake.NoiseXX;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.protocol.handshake.TransportParameters;
import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.ControlPacket;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.FrameHandler;
import io.posthorn.wire.FrameReader;
import io.posthorn.wire.FrameWriter;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.SecondMessagePacket;
import io.posthorn.wire.ThirdMessagePacket;
import io.posthorn.wire.WireLimits;
import java.lang.reflect.Proxy;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A peer made by hand: it does the true handshake and has the true keys, and then says whatever a
 * test wants. All that an endpoint sends to it is read and remembered.
 */
final class HandPeer {
  static final int MOST_FRAME_BYTES = 1150;

  private static final StaticKey UNUSED = StaticKey.of(new byte[StaticKey.KEY_BYTES]);

  final ReliableEndpoint endpoint;
  final SocketOptions options;

  /** Where it is: what it sends comes from there, and what goes elsewhere does not reach it. */
  InetSocketAddress address;

  final SplittableRandom random;
  final long ownId;
  final StaticKey identity;
  final Handshake handshake;
  private final Map<String, Integer> heard = new HashMap<>();
  private final FrameHandler recorder = recorder();
  private @Nullable CloseReason toldToClose;
  private String closeText = "";
  final List<EndpointEvent> events = new ArrayList<>();
  final TransportParameters parameters;

  /** Told of all that the endpoint sends, to anybody. */
  @Nullable BiConsumer<InetSocketAddress, byte[]> sent;

  /** Whether it gives the endpoint's instance id, which M2 tells to anybody, for its own. */
  boolean claimsToBeTheEndpoint;

  /** What the endpoint asked last to prove an address with. */
  long challenge;

  long nowNanos;
  long remoteId;
  long nextNumber;
  long datagramsHeard;
  long bytesHeard;
  byte[] cookie = new byte[0];
  byte[] third = new byte[0];

  private @Nullable PacketProtection keys;
  private long largestOpened = -1;
  private final TransmitBatch batch = new TransmitBatch();
  private final FrameReader reader = new FrameReader();

  HandPeer(ReliableEndpoint endpoint, SocketOptions options, int host, long seed) {
    this.endpoint = endpoint;
    this.options = options;
    this.address = address(host);
    this.random = new SplittableRandom(seed * 1000 + host);
    this.ownId = random.nextLong();
    this.identity = key(options.security().isEncrypted());
    this.handshake =
        options.security().isEncrypted()
            ? NoiseXX.initiator(identity, ownId, options.security().preSharedKey(), random)
            : ClearHandshake.initiator(ownId, random);
    ConnectionIdIssuer ids = new ConnectionIdIssuer(key(false), null, random, id -> false);
    this.parameters =
        PeerConnection.parameters(
            new EndpointResources(
                options,
                random,
                new ReceiveMemory(1),
                new Scratch(),
                ids,
                PortLimits.UNKNOWN,
                random.nextLong(),
                new Announcement()),
            ownId);
  }

  /** A key of its own, or where none is needed one that is there already, for it takes a while. */
  private StaticKey key(boolean needed) {
    byte[] bytes = new byte[StaticKey.KEY_BYTES];
    random.nextBytes(bytes);
    return needed ? StaticKey.of(bytes) : UNUSED;
  }

  static InetSocketAddress address(int host) {
    try {
      byte[] bytes = {10, 1, (byte) (host >> 8), (byte) host};
      return new InetSocketAddress(InetAddress.getByAddress(bytes), 4000);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  /** A link-local address of IPv6, the same on each link. */
  static InetSocketAddress onLink(int link) {
    byte[] bytes = {(byte) 0xfe, (byte) 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7};
    try {
      return new InetSocketAddress(Inet6Address.getByAddress(null, bytes, link), 4000);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  /** Defaults with some of the numbers changed. */
  static SocketOptions options(Security security, int maxConnections, long socketReceiveBytes) {
    DraftOptions options = DraftOptions.of(Mode.RELIABLE);
    options.security = security;
    options.maxConnections = maxConnections;
    options.socketReceiveBytes = socketReceiveBytes;
    return options.done();
  }

  /** An endpoint of these options and a peer that is connected to it. */
  static HandPeer connected(SocketOptions options) {
    HandPeer peer = new HandPeer(endpoint(options, 1), options, 1, 1);
    peer.connect();
    return peer;
  }

  static ReliableEndpoint endpoint(SocketOptions options, long seed) {
    return new ReliableEndpoint(options, new SplittableRandom(seed), any -> false);
  }

  byte[] first() {
    byte[] body = new byte[WireLimits.MAX_HANDSHAKE_BODY_BYTES];
    return first(body, handshake.writeFirst(body, 0));
  }

  byte[] first(byte[] body, int bodyLength) {
    byte[] out = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];
    FirstMessagePacket.write(out, 0, suite(), ownId, cookie, cookie.length, body, bodyLength);
    return out;
  }

  private int suite() {
    if (!options.security().isEncrypted()) {
      return WireLimits.SUITE_CLEAR;
    }
    return options.security().preSharedKey() == null
        ? WireLimits.SUITE_NOISE_XX
        : WireLimits.SUITE_NOISE_XX_PSK3;
  }

  /** The whole handshake, and the first packets after it. */
  void connect() {
    deliver(first());
    assertTrue(third.length > 0, "M2 came");
    deliver(third);
    assertTrue(handle() != Endpoint.NO_CONNECTION, "connected");
  }

  /** The connection's name at the endpoint. */
  long handle() {
    for (EndpointEvent event : events) {
      if (event instanceof EndpointEvent.Connected connected) {
        return connected.connection();
      }
    }
    return Endpoint.NO_CONNECTION;
  }

  /** Why the endpoint says that the connection ended; null if it did not. */
  @Nullable CloseReason closedFor() {
    for (EndpointEvent event : events) {
      if (event instanceof EndpointEvent.Closed closed) {
        return closed.reason();
      }
    }
    return null;
  }

  /** Why the endpoint told this peer that the connection ends; null if it did not. */
  @Nullable CloseReason toldToClose() {
    return toldToClose;
  }

  /** The words in that CLOSE. */
  String closeText() {
    return closeText;
  }

  /** How many frames of a kind came back, by the name of the handler's method. */
  long heardOf(String name) {
    return heard.getOrDefault(name, 0);
  }

  /** Seals frames as the next packet. */
  byte[] packet(Consumer<FrameWriter> frames) {
    FrameWriter writer = new FrameWriter();
    byte[] plain = new byte[MOST_FRAME_BYTES];
    writer.reset(plain, 0, plain.length);
    frames.accept(writer);
    return packet(Arrays.copyOf(plain, writer.written()));
  }

  /** Seals bytes that may be no frames at all. */
  byte[] packet(byte[] plain) {
    byte[] out = new byte[plain.length + 40];
    int length = keys().seal(remoteId, nextNumber, 4, plain, 0, plain.length, out, 0);
    nextNumber++;
    return Arrays.copyOf(out, length);
  }

  void send(Consumer<FrameWriter> frames) {
    deliver(packet(frames));
  }

  void send(byte[] plain) {
    deliver(packet(plain));
  }

  /** What seals and opens this peer's packets. */
  PacketProtection keys() {
    PacketProtection are = keys;
    if (are == null) {
      throw new IllegalStateException("no handshake yet");
    }
    return are;
  }

  void deliver(byte[] datagram) {
    deliver(datagram, address);
  }

  void deliver(byte[] datagram, InetSocketAddress from) {
    endpoint.onDatagram(ByteBuffer.wrap(datagram), from, EcnMark.NOT_ECT, nowNanos);
    collect();
  }

  /** Lets time pass, with all timers on the way. */
  void advance(long nanos) {
    long until = nowNanos + nanos;
    int timers = 0;
    while (endpoint.nextTimeoutNanos() <= until) {
      nowNanos = Math.max(nowNanos, endpoint.nextTimeoutNanos());
      endpoint.onTimeout(nowNanos);
      collect();
      assertTrue(++timers < 100_000, "a storm of timers");
    }
    nowNanos = until;
  }

  /** Reads all that the endpoint sends. */
  void collect() {
    while (endpoint.pollTransmit(batch, nowNanos)) {
      for (int i = 0; i < batch.segments(); i++) {
        ByteBuffer segment = batch.segment(i);
        byte[] datagram = new byte[segment.remaining()];
        segment.get(datagram);
        if (sent != null) {
          sent.accept(batch.peer(), datagram);
        }
        if (AddressZone.isSame(batch.peer(), address)) {
          read(datagram);
        }
      }
    }
    for (EndpointEvent event = endpoint.pollEvent(); event != null; event = endpoint.pollEvent()) {
      events.add(event);
    }
  }

  private void read(byte[] datagram) {
    datagramsHeard++;
    bytesHeard += datagram.length;
    switch (PacketHeader.kind(datagram[0])) {
      case PacketHeader.SECOND_MESSAGE -> readSecond(datagram);
      case PacketHeader.CONTROL -> readControl(datagram);
      case PacketHeader.DATA -> readData(datagram);
      default -> {
        // M1 of the endpoint's own attempt: the test looks at that itself
      }
    }
  }

  private void readSecond(byte[] datagram) {
    SecondMessagePacket second = new SecondMessagePacket();
    second.check(datagram, 0, datagram.length);
    if (keys != null || second.destinationConnectionId() != ownId) {
      return;
    }
    byte[] payload = new byte[WireLimits.MAX_PARAMETERS_BYTES];
    int length = handshake.readSecond(datagram, second.bodyFrom(), second.bodyLength(), payload);
    assertTrue(length > 0);
    remoteId = second.responderConnectionId();
    if (claimsToBeTheEndpoint) {
      TransportParameters told = TransportParameters.decode(payload, 0, length);
      if (told == null) {
        throw new AssertionError("M2 makes no sense");
      }
      parameters.instanceId = told.instanceId;
    }
    byte[] own = new byte[WireLimits.MAX_PARAMETERS_BYTES];
    byte[] body = new byte[WireLimits.MAX_HANDSHAKE_BODY_BYTES];
    int bodyLength = handshake.writeThird(own, parameters.encode(own, 0), body, 0);
    byte[] out = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];
    third = Arrays.copyOf(out, ThirdMessagePacket.write(out, 0, remoteId, body, bodyLength));
    System.arraycopy(out, 0, third, 0, third.length);
    keys = handshake.split();
  }

  private void readControl(byte[] datagram) {
    ControlPacket control = new ControlPacket();
    control.check(datagram, 0, datagram.length);
    if (control.kind() == ControlPacket.RETRY) {
      int from = control.cookieFrom();
      cookie = Arrays.copyOfRange(datagram, from, from + control.cookieLength());
    }
    heard.merge("control " + control.kind(), 1, Integer::sum);
  }

  private void readData(byte[] datagram) {
    byte[] plain = new byte[datagram.length];
    int length = keys().open(datagram, 0, datagram.length, largestOpened, nowNanos, plain, 0);
    if (length <= 0 && sent != null && datagram.length < 50) {
      return; // a reset, for an id in a datagram that was changed
    }
    assertTrue(length > 0, "what the endpoint sends opens");
    largestOpened = Math.max(largestOpened, keys().openedPacketNumber());
    assertTrue(reader.read(plain, 0, length, recorder) == null);
  }

  /** Counts frames by the handler's method, and remembers what CLOSE says. */
  private FrameHandler recorder() {
    return (FrameHandler)
        Proxy.newProxyInstance(
            HandPeer.class.getClassLoader(),
            new Class<?>[] {FrameHandler.class},
            (proxy, method, arguments) -> {
              heard.merge(method.getName(), 1, Integer::sum);
              if (method.getName().equals("onPathChallenge")) {
                challenge = (long) arguments[0];
              }
              if (method.getName().equals("onClose") && toldToClose == null) {
                toldToClose = CloseReason.ofCode((long) arguments[0]);
                int length = (int) arguments[4];
                closeText =
                    new String(
                        (byte[]) arguments[2], (int) arguments[3], length, StandardCharsets.UTF_8);
              }
              return null;
            });
  }

  /** The newest packet number of the endpoint that arrived here. */
  long largestOpened() {
    return largestOpened;
  }
}
