package io.posthorn.bench;

import io.posthorn.Connection;
import io.posthorn.ConnectionTimeoutException;
import io.posthorn.EcnMark;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.WireLimits;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What security costs. {@code handshakes}: how many a core does, without sockets, the listener's
 * part and both sides' together, each with a first message. {@code flood}: a transfer over
 * loopback, alone, beside a flood that goes elsewhere (which takes as much of the processor), and
 * beside the same flood of first messages from forged addresses to the port of the transfer; and
 * how long a new honest client takes meanwhile. {@code newcomers}: many of those, one by one.
 * {@code garbage}: as flood, of random bytes that look like packets of connections.
 */
public final class SecurityCost {
  private static final long STEP_NANOS = 5_000_000;
  private static final int FLOOD_SOCKETS = 1_024;
  private static final int NEWCOMERS = 26;

  private SecurityCost() {}

  /** Runs what the arguments name. */
  public static void main(String[] arguments) throws Exception {
    for (String each : arguments.length == 0 ? new String[] {"handshakes", "flood"} : arguments) {
      switch (each) {
        case "handshakes" -> handshakes();
        case "flood" -> flood(false);
        case "garbage" -> flood(true);
        case "newcomers" -> newcomers();
        default -> throw new IllegalArgumentException(each);
      }
    }
  }

  // Without sockets.

  private static final class Counted {
    final ReliableEndpoint endpoint;
    final TransmitBatch batch = new TransmitBatch();
    long nanos;
    long messages;

    Counted(ReliableEndpoint endpoint) {
      this.endpoint = endpoint;
    }

    /** Hands datagrams in and takes what it answers; counts the time. */
    List<byte[]> turn(List<byte[]> in, InetSocketAddress from, long nowNanos) {
      long begun = cpuNanos();
      for (byte[] datagram : in) {
        endpoint.onDatagram(ByteBuffer.wrap(datagram), from, EcnMark.NOT_ECT, nowNanos);
      }
      if (endpoint.nextTimeoutNanos() <= nowNanos) {
        endpoint.onTimeout(nowNanos);
      }
      List<byte[]> out = new ArrayList<>();
      while (endpoint.pollTransmit(batch, nowNanos)) {
        for (int i = 0; i < batch.segments(); i++) {
          ByteBuffer segment = batch.segment(i);
          byte[] bytes = new byte[segment.remaining()];
          segment.get(bytes);
          if (batch.peer().equals(from)) {
            out.add(bytes);
          }
        }
      }
      while (endpoint.pollMessage(nowNanos) != null) {
        messages++;
      }
      EndpointEvent event = endpoint.pollEvent();
      while (event != null) {
        event = endpoint.pollEvent();
      }
      nanos += cpuNanos() - begun;
      return out;
    }
  }

  /** Of this thread, so that a busy machine does not count. */
  private static long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static void handshakes() throws IOException {
    SocketOptions options = SocketOptions.defaults(Mode.RELIABLE);
    for (int round = 0; round < 6; round++) {
      Counted client =
          new Counted(new ReliableEndpoint(options, new SplittableRandom(1), any -> false));
      Counted server =
          new Counted(new ReliableEndpoint(options, new SplittableRandom(2), any -> false));
      long nowNanos = 0;
      int count = 0;
      long begun = System.nanoTime();
      while (System.nanoTime() - begun < 3_000_000_000L) {
        byte[] host = {10, (byte) (count >> 16), (byte) (count >> 8), (byte) count};
        InetSocketAddress peer = new InetSocketAddress(InetAddress.getByAddress(host), 9000);
        long begunHere = cpuNanos();
        client.endpoint.send(OutgoingMessage.ordered(0, peer, new byte[32]), nowNanos);
        long handle = client.endpoint.connect(peer, nowNanos);
        client.nanos += cpuNanos() - begunHere;
        List<byte[]> flying = client.turn(List.of(), peer, nowNanos);
        for (int turns = 0; turns < 3; turns++) {
          flying = server.turn(flying, peer, nowNanos);
          flying = client.turn(flying, peer, nowNanos);
        }
        client.endpoint.close(handle, 0, "", 0, nowNanos);
        server.turn(client.turn(flying, peer, nowNanos), peer, nowNanos);
        nowNanos += STEP_NANOS;
        count++;
      }
      if (server.messages != count) {
        throw new IllegalStateException(server.messages + " messages of " + count);
      }
      System.out.printf(
          Locale.ROOT,
          "handshakes with a first message: %,.0f a second and core for the listener alone, %,.0f"
              + " for both sides%n",
          count * 1e9 / server.nanos,
          count * 1e9 / (server.nanos + client.nanos));
    }
  }

  // Over loopback.

  private static void flood(boolean garbage) throws Exception {
    try (MessageSocket server = open();
        MessageSocket client = open();
        DatagramChannel sink =
            DatagramChannel.open()
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
      AtomicLong bytes = beginTransfer(client, server);
      InetSocketAddress elsewhere = (InetSocketAddress) sink.getLocalAddress();
      List<double[]> rounds = new ArrayList<>();
      for (int round = 0; round < 5; round++) {
        double alone = megabits(bytes, null);
        double besideOther;
        double flooded;
        double seconds;
        double rate;
        try (Flood flood = new Flood(elsewhere, garbage)) {
          besideOther = megabits(bytes, flood);
        }
        try (Flood flood = new Flood(server.localAddress(), garbage)) {
          flooded = megabits(bytes, flood);
          rate = flood.perSecond;
          long begun = System.nanoTime();
          try (MessageSocket late = open()) {
            late.connect(server.localAddress());
          }
          seconds = (System.nanoTime() - begun) / 1e9;
        }
        System.out.printf(
            Locale.ROOT,
            "alone %,.0f Mbit/s; flood elsewhere %,.0f; flood of %,.0f a second here %,.0f, %.2f of"
                + " that; a new client in %.3f s%n",
            alone,
            besideOther,
            rate,
            flooded,
            flooded / besideOther,
            seconds);
        rounds.add(new double[] {flooded / besideOther, flooded / alone, seconds});
      }
      System.out.printf(
          Locale.ROOT,
          "medians: %.2f of the goodput beside a flood elsewhere, %.2f of that alone, a new client in"
              + " %.3f s%n%s%n",
          median(rounds, 0),
          median(rounds, 1),
          median(rounds, 2),
          server.statistics());
    }
  }

  private static void newcomers() throws Exception {
    try (MessageSocket server = open();
        MessageSocket client = open()) {
      beginTransfer(client, server);
      double[] seconds = new double[NEWCOMERS];
      try (Flood flood = new Flood(server.localAddress(), false)) {
        measureFor(2_500);
        for (int i = 0; i < NEWCOMERS; i++) {
          long begun = System.nanoTime();
          seconds[i] = Double.POSITIVE_INFINITY;
          try (MessageSocket late = open()) {
            late.connect(server.localAddress());
            seconds[i] = (System.nanoTime() - begun) / 1e9;
          } catch (ConnectionTimeoutException unheard) {
            System.out.println("a new client was not heard: " + unheard.getMessage());
          }
          measureFor(i * 37 % 300);
        }
      }
      Arrays.sort(seconds);
      System.out.printf(
          Locale.ROOT,
          "%d new clients beside a transfer and a flood: median %.2f s, nine of ten within %.2f s,"
              + " all within %.2f s%n",
          NEWCOMERS,
          seconds[NEWCOMERS / 2],
          seconds[NEWCOMERS * 9 / 10],
          seconds[NEWCOMERS - 1]);
    }
  }

  private static MessageSocket open() throws IOException {
    return MessageSocket.builder()
        .mode(Mode.RELIABLE)
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .security(Security.ephemeral())
        .handshakeTimeout(Duration.ofSeconds(10))
        .open();
  }

  /** Sends for ever, from warm on; answers what counts the bytes that arrive. */
  private static AtomicLong beginTransfer(MessageSocket from, MessageSocket to) throws Exception {
    AtomicLong bytes = new AtomicLong();
    to.onMessage(message -> bytes.addAndGet(message.bytes().length));
    Connection connection = from.connect(to.localAddress());
    Thread transfer = new Thread(() -> send(connection), "transfer");
    transfer.setDaemon(true);
    transfer.start();
    measureFor(3_000);
    return bytes;
  }

  private static void send(Connection connection) {
    byte[] message = new byte[16_384];
    try {
      while (true) {
        connection.send(message);
      }
    } catch (IOException closed) {
      // the end
    }
  }

  private static double megabits(AtomicLong bytes, Flood flood) throws InterruptedException {
    measureFor(300);
    long before = bytes.get();
    long sentBefore = flood == null ? 0 : flood.sent;
    long begun = System.nanoTime();
    measureFor(1_500);
    double seconds = (System.nanoTime() - begun) / 1e9;
    if (flood != null) {
      flood.perSecond = (flood.sent - sentBefore) / seconds;
    }
    return (bytes.get() - before) * 8 / 1e6 / seconds;
  }

  /** What is measured goes on in other threads. */
  private static void measureFor(long millis) throws InterruptedException {
    new CountDownLatch(1).await(millis, TimeUnit.MILLISECONDS);
  }

  private static double median(List<double[]> rounds, int column) {
    double[] values = rounds.stream().mapToDouble(each -> each[column]).sorted().toArray();
    return values[values.length / 2];
  }

  /**
   * First messages, or garbage, all different, from many addresses of loopback, as fast as one
   * thread can.
   */
  private static final class Flood implements AutoCloseable {
    private final List<DatagramChannel> sockets = new ArrayList<>();
    private final Thread thread;
    volatile long sent;
    volatile double perSecond;
    private volatile boolean over;

    Flood(InetSocketAddress to, boolean garbage) throws IOException {
      SplittableRandom random = new SplittableRandom();
      for (int i = 0; i < FLOOD_SOCKETS; i++) {
        byte[] host = {127, (byte) (1 + random.nextInt(200)), (byte) random.nextInt(256), 7};
        DatagramChannel socket =
            DatagramChannel.open(java.net.StandardProtocolFamily.INET)
                .bind(new InetSocketAddress(InetAddress.getByAddress(host), 0));
        socket.configureBlocking(false);
        sockets.add(socket);
      }
      thread = new Thread(() -> run(to, garbage, random), "flood");
      thread.setDaemon(true);
      thread.start();
    }

    private void run(InetSocketAddress to, boolean garbage, SplittableRandom random) {
      byte[] body = new byte[32];
      byte[] out = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];
      ByteBuffer datagram = ByteBuffer.allocateDirect(out.length);
      try {
        while (!over) {
          random.nextBytes(body);
          Arrays.fill(out, 0, 64, (byte) 0);
          if (garbage) {
            System.arraycopy(body, 0, out, 0, body.length);
            out[0] = PacketHeader.DATA;
          } else {
            FirstMessagePacket.write(
                out,
                0,
                WireLimits.SUITE_NOISE_XX,
                random.nextLong(),
                new byte[0],
                0,
                body,
                body.length);
          }
          datagram.clear().put(out).flip();
          sent += sockets.get(random.nextInt(FLOOD_SOCKETS)).send(datagram, to) > 0 ? 1 : 0;
        }
      } catch (IOException closed) {
        // the end
      }
    }

    @Override
    public void close() throws IOException, InterruptedException {
      over = true;
      thread.join();
      for (DatagramChannel socket : sockets) {
        socket.close();
      }
    }
  }
}
