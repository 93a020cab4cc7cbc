package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.fuzz.FuzzInput;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.handshake.ClearHandshake;
import io.posthorn.protocol.handshake.Handshake;
import io.posthorn.protocol.handshake.NoiseXX;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.SecondMessagePacket;
import io.posthorn.wire.ThirdMessagePacket;
import io.posthorn.wire.WireLimits;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A whole endpoint in one of the states of a connection, to which an input happens: datagrams from
 * strangers and from the peer, true ones changed, handshake messages and packets that are sealed
 * after they were made up, time, and an application. After each step: no exception, each datagram
 * counted at most once among the dropped, and at most three bytes to a stranger for each that came.
 * At the end it can be closed.
 *
 * <p>The first byte of an input chooses the {@linkplain #SUITES suite}; then each step is a byte
 * that says what, and its arguments.
 */
final class FuzzedEndpoint {
  static final int RAW = 0;
  static final int TO_CONNECTION = 1;
  static final int CHANGED = 2;
  static final int TIME = 3;
  static final int SEALED = 4;
  static final int APPLICATION = 5;
  static final int SEALED_HANDSHAKE = 6;
  static final int FIRST_MESSAGE = 7;

  /** The first byte of an input for a clear endpoint, a sealed one, and one with a shared key. */
  static final int[] SUITES = {1, 0, 2};

  private static final byte[] SHARED_KEY = new byte[32];
  private static final int MOST_STEPS = 40;

  private static final long SECOND_NANOS = 1_000_000_000L;
  private static final InetSocketAddress SERVER = HandPeer.address(9);

  /** How far things have come before the input. */
  enum State {
    /** Nobody was met. */
    IDLE,
    /** M2 went out and M3 has not come; and M1 went out to another and M2 has not come. */
    OPENING,
    /** Connected, and some messages went both ways. */
    CONNECTED
  }

  private final FuzzInput input;
  private final ReliableEndpoint endpoint;
  private final HandPeer peer;
  private final int suite;
  private final byte @Nullable [] sharedKey;
  private final List<byte[]> genuine = new ArrayList<>();
  private final Map<InetSocketAddress, long[]> strangers = new HashMap<>();
  private final TransmitBatch batch = new TransmitBatch();
  private final byte[] body = new byte[WireLimits.MAX_HANDSHAKE_BODY_BYTES];
  private final List<byte[]> heard = new ArrayList<>();
  private byte @Nullable [] firstToServer;
  private long connection;
  private long nowNanos;

  private FuzzedEndpoint(State state, FuzzInput input) {
    this.input = input;
    int choice = input.next();
    boolean clear = (choice & 1) != 0;
    this.sharedKey = !clear && (choice & 2) != 0 ? SHARED_KEY : null;
    this.suite =
        clear
            ? WireLimits.SUITE_CLEAR
            : sharedKey == null ? WireLimits.SUITE_NOISE_XX : WireLimits.SUITE_NOISE_XX_PSK3;
    Security sealed =
        sharedKey == null ? Security.ephemeral() : Security.preSharedKey(SHARED_KEY.clone());
    SocketOptions options = HandPeer.options(clear ? Security.none() : sealed, 4, 1 << 22);
    endpoint = HandPeer.endpoint(options, 1);
    peer = new HandPeer(endpoint, options, 1, 1);
    switch (state) {
      case IDLE -> genuine.add(peer.first());
      case OPENING -> {
        byte[] first = peer.first();
        peer.deliver(first);
        genuine.add(first);
        genuine.add(peer.third);
        endpoint.connect(SERVER, nowNanos);
        drain();
      }
      case CONNECTED -> {
        peer.connect();
        genuine.add(peer.third);
        byte[] packet = peer.packet(out -> out.channelData(0, 0, new byte[] {4, 1, 2}, 0, 3));
        genuine.add(packet);
        peer.deliver(packet);
        connection = peer.handle();
        peer.advance(SECOND_NANOS / 10);
        nowNanos = peer.nowNanos;
      }
    }
  }

  /** Lets an input happen; throws if something is wrong. */
  static void run(State state, byte[] bytes) {
    FuzzInput input = new FuzzInput(bytes);
    FuzzedEndpoint fuzzed = new FuzzedEndpoint(state, input);
    for (int steps = 0; input.hasMore() && steps < MOST_STEPS; steps++) {
      fuzzed.step();
    }
    fuzzed.close();
  }

  private void step() {
    int what = input.next();
    switch (what & 7) {
      case RAW -> deliver(input.next(input.nextShort() & 0x7ff), address(what >> 3));
      case TO_CONNECTION -> {
        byte[] datagram = input.next(input.nextShort() & 0x7ff);
        int at = datagram.length > 0 && datagram[0] == 4 ? 6 : 1;
        if (datagram.length >= at + Long.BYTES) {
          BigEndian.putLong(datagram, at, (what & 8) == 0 ? peer.remoteId : peer.ownId);
        }
        deliver(datagram, address(what >> 4));
      }
      case CHANGED -> deliver(changed(), address(what >> 3));
      case TIME -> advance(1_000_000L << (what >> 3 & 15));
      case SEALED -> sealed(what >> 3);
      case APPLICATION -> application(what >> 3);
      case SEALED_HANDSHAKE -> sealedHandshake(what >> 3);
      default -> {
        byte[] out = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];
        byte[] cookie = input.next(input.next() & 63);
        byte[] claimed = input.next(Math.max(32, input.next()));
        claimed = Arrays.copyOf(claimed, Math.max(32, claimed.length));
        int said = (what & 8) != 0 ? what >> 4 & 3 : suite;
        long id = (long) input.nextShort() << 20 | 1;
        FirstMessagePacket.write(out, 0, said, id, cookie, cookie.length, claimed, claimed.length);
        deliver(out, address(what >> 6));
      }
    }
  }

  private InetSocketAddress address(int which) {
    return switch (which & 3) {
      case 0, 1 -> peer.address;
      case 2 -> SERVER;
      default -> HandPeer.address(100 + (which >> 2 & 7));
    };
  }

  /** A true datagram, cut or with some bytes changed. */
  private byte[] changed() {
    if (genuine.isEmpty()) {
      return new byte[0];
    }
    byte[] datagram = genuine.get(input.next() % genuine.size()).clone();
    for (int changes = input.next() & 7; changes > 0 && datagram.length > 0; changes--) {
      datagram[input.nextShort() % datagram.length] ^= (byte) input.next();
    }
    return (input.next() & 1) == 0
        ? datagram
        : Arrays.copyOf(datagram, input.nextShort() % (datagram.length + 1));
  }

  /** Frames that are none perhaps, in a packet that verifies. */
  private void sealed(int how) {
    byte[] frames = input.next(Math.min(input.nextShort() & 0x7ff, HandPeer.MOST_FRAME_BYTES));
    if (peer.remoteId == 0 || peer.third.length == 0) {
      return;
    }
    if ((how & 7) == 7) {
      peer.nextNumber += 1L << (how >> 3); // numbers may be skipped
    }
    byte[] packet = peer.packet(frames);
    deliver(packet, (how & 7) == 6 ? HandPeer.address(103) : peer.address);
  }

  /** Parameters that are none perhaps, in a handshake message that verifies. */
  private void sealedHandshake(int how) {
    byte[] parameters = input.next(input.next());
    if ((how & 1) == 0) {
      third(parameters);
    } else {
      second(parameters);
    }
  }

  /** A new attempt of somebody who speaks well until M3. */
  private void third(byte[] parameters) {
    long id = 77;
    Handshake handshake =
        suite == WireLimits.SUITE_CLEAR
            ? ClearHandshake.initiator(id, peer.random)
            : NoiseXX.initiator(peer.identity, id, sharedKey, peer.random);
    byte[] first = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];
    int length = handshake.writeFirst(body, 0);
    FirstMessagePacket.write(first, 0, suite, id, new byte[0], 0, body, length);
    deliver(first, peer.address);
    for (byte[] answer : heard) {
      SecondMessagePacket second = new SecondMessagePacket();
      if (answer[0] == 5
          && second.check(answer, 0, answer.length) == DropReason.NONE
          && second.destinationConnectionId() == id) {
        byte[] payload = new byte[WireLimits.MAX_PARAMETERS_BYTES];
        assertTrue(
            handshake.readSecond(answer, second.bodyFrom(), second.bodyLength(), payload) > 0);
        length = handshake.writeThird(parameters, parameters.length, body, 0);
        byte[] out = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];
        int bytes = ThirdMessagePacket.write(out, 0, second.responderConnectionId(), body, length);
        deliver(Arrays.copyOf(out, bytes), peer.address);
        return;
      }
    }
  }

  /** An answer to the endpoint's own attempt. */
  private void second(byte[] parameters) {
    FirstMessagePacket asked = new FirstMessagePacket();
    byte[] first = firstToServer;
    if (first == null || asked.check(first, 0, first.length) != DropReason.NONE) {
      return;
    }
    long id = asked.initiatorConnectionId();
    Handshake handshake =
        suite == WireLimits.SUITE_CLEAR
            ? ClearHandshake.responder(id, peer.random)
            : NoiseXX.responder(peer.identity, id, sharedKey, peer.random);
    assertTrue(handshake.readFirst(first, asked.bodyFrom(), asked.bodyLength()));
    int length = handshake.writeSecond(parameters, parameters.length, body, 0);
    byte[] out = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];
    int bytes = SecondMessagePacket.write(out, 0, id, 4711, body, length);
    deliver(Arrays.copyOf(out, bytes), SERVER);
  }

  private void application(int how) {
    switch (how & 7) {
      case 0 -> {
        for (int i = 0; i < 8; i++) {
          ReceivedMessage message = endpoint.pollMessage(nowNanos);
          if (message == null) {
            break;
          }
          endpoint.confirm(message, nowNanos);
        }
      }
      case 1 -> endpoint.close(connection, how, "over", SECOND_NANOS, nowNanos);
      case 2 -> endpoint.connect(SERVER, nowNanos);
      default ->
          endpoint.send(
              new OutgoingMessage(
                  Endpoint.NO_CONNECTION,
                  peer.address,
                  how & 3,
                  Delivery.values()[input.next() % Delivery.values().length],
                  1,
                  new byte[input.nextShort() & 0xfff],
                  false,
                  Endpoint.NEVER,
                  (how & 16) != 0,
                  null),
              nowNanos);
    }
    drain();
  }

  private void deliver(byte[] datagram, InetSocketAddress from) {
    long before = drops();
    if (from.getAddress().getAddress()[3] >= 100) {
      strangers.computeIfAbsent(from, any -> new long[2])[0] += datagram.length;
    }
    heard.clear();
    endpoint.onDatagram(ByteBuffer.wrap(datagram), from, EcnMark.NOT_ECT, nowNanos);
    long dropped = drops() - before;
    assertTrue(dropped == 0 || dropped == 1, dropped + " drops of one datagram");
    drain();
  }

  private void drain() {
    for (int batches = 0; endpoint.pollTransmit(batch, nowNanos); batches++) {
      assertTrue(batches < 10_000, "it sends without end");
      for (int i = 0; i < batch.segments(); i++) {
        ByteBuffer segment = batch.segment(i);
        byte[] datagram = new byte[segment.remaining()];
        segment.get(datagram);
        InetSocketAddress to = batch.peer();
        if (to.equals(SERVER) && datagram[0] == 4) {
          firstToServer = datagram;
        }
        if (heard.size() < 64) {
          heard.add(datagram);
        }
        if (genuine.size() < 32) {
          genuine.add(datagram);
        }
        long[] budget = strangers.get(to);
        if (budget != null) {
          budget[1] += datagram.length;
          assertTrue(budget[1] <= 3 * budget[0], budget[1] + " bytes for " + budget[0]);
        }
      }
    }
    while (endpoint.pollEvent() != null) {
      // what it says is for others to check
    }
  }

  private long drops() {
    EndpointCounters counters = endpoint.counters();
    long sum = 0;
    for (DropReason reason : DropReason.values()) {
      sum += counters.drops(reason);
    }
    return sum;
  }

  /** Lets time pass, with the timers on the way. */
  private void advance(long nanos) {
    long until = nowNanos + nanos;
    int timers = 0;
    while (endpoint.nextTimeoutNanos() <= until) {
      nowNanos = Math.max(nowNanos, endpoint.nextTimeoutNanos());
      endpoint.onTimeout(nowNanos);
      drain();
      assertTrue(++timers < 20_000, "a storm of timers");
    }
    nowNanos = until;
  }

  /** Whatever was said to it, it ends in its time. */
  private void close() {
    endpoint.closeAll(SECOND_NANOS, nowNanos);
    drain();
    advance(60 * SECOND_NANOS);
    assertTrue(endpoint.isClosed(), "it does not end");
    assertEquals(0, endpoint.connections(nowNanos).size());
    endpoint.destroy();
  }

  /** Something that looks like a data packet. */
  static byte[] data(int length) {
    byte[] packet = new byte[length];
    Arrays.fill(packet, (byte) 11);
    return packet;
  }

  /** Writes an input. */
  static final class Script {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    /** Begins with one of {@link #SUITES}. */
    Script(int suite) {
      bytes.write(suite);
    }

    /** A step and its arguments. */
    Script step(int what, int how, int... arguments) {
      bytes.write(what | how << 3);
      for (int argument : arguments) {
        bytes.write(argument);
      }
      return this;
    }

    /** A step with a piece of bytes behind its length. */
    Script piece(int what, int how, byte[] piece) {
      step(what, how, piece.length >> 8, piece.length);
      bytes.writeBytes(piece);
      return this;
    }

    byte[] input() {
      return bytes.toByteArray();
    }
  }
}
