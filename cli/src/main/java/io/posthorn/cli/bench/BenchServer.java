package io.posthorn.cli.bench;

import io.posthorn.AddressText;
import io.posthorn.Connection;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import java.io.Closeable;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The other end of tests: one UDP port, which serves both modes, and the TCP port of the same
 * number, for many clients at once.
 */
public final class BenchServer implements Closeable {
  private static final int MOST_SESSIONS = 1_024;
  private static final int MOST_CONNECTIONS = MOST_SESSIONS + 128;
  private static final int TCP_BACKLOG = 128;
  private static final long REFUSED_PAUSE_NANOS = 100_000_000;
  private static final int PORT_TRIES = 20;
  private static final long SWEEP_MILLIS = 1_000;

  /** Opens the sockets at the UDP port of an address, one for each mode that is served. */
  public interface Opener {
    /** Opens them, the one that owns the port first. */
    List<MessageSocket> open(InetSocketAddress at) throws IOException;
  }

  private final List<MessageSocket> udp;
  private final ServerSocket tcp;

  /** A TCP socket of the JDK's that is of IPv6 has IPv4 too. */
  private final boolean refusesIpv4;

  private final Consumer<SessionSummary> listener;
  private final BenchTokens tokens = new BenchTokens();
  private final Map<Long, ServerSession> sessions = new ConcurrentHashMap<>();
  private final EchoBudget echoed = new EchoBudget();
  private final TcpConnections connections = new TcpConnections(MOST_CONNECTIONS);
  private final Timer clock = new Timer("posthorn-bench-clock", true);

  private BenchServer(
      List<MessageSocket> udp,
      ServerSocket tcp,
      boolean refusesIpv4,
      Consumer<SessionSummary> listener) {
    this.udp = List.copyOf(udp);
    this.tcp = tcp;
    this.refusesIpv4 = refusesIpv4;
    this.listener = listener;
  }

  /**
   * Opens both ports and begins to serve.
   *
   * @param family of IPv4 or IPv6 for TCP of that alone; null for both
   * @param listener is told of each stream that has ended; may be called by any thread
   * @throws IOException if a port cannot be had
   */
  public static BenchServer open(
      InetSocketAddress at,
      @Nullable ProtocolFamily family,
      Opener opener,
      Consumer<SessionSummary> listener)
      throws IOException {
    for (int attempt = 1; ; attempt++) {
      List<MessageSocket> udp = opener.open(at);
      ServerSocket tcp = openTcp(family);
      try {
        tcp.setReuseAddress(true);
        int port = udp.get(0).localAddress().getPort();
        tcp.bind(new InetSocketAddress(at.getAddress(), port), TCP_BACKLOG);
      } catch (IOException failed) {
        tcp.close();
        closeAll(udp);
        if (failed instanceof BindException refused) {
          if (at.getPort() == 0 && attempt < PORT_TRIES) {
            continue; // that UDP port was free, the TCP port of its number is not
          }
          throw new TcpBindException(refused);
        }
        throw failed;
      }
      BenchServer server =
          new BenchServer(udp, tcp, family == StandardProtocolFamily.INET6, listener);
      server.begin();
      return server;
    }
  }

  private static ServerSocket openTcp(@Nullable ProtocolFamily family) throws IOException {
    return family == StandardProtocolFamily.INET
        ? ServerSocketChannel.open(family).socket()
        : new ServerSocket();
  }

  private void begin() {
    for (MessageSocket socket : udp) {
      socket.onMessage(new UdpSink(socket)::onMessage);
    }
    Thread acceptor = new Thread(this::accept, "posthorn-bench-acceptor");
    acceptor.setDaemon(true);
    acceptor.start();
    clock.schedule(
        new TimerTask() {
          @Override
          public void run() {
            sweep();
          }
        },
        SWEEP_MILLIS,
        SWEEP_MILLIS);
  }

  /** Where it serves; the TCP port has the same number. */
  public InetSocketAddress localAddress() {
    return udp.get(0).localAddress();
  }

  /** Whether no stream is under way. */
  public boolean isIdle() {
    return sessions.values().stream().allMatch(ServerSession::isOver);
  }

  /** Takes what comes at one socket; called by its thread alone. */
  private final class UdpSink {
    private final MessageSocket socket;
    private @Nullable ServerSession last;

    UdpSink(MessageSocket socket) {
      this.socket = socket;
    }

    void onMessage(Message message) {
      byte[] bytes = MessageLink.bytes(message);
      byte type = BenchMessage.type(bytes);
      ServerSession known = last;
      if (type == BenchMessage.DATA
          && known != null
          && known.token() == BenchMessage.token(bytes)) {
        known.onMessage(bytes);
        return;
      }
      Connection connection = message.connection();
      if (type == 0 || (socket.mode() == Mode.RELIABLE && connection == null)) {
        return;
      }
      BenchLink link = new MessageLink(socket, message.from(), connection, false);
      ServerSession session = BenchServer.this.onMessage(bytes, link, message.from());
      if (session != null) {
        last = session;
      }
    }
  }

  private void accept() {
    while (!tcp.isClosed()) {
      try {
        Socket socket = tcp.accept();
        InetSocketAddress from = (InetSocketAddress) socket.getRemoteSocketAddress();
        if (refusesIpv4 && from.getAddress() instanceof Inet4Address) {
          socket.close();
          continue;
        }
        TcpLink link = new TcpLink(socket);
        if (!connections.add(socket, System.nanoTime())) {
          link.close();
          continue;
        }
        link.deliverTo(new TcpSink(socket, link, from), "posthorn-bench-tcp");
      } catch (IOException refused) {
        if (!tcp.isClosed()) {
          // That client is gone already, or this process has no more descriptors for a while.
          LockSupport.parkNanos(REFUSED_PAUSE_NANOS);
        }
      }
    }
  }

  private final class TcpSink implements BenchLink.Sink {
    private final Socket socket;
    private final BenchLink link;
    private final InetSocketAddress from;
    private @Nullable ServerSession session;

    TcpSink(Socket socket, BenchLink link, InetSocketAddress from) {
      this.socket = socket;
      this.link = link;
      this.from = from;
    }

    @Override
    public void onMessage(byte[] message) {
      ServerSession known = session;
      if (known != null && BenchMessage.type(message) != 0) {
        known.onMessage(message);
        return;
      }
      session = BenchServer.this.onMessage(message, link, from);
      if (session != null) {
        connections.onTest(socket);
      }
    }

    @Override
    public void onEnd(IOException why) {
      ServerSession known = session;
      if (known != null) {
        known.onEnd(why);
      }
      connections.remove(socket);
      link.close();
    }
  }

  /** A message of any kind; answers the session that it belongs to, if there is one. */
  private @Nullable ServerSession onMessage(
      byte[] message, BenchLink link, InetSocketAddress from) {
    try {
      switch (BenchMessage.type(message)) {
        case BenchMessage.REQUEST -> onRequest(message, link, from);
        case BenchMessage.START -> {
          return onStart(message, link, from);
        }
        default -> {
          ServerSession session = sessions.get(BenchMessage.token(message));
          if (session != null) {
            session.onMessage(message);
          }
          return session;
        }
      }
    } catch (IOException gone) {
      return null; // whoever asked does not hear it
    }
    return null;
  }

  private void onRequest(byte[] message, BenchLink link, InetSocketAddress from)
      throws IOException {
    if (!BenchMessage.isPadded(message)) {
      return; // an answer could be larger: no answer
    }
    byte[] answer;
    try {
      check(BenchPlan.of(message, BenchMessage.HEADER_BYTES, message.length), link);
      answer = BenchMessage.control(BenchMessage.READY, token(link, from), 0);
    } catch (IllegalArgumentException wrong) {
      answer = BenchMessage.refusal(String.valueOf(wrong.getMessage()));
    }
    answer(link, answer);
  }

  /**
   * What a client asks it waits for, so there is room for the answer but where nothing is taken.
   */
  private static void answer(BenchLink link, byte[] answer) throws IOException {
    if (!link.trySend(answer)) {
      link.close(); // over plain datagrams that ends nothing: the client asks again
    }
  }

  private long token(BenchLink link, InetSocketAddress from) {
    return tokens.of(from, link instanceof TcpLink);
  }

  private void check(BenchPlan plan, BenchLink link) {
    if (sessions.size() >= MOST_SESSIONS) {
      throw new IllegalArgumentException("it serves " + MOST_SESSIONS + " streams already");
    }
    if (!link.isReliable() && plan.messageBytes() > 65_507) {
      throw new IllegalArgumentException("a datagram has at most 65507 bytes");
    }
  }

  private @Nullable ServerSession onStart(byte[] message, BenchLink link, InetSocketAddress from)
      throws IOException {
    long token = BenchMessage.token(message);
    if (!BenchMessage.isPadded(message) || token != token(link, from)) {
      return null;
    }
    ServerSession session = sessions.get(token);
    if (session == null) {
      BenchPlan plan;
      try {
        plan = BenchPlan.of(message, BenchMessage.HEADER_BYTES, message.length);
        check(plan, link);
      } catch (IllegalArgumentException wrong) {
        answer(link, BenchMessage.refusal(String.valueOf(wrong.getMessage())));
        return null;
      }
      EchoQueue echo = new EchoQueue(link, echoed);
      session = new ServerSession(plan, link, token, AddressText.of(from), echo, this::onOver);
      session.onStart();
      sessions.put(token, session);
      if (link instanceof MessageLink udp) {
        udp.whenEnded(session::onEnd);
      }
      answer(link, BenchMessage.control(BenchMessage.STARTED, token, 0));
      session.start();
      return session;
    }
    session.onStart();
    answer(link, BenchMessage.control(BenchMessage.STARTED, token, 0));
    return session;
  }

  private void onOver(ServerSession session) {
    listener.accept(SessionSummary.of(session));
    // Over plain datagrams the last answer may have been lost, and be asked for again.
    long keptMillis = session.isPlain() ? 10 * SWEEP_MILLIS : SWEEP_MILLIS;
    try {
      clock.schedule(
          new TimerTask() {
            @Override
            public void run() {
              sessions.remove(session.token());
            }
          },
          keptMillis);
    } catch (IllegalStateException closed) {
      sessions.remove(session.token()); // the server ends
    }
  }

  private void sweep() {
    long now = System.nanoTime();
    for (ServerSession session : new ArrayList<>(sessions.values())) {
      if (session.endIfStuck(now)) {
        sessions.remove(session.token());
      }
    }
    connections.silent(now).forEach(BenchServer::close);
  }

  /** Whoever reads from it is told and forgets it. */
  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException ignored) {
      return; // it is given up either way
    }
  }

  @Override
  public void close() {
    clock.cancel();
    try {
      tcp.close();
    } catch (IOException ignored) {
      // It is given up either way.
      sessions.clear();
    }
    connections.all().forEach(BenchServer::close);
    closeAll(udp);
  }

  /** Those that share the port of the first go before it. */
  private static void closeAll(List<MessageSocket> sockets) {
    for (int i = sockets.size() - 1; i >= 0; i--) {
      sockets.get(i).close();
    }
  }
}
