package io.posthorn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.SocketModel.Occupant;
import io.posthorn.SocketModel.Seat;
import io.posthorn.SocketModel.Sent;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * Real sockets at a few seats of the loopback device, used by one thread, each use held against a
 * {@link SocketModel}. Nothing is waited for that the model does not say must come, and for that at
 * most {@link #PATIENCE}.
 */
final class SocketWorld implements AutoCloseable {
  /** What must come and has not by then does not come; only failures take so long. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  /** For a close that may have nobody to wait for. */
  private static final Duration LINGER = Duration.ofMillis(200);

  /** For a connection to nobody. */
  private static final Duration NOBODY = Duration.ofMillis(20);

  static final Duration TURN = Duration.ofMillis(2);

  /** By which method a message is sent. */
  enum How {
    BYTES,
    SEND,
    TRY_SEND
  }

  private final Mode mode;
  private final Security security;
  private final SocketModel model;

  private boolean closedOne;
  private boolean reopenedOne;

  /** What is to hold. */
  final SocketVerdict verdict;

  /**
   * A world whose seats are taken when they are first used.
   *
   * @param mode of all its sockets
   * @param security of all its sockets
   * @param networks for each seat what lies under its sockets; empty for nothing
   */
  SocketWorld(Mode mode, Security security, List<String> networks) {
    this.mode = mode;
    this.security = security;
    this.model = new SocketModel(mode, networks);
    this.verdict = new SocketVerdict(this, mode, model);
  }

  // Seats.

  /** The occupant at a seat, the first one if nobody was there yet; it may be closed. */
  private Occupant at(int seat) throws IOException {
    Occupant occupant = model.seats.get(seat).occupant;
    return occupant == null ? begin(model.seats.get(seat)) : occupant;
  }

  /** Opens a socket at a seat where none is. */
  Occupant begin(Seat seat) throws IOException {
    InetSocketAddress address = seat.address;
    MessageSocket socket;
    try {
      socket = builder(seat, address == null ? 0 : address.getPort()).open();
    } catch (BindException taken) {
      socket = builder(seat, 0).open(); // somebody else on this machine was given the port
    }
    Occupant occupant = new Occupant(seat, socket);
    socket.onConnection(
        new ConnectionListener() {
          @Override
          public void closed(Connection connection, CloseReport report) {
            occupant.ended.add(connection);
          }
        });
    model.begin(occupant);
    return occupant;
  }

  private MessageSocketBuilder builder(Seat seat, int port) {
    MessageSocketBuilder builder =
        MessageSocket.builder()
            .mode(mode)
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .linger(LINGER);
    if (mode == Mode.RELIABLE) {
      builder.security(security).handshakeTimeout(PATIENCE);
    }
    return seat.network.isEmpty() ? builder : builder.impair(seat.network).impairSeed(seat.index);
  }

  /** Opens a socket at a seat again; where one is, that is an error. */
  void open(int seat) throws IOException {
    Occupant occupant = at(seat);
    if (occupant.closed) {
      begin(occupant.seat);
      reopenedOne = true;
      return;
    }
    int port = occupant.address.getPort();
    assertThrows(BindException.class, () -> builder(occupant.seat, port).open());
  }

  /** Closes a socket, or once more. */
  void closeSocket(int seat, boolean lingers) throws IOException {
    Occupant occupant = at(seat);
    model.end(occupant);
    closedOne = true;
    CloseReport report = occupant.socket.close(lingers ? LINGER : Duration.ZERO);
    assertTrue(occupant.socket.isClosed(), "closed, but open");
    assertNoneOpen(occupant);
    assertTrue(mode == Mode.RELIABLE || report.isComplete(), report.toString());
    for (Sent sent : model.sentBy(occupant)) {
      if (sent.receipt != null) {
        Outcome outcome = sent.receipt.await(PATIENCE);
        assertNotNull(outcome, () -> "no outcome although its socket is closed: " + sent);
      }
    }
  }

  /** Connections may be on their way out for a while. */
  void assertNoneOpen(Occupant occupant) {
    for (ConnectionInfo row : occupant.socket.connections()) {
      assertTrue(
          mode == Mode.RELIABLE
              && (row.state() == ConnectionInfo.State.CLOSING
                  || row.state() == ConnectionInfo.State.DRAINING),
          () -> "closed, but connected: " + row);
    }
  }

  // Connections.

  /** Connects to whoever is at another seat. */
  void connect(int seat, int to) throws IOException {
    Occupant occupant = at(seat);
    Occupant peer = at(to);
    if (mode == Mode.PLAIN) {
      assertThrows(
          UnsupportedOperationException.class, () -> occupant.socket.connect(peer.address));
      return;
    }
    if (occupant.closed) {
      assertThrows(SocketClosedException.class, () -> occupant.socket.connect(peer.address));
      return;
    }
    boolean broken = model.isBroken(occupant, peer.seat);
    try {
      Connection connection =
          occupant.socket.connect(peer.address, peer.closed ? NOBODY : PATIENCE);
      assertTrue(broken || !peer.closed, "connected to nobody");
      assertTrue(broken || connection.isOpen(), "connected, but not open");
      occupant.meet(connection);
    } catch (TransportException e) {
      assertTrue(broken || peer.closed, () -> "not connected: " + e);
      assertFalse(e instanceof SocketClosedException, () -> "the own socket is open: " + e);
    }
  }

  /** Takes a connection that somebody opened, if there is one. */
  void accept(int seat) throws IOException {
    Occupant occupant = at(seat);
    if (mode == Mode.PLAIN) {
      assertThrows(UnsupportedOperationException.class, () -> occupant.socket.accept(TURN));
    } else if (occupant.closed) {
      assertThrows(SocketClosedException.class, () -> occupant.socket.accept(TURN));
    } else {
      Connection connection = occupant.socket.accept(Duration.ZERO);
      if (connection != null) {
        assertTrue(occupant.accepted.add(connection), () -> "accepted twice: " + connection);
        occupant.meet(connection);
      }
    }
  }

  /** Closes one of the connections that an occupant knows. */
  void closeConnection(int seat, int which, boolean lingers) throws IOException {
    Occupant occupant = at(seat);
    Connection connection = occupant.connection(which);
    if (connection == null) {
      return;
    }
    boolean endedBefore = connection.failure() != null;
    model.breakApart(occupant, connection.remoteAddress());
    int code = 1 + which;
    CloseReport report = connection.close(code, "enough", lingers ? LINGER : Duration.ZERO);
    assertFalse(connection.isOpen(), "closed, but open");
    TransportException failure = connection.failure();
    assertNotNull(failure, "closed, but there is no end");
    if (!endedBefore && failure instanceof ConnectionClosedException end && !end.isByPeer()) {
      assertEquals(code, end.applicationCode());
      assertEquals(CloseCause.APPLICATION, report.cause());
      assertEquals("enough", report.text());
    }
    for (Sent sent : model.sentBy(occupant)) {
      if (connection.equals(sent.connection) && sent.receipt != null) {
        Outcome outcome = sent.receipt.await(PATIENCE);
        assertNotNull(outcome, () -> "no outcome although its connection is closed: " + sent);
        if (report.isComplete() && sent.isReliable()) {
          assertTrue(outcome.kind() != Outcome.Kind.CLOSED, () -> sent + " in spite of " + report);
        }
      }
    }
  }

  // Messages.

  /** Sends messages by a peer's address, one after the other. */
  void send(int seat, int to, How how, SocketModel.Draft draft) throws IOException {
    Occupant occupant = at(seat);
    Occupant peer = at(to);
    for (int i = 0; i < draft.count(); i++) {
      send(occupant, peer, how, draft);
    }
  }

  private void send(Occupant occupant, Occupant peer, How how, SocketModel.Draft draft)
      throws IOException {
    Sent sent = model.next(occupant, peer, draft, how != How.BYTES);
    Message message = sent.on(Message.to(peer.address));
    if (occupant.closed) {
      assertThrows(SocketClosedException.class, () -> give(occupant, how, sent, message));
      return;
    }
    try {
      give(occupant, how, sent, message);
      model.add(sent);
    } catch (MessagesLostException e) {
      assertTrue(model.isBroken(occupant, peer.seat), () -> "nothing can be lost: " + e);
    }
  }

  private static void give(Occupant occupant, How how, Sent sent, Message message)
      throws IOException {
    switch (how) {
      case BYTES -> occupant.socket.send(message.peer(), sent.body());
      case SEND -> sent.receipt = occupant.socket.send(message);
      case TRY_SEND -> {
        sent.receipt = occupant.socket.trySend(message);
        assertNotNull(sent.receipt, "no room in a buffer that is nearly empty");
      }
    }
  }

  /** Sends messages on one of the connections that an occupant knows. */
  void sendOn(int seat, int which, How how, SocketModel.Draft draft) throws IOException {
    Occupant occupant = at(seat);
    Connection connection = occupant.connection(which);
    if (connection == null) {
      return;
    }
    for (int i = 0; i < draft.count(); i++) {
      sendOn(occupant, connection, how, draft);
    }
  }

  private void sendOn(Occupant occupant, Connection connection, How how, SocketModel.Draft draft)
      throws IOException {
    boolean ended = connection.failure() != null || occupant.closed;
    Occupant peer = model.at(connection.remoteAddress());
    Sent sent = model.next(occupant, peer, draft, how != How.BYTES);
    sent.connection = connection;
    Message message = sent.on(connection.message());
    try {
      switch (how) {
        case BYTES -> connection.send(sent.body());
        case SEND -> sent.receipt = connection.send(message);
        case TRY_SEND -> {
          sent.receipt = connection.trySend(message);
          assertNotNull(sent.receipt, "no room in a buffer that is nearly empty");
        }
      }
      assertFalse(ended, "taken by a connection that had ended");
      model.add(sent);
    } catch (TransportException e) {
      TransportException why = connection.failure();
      assertTrue(why != null || occupant.closed, () -> "the connection is open: " + e);
      if (!(e instanceof SocketClosedException) || !occupant.closed) {
        assertSame(why == null ? null : why.getClass(), e.getClass(), e.toString());
      }
    }
  }

  /** Takes a message; waits for it if one must come. */
  void receive(int seat, boolean patient) throws IOException {
    Occupant occupant = at(seat);
    if (occupant.closed) {
      assertThrows(SocketClosedException.class, () -> occupant.socket.receive(TURN));
      return;
    }
    boolean due = patient && model.isDue(occupant);
    Message message = occupant.socket.receive(due ? PATIENCE : Duration.ZERO);
    assertTrue(message != null || !due, () -> "not received: " + model.dueTo(occupant));
    if (message != null) {
      take(occupant, message);
    }
  }

  /** Takes a message of one of the connections that an occupant knows, if it has one. */
  void receiveOn(int seat, int which) throws IOException {
    Occupant occupant = at(seat);
    Connection connection = occupant.connection(which);
    if (connection == null) {
      return;
    }
    try {
      Message message = connection.receive(Duration.ZERO);
      if (message != null) {
        assertFalse(occupant.closed, "received from a closed socket");
        assertTrue(
            message.connection() == null || connection.equals(message.connection()),
            "of another connection");
        take(occupant, message);
      }
    } catch (TransportException e) {
      assertTrue(
          occupant.closed || connection.failure() != null, () -> "the connection is open: " + e);
    }
  }

  /** Looks at a message that an occupant was given. */
  void take(Occupant occupant, Message message) {
    Sent sent = model.received(occupant, message.bytes(), message.connection());
    assertArrayEquals(sent.body(), message.bytes(), "not whole");
    assertEquals(sent.from.address, message.from(), "from another");
    assertEquals(mode == Mode.PLAIN ? 0 : sent.channel, message.channel());
    assertEquals(mode == Mode.PLAIN ? Delivery.UNRELIABLE : sent.delivery, message.delivery());
    occupant.taken.add(message);
    Connection connection = message.connection();
    if (connection != null) {
      occupant.meet(connection);
    }
  }

  /** Confirms one of the messages that an occupant took. */
  void confirm(int seat, int which) throws IOException {
    Occupant occupant = at(seat);
    if (!occupant.taken.isEmpty()) {
      Message message = occupant.taken.get(which % occupant.taken.size());
      message.confirm();
      if (!occupant.closed) {
        model.byBody(message.bytes()).confirmed = true;
      }
    }
  }

  /** Gives up one of the messages that were sent. */
  void cancel(int which) throws IOException {
    Sent sent = model.withReceipt(which);
    if (sent == null || sent.receipt == null) {
      return;
    }
    boolean settled = sent.receipt.outcome() != null;
    boolean cancelled = sent.receipt.cancel();
    assertFalse(cancelled && (settled || sent.from.closed), () -> "too late, but done: " + sent);
    if (cancelled) {
      sent.cancelled = true;
      Outcome outcome = sent.receipt.await(PATIENCE);
      assertNotNull(outcome, () -> "cancelled, and no outcome: " + sent);
      assertEquals(Outcome.Kind.CANCELLED, outcome.kind());
      assertFalse(sent.receipt.cancel(), "cancelled twice");
    }
  }

  /** Uses that no socket allows. */
  void misuse(int seat) throws IOException {
    Occupant occupant = at(seat);
    Message none = Message.to(occupant.address).body("on its way out");
    assertThrows(IllegalStateException.class, none::confirm);
    assertThrows(IllegalStateException.class, none::from);
    assertThrows(IllegalArgumentException.class, () -> Message.to(occupant.address).channel(64));
    InetSocketAddress nowhere = new InetSocketAddress(occupant.address.getAddress(), 0);
    assertThrows(IllegalArgumentException.class, () -> occupant.socket.send(nowhere, new byte[4]));
    Message keyless =
        Message.to(occupant.address).delivery(Delivery.RELIABLE_LATEST).body("of no key");
    assertThrows(IllegalArgumentException.class, () -> occupant.socket.send(keyless));
    if (!occupant.closed) {
      Message huge =
          Message.to(occupant.address).delivery(Delivery.UNRELIABLE).body(new byte[65_508]);
      assertThrows(MessageTooLargeException.class, () -> occupant.socket.send(huge));
    }
  }

  /** Whether a network lost something. */
  boolean hasLost() {
    return model.occupants.stream()
        .map(occupant -> occupant.socket.statistics())
        .anyMatch(seen -> seen.impaired("out.lost") + seen.impaired("in.lost") > 0);
  }

  /** Whether a step closed a socket. */
  boolean hasClosed() {
    return closedOne;
  }

  /** Whether a step took a seat again that had been left. */
  boolean hasReopened() {
    return reopenedOne;
  }

  /** Closes what a failure has left open. */
  @Override
  public void close() {
    for (Occupant occupant : model.occupants) {
      occupant.socket.close(Duration.ZERO);
    }
  }

  @Override
  public String toString() {
    return mode + " over " + model.networks();
  }
}
