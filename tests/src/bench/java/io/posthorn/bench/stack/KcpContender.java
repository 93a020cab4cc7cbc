package io.posthorn.bench.stack;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import kcp.Kcp;

/**
 * KCP in clear: the protocol as kcp-base has it ({@code kcp.Kcp}), in a loop of this bench over a
 * {@code DatagramChannel}, for the artifact's own server names neither the queues nor the error
 * correction that it wants. Fast mode, no congestion control, each acknowledgement at once.
 */
final class KcpContender implements Contender {
  private static final int CONVERSATION = 1;
  private static final int DEFAULT_PACKET_BYTES = 1_400;
  private static final int WINDOW_PACKETS = 1_024;
  private static final int INTERVAL_MILLIS = 10;

  /** Packets that wait before a sender does. */
  private static final int BACKLOG_PACKETS = 2_048;

  /** The largest number of parts that KCP lets a message have, and a byte for it. */
  private static final int MAX_PARTS = 128;

  private final String name;
  private final Arrivals arrivals = new Arrivals();
  private final End client;
  private final End server;
  private final byte[] message;

  /** Bytes that go in one KCP message: a longer one of the bench is cut up, and counted once. */
  private final int chunkBytes;

  private long returned;

  KcpContender(String name, int packetBytes, int messageBytes, boolean pingPong)
      throws IOException {
    this.name = name;
    int packet = packetBytes == 0 ? DEFAULT_PACKET_BYTES : packetBytes;
    message = new byte[messageBytes];
    chunkBytes = Math.min(messageBytes, (packet - 24) * MAX_PARTS);
    boolean stream = name.contains("/stream");
    client = new End(packet, stream);
    server = new End(packet, stream);
    client.peer = server.address();
    server.peer = client.address();
    int chunks = (messageBytes + chunkBytes - 1) / chunkBytes;
    server.sink =
        new Sink() {
          private long bytes;

          @Override
          public void accept(ByteBuf part) {
            if (pingPong) {
              server.kcp.send(part);
              return;
            }
            bytes += part.readableBytes();
            while (bytes >= messageBytes) {
              bytes -= messageBytes;
              arrivals.add(1);
            }
          }
        };
    client.sink = part -> returned++;
    assert chunks > 0;
    Threads.start(name + "-server", server::run);
    Threads.start(name + "-client", client::run);
  }

  private interface Sink {
    void accept(ByteBuf part);
  }

  private static final class End {
    private final DatagramChannel channel;
    private final Selector selector = Selector.open();
    private final Kcp kcp;
    private final ByteBuffer in = ByteBuffer.allocateDirect(65_536);
    private final List<ByteBuf> parts = new ArrayList<>();
    private InetSocketAddress peer;
    private Sink sink = part -> {};
    private boolean answered;

    End(int packetBytes, boolean stream) throws IOException {
      channel =
          DatagramChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      channel.setOption(java.net.StandardSocketOptions.SO_RCVBUF, 4 << 20);
      channel.setOption(java.net.StandardSocketOptions.SO_SNDBUF, 4 << 20);
      channel.configureBlocking(false);
      SelectionKey unused = channel.register(selector, SelectionKey.OP_READ);
      kcp = new Kcp(CONVERSATION, (packet, from) -> transmit(packet));
      kcp.setByteBufAllocator(PooledByteBufAllocator.DEFAULT);
      kcp.setMtu(packetBytes);
      kcp.setSndWnd(WINDOW_PACKETS);
      kcp.setRcvWnd(WINDOW_PACKETS);
      kcp.nodelay(true, INTERVAL_MILLIS, 2, true);
      kcp.setAckNoDelay(true);
      kcp.setStream(stream);
    }

    InetSocketAddress address() throws IOException {
      return (InetSocketAddress) channel.getLocalAddress();
    }

    private void transmit(ByteBuf packet) {
      try {
        ByteBuffer bytes = packet.nioBuffer();
        while (bytes.hasRemaining() && channel.send(bytes, peer) == 0) {
          Thread.onSpinWait();
        }
      } catch (IOException e) {
        // Closed: that is how it ends.
      } finally {
        packet.release();
      }
    }

    private static long now() {
      return System.nanoTime() / 1_000_000;
    }

    void run() throws IOException {
      while (channel.isOpen()) {
        selector.select(1);
        selector.selectedKeys().clear();
        turn();
      }
    }

    synchronized void turn() throws IOException {
      in.clear();
      while (channel.receive(in) != null) {
        in.flip();
        ByteBuf packet = Unpooled.wrappedBuffer(in);
        kcp.input(packet, true, now());
        in.clear();
        deliver();
      }
      kcp.update(now());
      kcp.flush(false, now());
    }

    private void deliver() {
      while (kcp.canRecv()) {
        parts.clear();
        kcp.recv(parts);
        for (ByteBuf part : parts) {
          sink.accept(part);
          part.release();
        }
        answered = true;
        notifyAll();
      }
    }

    synchronized boolean offer(byte[] bytes, int from, int length) {
      if (kcp.waitSnd() > BACKLOG_PACKETS) {
        return false;
      }
      ByteBuf copy = PooledByteBufAllocator.DEFAULT.directBuffer(length);
      copy.writeBytes(bytes, from, length);
      int outcome = kcp.send(copy);
      copy.release(); // it keeps slices of it
      if (outcome < 0) {
        throw new IllegalStateException("KCP does not take " + length + " bytes");
      }
      return true;
    }

    synchronized void flush() {
      kcp.flush(false, now());
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void send() {
    for (int from = 0; from < message.length; from += chunkBytes) {
      int length = Math.min(chunkBytes, message.length - from);
      while (!client.offer(message, from, length)) {
        Thread.yield();
      }
    }
  }

  @Override
  public void flush() {
    client.flush();
  }

  @Override
  public long received() {
    return arrivals.get();
  }

  @Override
  public void roundTrip() throws IOException {
    synchronized (client) {
      long before = returned;
      client.answered = false;
      while (!client.offer(message, 0, message.length)) {
        Thread.onSpinWait();
      }
      client.flush();
      while (returned == before) {
        try {
          client.wait(1_000);
        } catch (InterruptedException e) {
          throw new IOException(e);
        }
      }
    }
  }

  @Override
  public void close() throws IOException {
    client.channel.close();
    server.channel.close();
  }
}
