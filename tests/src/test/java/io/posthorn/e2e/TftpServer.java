package io.posthorn.e2e;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * A server of the Trivial File Transfer Protocol (RFC 1350) that answers and never sends anything
 * twice. It serves over whatever {@link DatagramSocket}s it gets: one for requests and, as the RFC
 * says, a new one for each transfer.
 */
final class TftpServer implements AutoCloseable {
  private static final int READ = 1;
  private static final int WRITE = 2;
  private static final int DATA = 3;
  private static final int ACK = 4;
  private static final int BLOCK_BYTES = 512;

  private final Callable<DatagramSocket> opener;
  private final Supplier<SocketAddress> client;
  private final Map<String, byte[]> files = new ConcurrentHashMap<>();
  private final Map<String, Integer> heard = new TreeMap<>();
  private final List<DatagramSocket> sockets = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private int lastBlock;

  /**
   * Serves until closed.
   *
   * @param requests where clients ask
   * @param opener opens a socket for a transfer
   * @param client where the client who asked is reached from such a socket: an address translator
   *     hides that from the server
   */
  TftpServer(
      DatagramSocket requests, Callable<DatagramSocket> opener, Supplier<SocketAddress> client) {
    this.opener = opener;
    this.client = client;
    serve(requests, new Transfer());
  }

  Map<String, byte[]> files() {
    return files;
  }

  /** The most often that one and the same packet came; 1 if the client sent none again. */
  synchronized int mostRepeated() {
    return heard.values().stream().mapToInt(Integer::intValue).max().orElse(0);
  }

  /** The block that came or was acknowledged last. */
  synchronized int lastBlock() {
    return lastBlock;
  }

  private synchronized void serve(DatagramSocket socket, Transfer transfer) {
    sockets.add(socket);
    Thread thread = new Thread(() -> receiveAll(socket, transfer), "tftp-server");
    threads.add(thread);
    thread.start();
  }

  private void receiveAll(DatagramSocket socket, Transfer transfer) {
    DatagramPacket packet = new DatagramPacket(new byte[1_024], 1_024);
    try {
      while (true) {
        socket.receive(packet);
        ByteBuffer in = ByteBuffer.wrap(packet.getData(), 0, packet.getLength());
        int code = in.getShort();
        if (code == READ || code == WRITE) {
          note(code, 0);
          byte[] text = new byte[in.remaining()];
          in.get(text);
          begin(code, new String(text, US_ASCII).split("\0", 2)[0]);
        } else {
          int block = Short.toUnsignedInt(in.getShort());
          note(code, block);
          byte[] answer = code == DATA ? transfer.written(in, block) : transfer.next(block);
          if (answer != null) {
            socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
          }
        }
      }
    } catch (IOException e) {
      // closed: done
    }
  }

  private synchronized void note(int code, int block) {
    heard.merge(code + " " + block, 1, Integer::sum);
    lastBlock = block;
  }

  private void begin(int code, String name) throws IOException {
    DatagramSocket socket;
    try {
      socket = opener.call();
    } catch (Exception e) {
      throw new IOException(e);
    }
    Transfer transfer = new Transfer();
    transfer.name = name;
    transfer.reading = code == READ ? files.get(name) : new byte[0];
    byte[] answer = code == READ ? transfer.next(0) : header(ACK, 0);
    socket.send(new DatagramPacket(answer, answer.length, client.get()));
    serve(socket, transfer);
  }

  private final class Transfer {
    private final ByteArrayOutputStream writing = new ByteArrayOutputStream();
    private String name = "";
    private byte[] reading = {};

    byte[] written(ByteBuffer in, int block) {
      boolean isLast = in.remaining() < BLOCK_BYTES;
      byte[] bytes = new byte[in.remaining()];
      in.get(bytes);
      writing.writeBytes(bytes);
      if (isLast) {
        files.put(name, writing.toByteArray());
      }
      return header(ACK, block);
    }

    /** The block after the one that was acknowledged; null if that was the last, a short one. */
    byte[] next(int acknowledged) {
      int from = acknowledged * BLOCK_BYTES;
      if (from > reading.length) {
        return null;
      }
      int to = Math.min(reading.length, from + BLOCK_BYTES);
      byte[] packet = Arrays.copyOf(header(DATA, acknowledged + 1), 4 + to - from);
      System.arraycopy(reading, from, packet, 4, to - from);
      return packet;
    }
  }

  private static byte[] header(int code, int block) {
    return ByteBuffer.allocate(4).putShort((short) code).putShort((short) block).array();
  }

  @Override
  public void close() {
    List<Thread> ending;
    synchronized (this) {
      sockets.forEach(DatagramSocket::close);
      ending = List.copyOf(threads);
    }
    for (Thread thread : ending) {
      join(thread);
    }
  }

  /** Waits for a thread that ends soon; an interrupt cuts it short. */
  static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
