package io.posthorn.bench.kryonet;

import com.esotericsoftware.kryonet.Client;
import com.esotericsoftware.kryonet.Connection;
import com.esotericsoftware.kryonet.Listener;
import com.esotericsoftware.kryonet.Server;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * A server and a client of KryoNet, over its TCP, for its UDP promises nothing. Loaded apart from
 * all else: its Kryo has the packages of Posthorn's. Only types of the JDK go in and out.
 */
public final class KryoNetEnds implements Runnable, LongSupplier, AutoCloseable {
  private final AtomicLong arrived = new AtomicLong();
  private final SynchronousQueue<Boolean> back = new SynchronousQueue<>();
  private final Server server;
  private final Client client;
  private final byte[] message;
  private final int bufferBytes;
  private final boolean pingPong;

  /** Connects the two. */
  public KryoNetEnds(int messageBytes, int bufferBytes, boolean pingPong) throws IOException {
    this.bufferBytes = Math.max(bufferBytes, 4 * (messageBytes + 16));
    this.pingPong = pingPong;
    message = new byte[messageBytes];
    server = new Server(this.bufferBytes, messageBytes + 64);
    client = new Client(this.bufferBytes, messageBytes + 64);
    server.getKryo().register(byte[].class);
    client.getKryo().register(byte[].class);
    server.addListener(
        new Listener() {
          @Override
          public void received(Connection connection, Object body) {
            if (!(body instanceof byte[])) {
              return;
            }
            if (pingPong) {
              connection.sendTCP(body);
            } else {
              arrived.incrementAndGet();
            }
          }
        });
    client.addListener(
        new Listener() {
          @Override
          public void received(Connection connection, Object body) {
            if (body instanceof byte[]) {
              try {
                back.put(true);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            }
          }
        });
    InetAddress host = InetAddress.getLoopbackAddress();
    int port;
    try (java.net.ServerSocket any = new java.net.ServerSocket(0, 1, host)) {
      port = any.getLocalPort();
    }
    server.bind(new InetSocketAddress(host, port), null);
    daemon(server).start();
    daemon(client).start();
    client.connect(5_000, host, port);
  }

  private static Thread daemon(Runnable run) {
    Thread thread = new Thread(run, "kryonet");
    thread.setDaemon(true);
    return thread;
  }

  /** Sends one; in ping-pong waits until it is back. */
  @Override
  public void run() {
    // KryoNet throws when its buffer is full, and has no other back-pressure.
    while (client.getTcpWriteBufferSize() > bufferBytes / 2) {
      Thread.yield();
    }
    client.sendTCP(message);
    if (pingPong) {
      try {
        back.take();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** How many have arrived. */
  @Override
  public long getAsLong() {
    return arrived.get();
  }

  @Override
  public void close() {
    client.stop();
    server.stop();
  }
}
