package io.posthorn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.SocketModel.Occupant;
import io.posthorn.SocketModel.Seat;
import io.posthorn.SocketModel.Sent;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What must hold of a {@link SocketWorld} after each step, and what must have become of everything
 * in the end.
 */
final class SocketVerdict {
  private final SocketWorld world;
  private final Mode mode;
  private final SocketModel model;

  SocketVerdict(SocketWorld world, Mode mode, SocketModel model) {
    this.world = world;
    this.mode = mode;
    this.model = model;
  }

  /** What must hold at any time. */
  void check() {
    for (Occupant occupant : model.occupants) {
      for (Connection ended : occupant.ended) {
        assertTrue(
            model.isBroken(occupant, model.at(ended.remoteAddress()).seat),
            () -> ended + " ended by itself: " + ended.failure());
      }
      SocketStatistics statistics = occupant.socket.statistics();
      assertEquals(mode, statistics.mode());
      assertTrue(statistics.messagesReceived() >= occupant.taken.size(), statistics.toString());
      assertTrue(statistics.messagesSent() <= model.sentBy(occupant).size(), statistics.toString());
      assertEquals(0, statistics.handlerFailures());
      if (occupant.closed || mode == Mode.PLAIN) {
        world.assertNoneOpen(occupant);
      }
    }
    for (Sent sent : model.all()) {
      sent.look();
    }
  }

  /** Lets come what must come, and asks of everything what became of it. */
  void settle() throws Exception {
    for (Seat seat : model.seats) {
      if (seat.occupant != null && seat.occupant.closed && model.isWrittenTo(seat)) {
        world.begin(seat); // so that those who wrote there learn of it
      }
    }
    long deadline = System.nanoTime() + SocketWorld.PATIENCE.toNanos();
    while (!isSettled()) {
      for (Occupant occupant : model.open()) {
        Message message = occupant.socket.receive(SocketWorld.TURN);
        if (message != null) {
          world.take(occupant, message);
          deadline = System.nanoTime() + SocketWorld.PATIENCE.toNanos();
        }
      }
      assertTrue(System.nanoTime() < deadline, () -> "stuck: " + model.unsettled());
    }
    for (Occupant occupant : model.open()) {
      takeTheRest(occupant);
    }
    for (Sent sent : model.all()) {
      Receipt receipt = sent.receipt;
      if (receipt != null && model.isConfirmed(sent)) {
        processed(sent, receipt, true);
      }
    }
    check();
    List<Occupant> calm = model.open().stream().filter(one -> model.isCalm(one)).toList();
    for (Occupant occupant : model.open()) {
      world.closeSocket(occupant.seat.index, true);
    }
    for (Occupant occupant : calm) { // by now all lanes are empty
      long sent = occupant.socket.statistics().messagesSent();
      assertEquals(model.sentBy(occupant).size(), sent, "messages sent");
    }
    check();
    for (Sent sent : model.all()) {
      sent.checkEnd();
      Receipt receipt = sent.receipt;
      if (receipt != null) {
        processed(sent, receipt, model.isConfirmed(sent));
      }
    }
  }

  /** Copies of what had to come, and what need not come: each is looked at, and all are counted. */
  private void takeTheRest(Occupant occupant) throws IOException {
    long deadline = System.nanoTime() + SocketWorld.PATIENCE.toNanos();
    long counted;
    do {
      Message more = occupant.socket.receive(SocketWorld.TURN);
      while (more != null) {
        world.take(occupant, more);
        more = occupant.socket.receive(SocketWorld.TURN);
      }
      counted = occupant.socket.statistics().messagesReceived();
    } while (counted != occupant.taken.size() && System.nanoTime() < deadline);
    assertEquals(occupant.taken.size(), counted, "messages received");
  }

  private boolean isSettled() {
    return model.unsettled().isEmpty();
  }

  /** Whether the confirmation of a message must have come, or must not come any more. */
  private void processed(Sent sent, Receipt receipt, boolean confirmed)
      throws InterruptedException {
    try {
      assertNull(receipt.processed().get(SocketWorld.PATIENCE.toSeconds(), TimeUnit.SECONDS));
      assertTrue(sent.confirmed && mode == Mode.RELIABLE, () -> "nobody confirmed: " + sent);
      sent.heardConfirmed = true;
    } catch (TimeoutException e) {
      throw new AssertionError("neither confirmed nor not: " + sent, e);
    } catch (ExecutionException e) {
      assertTrue(e.getCause() instanceof TransportException, e::toString);
      assertFalse(confirmed, () -> "confirmed, but not processed: " + sent);
    }
  }
}
