package io.posthorn.bench;

import io.posthorn.MessageSocket;
import io.posthorn.Security;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What idle connections hold of the heap: every client socket is connected to every server socket,
 * all in this process, and each connection has two ends here.
 *
 * <p>Arguments, each {@code name=value}: {@code servers}, {@code clients} (sockets), {@code
 * security} ({@code sealed} or {@code clear}), {@code settle} (milliseconds until the heap is
 * looked at, for what a handshake needs is kept for a while).
 */
public final class IdleConnections {
  private static final int COLLECTIONS = 4;

  private IdleConnections() {}

  /** Runs it. */
  public static void main(String[] arguments) throws IOException {
    Map<String, String> settings = new LinkedHashMap<>();
    for (String argument : arguments) {
      int at = argument.indexOf('=');
      settings.put(argument.substring(0, at), argument.substring(at + 1));
    }
    int serverCount = Integer.parseInt(settings.getOrDefault("servers", "20"));
    int clientCount = Integer.parseInt(settings.getOrDefault("clients", "200"));
    boolean clear = settings.getOrDefault("security", "sealed").equals("clear");
    long settleMillis = Long.parseLong(settings.getOrDefault("settle", "12000"));
    List<MessageSocket> servers = sockets(serverCount, clear);
    List<MessageSocket> clients = sockets(clientCount, clear);
    clients.get(0).connect(servers.get(0).localAddress()); // loads the classes
    long before = heapBytes();
    for (MessageSocket client : clients) {
      for (MessageSocket server : servers) {
        client.connect(server.localAddress());
      }
    }
    settle(settleMillis);
    long ends = 2L * (serverCount * (long) clientCount - 1);
    long after = heapBytes();
    long open = 0;
    for (MessageSocket server : servers) {
      open += server.connections().size();
    }
    System.out.printf(
        "%,d connections open, %s: %,d bytes of heap an end, %,d MB in all%n",
        open, clear ? "clear" : "sealed", (after - before) / ends, after >> 20);
    for (MessageSocket socket : clients) {
      socket.close();
    }
    for (MessageSocket socket : servers) {
      socket.close();
    }
  }

  /** Nothing says when the sockets have forgotten the handshakes. */
  private static void settle(long millis) {
    long until = System.nanoTime() + millis * 1_000_000;
    while (System.nanoTime() < until) {
      Thread.yield();
    }
  }

  private static List<MessageSocket> sockets(int count, boolean clear) throws IOException {
    List<MessageSocket> sockets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sockets.add(
          MessageSocket.builder()
              .security(clear ? Security.none() : Security.ephemeral())
              .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .open());
    }
    return sockets;
  }

  private static long heapBytes() {
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    for (int i = 0; i < COLLECTIONS; i++) {
      memory.gc();
    }
    return memory.getHeapMemoryUsage().getUsed();
  }
}
