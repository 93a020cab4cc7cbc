package io.posthorn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What sockets may and must do, in plain lists: who sent what to whom, what of it was received, and
 * between whom something was ended on purpose. As long as nothing was, every reliable message must
 * arrive, once and in order, and no connection may end.
 */
final class SocketModel {
  /** What is said of a message, or of so many that are alike. */
  record Draft(int count, int channel, Delivery delivery, int key, int size, boolean confirm) {
    String text(boolean asBytes) {
      String what = count + " of " + size + " B";
      return asBytes
          ? what + " as bytes"
          : what
              + " on channel "
              + channel
              + ", "
              + delivery
              + (delivery == Delivery.RELIABLE_LATEST ? " of key " + key : "")
              + (confirm ? ", to be confirmed" : "");
    }
  }

  /** A place that sockets come and go at. */
  static final class Seat {
    final int index;
    final String network;
    @Nullable InetSocketAddress address;
    @Nullable Occupant occupant;

    Seat(int index, String network) {
      this.index = index;
      this.network = network;
    }
  }

  /** One socket from its opening to its close. */
  static final class Occupant {
    final Seat seat;
    final MessageSocket socket;
    final InetSocketAddress address;
    final List<Connection> connections = new ArrayList<>();
    final Set<Connection> accepted = new HashSet<>();
    final List<Message> taken = new ArrayList<>();
    final Queue<Connection> ended = new ConcurrentLinkedQueue<>();
    boolean closed;

    Occupant(Seat seat, MessageSocket socket) {
      this.seat = seat;
      this.socket = socket;
      this.address = socket.localAddress();
    }

    void meet(Connection connection) {
      if (!connections.contains(connection)) {
        connections.add(connection);
      }
    }

    @Nullable Connection connection(int which) {
      return connections.isEmpty() ? null : connections.get(which % connections.size());
    }
  }

  /** One message. */
  static final class Sent {
    final int id;
    final Occupant from;
    final Occupant to;
    final boolean toNobody;
    final int channel;
    final Delivery delivery;
    final int key;
    final int size;
    final boolean confirm;
    @Nullable Connection connection;
    @Nullable Receipt receipt;
    @Nullable Outcome outcome;
    boolean cancelled;
    boolean confirmed;
    boolean heardConfirmed;
    int received;

    Sent(int id, Occupant from, Occupant to, Draft draft, boolean asDrafted) {
      this.id = id;
      this.from = from;
      this.to = to;
      this.toNobody = to.closed;
      this.channel = asDrafted ? draft.channel : 0;
      this.delivery = asDrafted ? draft.delivery : Delivery.RELIABLE_ORDERED;
      this.key = draft.key;
      this.size = draft.size;
      this.confirm = asDrafted && draft.confirm;
    }

    boolean isReliable() {
      return delivery != Delivery.UNRELIABLE && delivery != Delivery.UNRELIABLE_SEQUENCED;
    }

    /** Begins with its number, so that no two are alike. */
    byte[] body() {
      byte[] body = new byte[size];
      new Random(id).nextBytes(body);
      ByteBuffer.wrap(body).putInt(0, id);
      return body;
    }

    Message on(Message.Draft message) {
      message.channel(channel).delivery(delivery).confirm(confirm);
      if (delivery == Delivery.RELIABLE_LATEST) {
        message.key(key);
      }
      return message.body(body());
    }

    /** Notes the outcome, which stays what it is. */
    void look() {
      Outcome now = receipt == null ? null : receipt.outcome();
      if (outcome != null) {
        assertEquals(outcome, now, () -> "another outcome: " + this);
      }
      outcome = now;
    }

    /** The truth of its outcome, when nothing can come any more. */
    void checkEnd() {
      if (receipt == null) {
        return;
      }
      Outcome end = outcome;
      assertNotNull(end, () -> "no outcome: " + this);
      assertTrue(end.mayHaveArrived() || received == 0, () -> "arrived all the same: " + this);
      boolean plain = from.socket.mode() == Mode.PLAIN;
      boolean possible =
          switch (end.kind()) {
            case ACKNOWLEDGED -> !plain && !toNobodyEver();
            case UNKNOWN -> plain;
            case CANCELLED -> cancelled;
            case LOST -> !plain && !isReliable();
            case SUPERSEDED -> !plain && delivery == Delivery.RELIABLE_LATEST;
            case CLOSED -> !plain;
            case EXPIRED, REFUSED -> false;
          };
      assertTrue(possible, () -> "no such outcome: " + this);
      assertEquals(end.kind() == Outcome.Kind.CLOSED, end.cause() != null, this::toString);
    }

    private boolean toNobodyEver() {
      return toNobody && to.seat.occupant == to;
    }

    @Override
    public String toString() {
      return "message "
          + id
          + " of seat "
          + from.seat.index
          + " to seat "
          + to.seat.index
          + (connection == null ? "" : " on " + connection)
          + ", channel "
          + channel
          + ", "
          + delivery
          + ", "
          + size
          + " B, received "
          + received
          + (receipt == null ? "" : ", " + receipt);
    }
  }

  /** One of the orders that messages keep. */
  private record Lane(Occupant to, Object connection, Delivery delivery, int number) {}

  final List<Seat> seats;
  final List<Occupant> occupants = new ArrayList<>();
  private final Mode mode;
  private final List<Sent> sent = new ArrayList<>();
  private final Map<Integer, Sent> byId = new HashMap<>();
  private final Set<List<Object>> broken = new HashSet<>();
  private final Map<Lane, Integer> newest = new HashMap<>();
  private int ids;

  SocketModel(Mode mode, List<String> networks) {
    this.mode = mode;
    this.seats =
        IntStream.range(0, networks.size()).mapToObj(i -> new Seat(i, networks.get(i))).toList();
  }

  List<String> networks() {
    return seats.stream().map(seat -> seat.network).toList();
  }

  // Who is there.

  void begin(Occupant occupant) {
    occupant.seat.address = occupant.address;
    occupant.seat.occupant = occupant;
    occupants.add(occupant);
  }

  List<Occupant> open() {
    return occupants.stream().filter(occupant -> !occupant.closed).toList();
  }

  /** Whoever was the last at an address. */
  Occupant at(InetSocketAddress address) {
    Occupant last = null;
    for (Occupant occupant : occupants) {
      last = occupant.address.equals(address) ? occupant : last;
    }
    assertNotNull(last, () -> "nobody was ever at " + address);
    return last;
  }

  // What was ended on purpose.

  /** A socket is being closed: all that anybody has with its seat may end. */
  void end(Occupant occupant) {
    occupant.closed = true;
    for (Occupant other : occupants) {
      breakApart(other, occupant.address);
    }
  }

  /** A connection to an address is being closed. */
  void breakApart(Occupant occupant, InetSocketAddress address) {
    Occupant peer = at(address);
    broken.add(List.of(occupant, peer.seat));
    for (Occupant any : occupants) {
      if (any.seat == peer.seat) {
        broken.add(List.of(any, occupant.seat));
      }
    }
  }

  /** Whether what an occupant has with a seat may have ended. */
  boolean isBroken(Occupant occupant, Seat seat) {
    return broken.contains(List.of(occupant, seat));
  }

  boolean isCalm(Sent message) {
    return !message.toNobody
        && !message.to.closed
        && !isBroken(message.from, message.to.seat)
        && !isBroken(message.to, message.from.seat);
  }

  /** Whether nothing that an occupant sent can have been lost by an end. */
  boolean isCalm(Occupant occupant) {
    return sentBy(occupant).stream().allMatch(this::isCalm);
  }

  /** Whether the sender must hear of a confirmation. */
  boolean isConfirmed(Sent message) {
    Outcome outcome = message.outcome;
    return mode == Mode.RELIABLE
        && message.isReliable()
        && message.confirm
        && message.confirmed
        && outcome != null
        && outcome.isAcknowledged()
        && (isCalm(message) || message.heardConfirmed);
  }

  // Messages.

  Sent next(Occupant from, Occupant to, Draft draft, boolean asDrafted) {
    return new Sent(ids++, from, to, draft, asDrafted);
  }

  /** A message was taken by a socket. */
  void add(Sent message) {
    sent.add(message);
    byId.put(message.id, message);
    if (mode == Mode.PLAIN && message.receipt != null) {
      Outcome outcome = message.receipt.outcome();
      assertNotNull(outcome, "plain mode knows nothing, and says so at once");
      assertEquals(Outcome.Kind.UNKNOWN, outcome.kind());
    }
  }

  List<Sent> all() {
    return sent;
  }

  List<Sent> sentBy(Occupant occupant) {
    return sent.stream().filter(message -> message.from == occupant).toList();
  }

  @Nullable Sent withReceipt(int which) {
    List<Sent> some = sent.stream().filter(message -> message.receipt != null).toList();
    return some.isEmpty() ? null : some.get(which % some.size());
  }

  boolean isWrittenTo(Seat seat) {
    return sent.stream().anyMatch(message -> message.to.seat == seat);
  }

  Sent byBody(byte[] body) {
    assertTrue(body.length >= 4, "invented");
    Sent message = byId.get(ByteBuffer.wrap(body).getInt());
    assertNotNull(message, "invented");
    return message;
  }

  /** A message was handed over; fails if it may not have been. */
  Sent received(Occupant by, byte[] body, @Nullable Connection connection) {
    Sent message = byBody(body);
    assertEquals(message.to.address, by.address, () -> "sent to somebody else: " + message);
    assertTrue(
        occupants.indexOf(by) >= occupants.indexOf(message.to), () -> "before it: " + message);
    if (mode == Mode.RELIABLE) {
      inOrder(message, by, connection);
    }
    message.received++;
    assertTrue(message.received <= mostCopies(message), () -> "again: " + message);
    return message;
  }

  private int mostCopies(Sent message) {
    boolean copied = message.from.seat.network.contains("duplicate");
    boolean again = message.to.seat.network.contains("duplicate");
    return mode == Mode.RELIABLE ? 1 : (copied ? 2 : 1) * (again ? 2 : 1);
  }

  private void inOrder(Sent message, Occupant by, @Nullable Connection connection) {
    int number = message.delivery == Delivery.RELIABLE_LATEST ? message.key : message.channel;
    if (message.delivery == Delivery.RELIABLE_UNORDERED
        || message.delivery == Delivery.UNRELIABLE) {
      return;
    }
    if (connection != null) {
      Lane lane = new Lane(by, connection, message.delivery, number);
      Integer before = newest.put(lane, message.id);
      assertTrue(
          before == null || before < message.id,
          () -> "older than message " + before + ": " + message);
    }
    if (message.delivery == Delivery.RELIABLE_ORDERED && isCalm(message)) {
      for (Sent earlier : sent) {
        if (earlier.id < message.id
            && earlier.from == message.from
            && earlier.to == message.to
            && earlier.delivery == Delivery.RELIABLE_ORDERED
            && earlier.channel == message.channel
            && Objects.equals(earlier.connection, message.connection)
            && !earlier.cancelled) {
          assertFalse(earlier.received == 0, () -> "before " + earlier + ": " + message);
        }
      }
    }
  }

  // What must come.

  boolean isDue(Occupant occupant) {
    return !dueTo(occupant).isEmpty();
  }

  List<Sent> dueTo(Occupant occupant) {
    return sent.stream().filter(message -> message.to == occupant && isDue(message)).toList();
  }

  private boolean isDue(Sent message) {
    if (message.received > 0
        || message.cancelled
        || message.toNobody
        || message.to.closed
        || isReplaced(message)) {
      return false;
    }
    if (mode == Mode.PLAIN) {
      boolean perfect = message.from.seat.network.isEmpty() && message.to.seat.network.isEmpty();
      return perfect && !message.from.closed;
    }
    message.look();
    Outcome outcome = message.outcome;
    return switch (message.delivery) {
      case RELIABLE_ORDERED, RELIABLE_UNORDERED, RELIABLE_LATEST ->
          isCalm(message) || (outcome != null && outcome.isAcknowledged());
      case UNRELIABLE, UNRELIABLE_SEQUENCED -> false;
    };
  }

  /** Whether there is a newer message of the same key. */
  private boolean isReplaced(Sent message) {
    return message.delivery == Delivery.RELIABLE_LATEST
        && sent.stream()
            .anyMatch(
                other ->
                    other.id > message.id
                        && other.delivery == Delivery.RELIABLE_LATEST
                        && other.key == message.key
                        && other.from == message.from
                        && other.to.seat == message.to.seat);
  }

  /** Messages that must still arrive, and receipts without an outcome. */
  List<Sent> unsettled() {
    return sent.stream()
        .filter(
            message ->
                isDue(message) || (message.receipt != null && message.receipt.outcome() == null))
        .toList();
  }
}
