package io.posthorn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.posthorn.ChannelPriorities;
import io.posthorn.Delivery;
import io.posthorn.Security;
import io.posthorn.protocol.channel.Confirmations;
import io.posthorn.protocol.channel.Datagrams;
import io.posthorn.protocol.channel.IncomingChannels;
import io.posthorn.protocol.channel.ReceiveBudget;
import io.posthorn.protocol.channel.ReceiveMemory;
import io.posthorn.protocol.channel.ReceivedRun;
import io.posthorn.protocol.channel.SendLedger;
import io.posthorn.protocol.channel.UnorderedMessages;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whose turn it is among the kinds of messages that one connection has for the application. */
class InboxTest {
  private final ReceiveMemory memory = new ReceiveMemory(1 << 20);
  private final ReceiveBudget budget = new ReceiveBudget(1 << 20, 64 * 1024, false, memory);
  private final SendLedger ledger = new SendLedger(1 << 20);
  private final IncomingChannels ordered = new IncomingChannels(budget, memory);
  private final UnorderedMessages unordered =
      new UnorderedMessages(ledger, new Confirmations(), budget, ChannelPriorities.EQUAL);
  private final Datagrams datagrams = new Datagrams(ledger, memory);
  private final Inbox inbox =
      new Inbox(
          1,
          new PeerIdentity(
              Security.none(), new InetSocketAddress(InetAddress.getLoopbackAddress(), 9), true),
          ordered,
          unordered,
          datagrams);
  private final ReceivedRun run = new ReceivedRun();
  private long arrived;

  /** One message of each kind arrives. */
  private void arrive() {
    assertNull(ordered.onData(4, 2 * arrived, new byte[] {2, 9}, 0, 2));
    assertNull(unordered.onPart(arrived, 5, -1, 1, 0, new byte[] {9}, 0, 1));
    datagrams.onDatagram(6, -1, new byte[] {9}, 0, 1);
    arrived++;
  }

  /** What a handler of bodies is given next. */
  private Delivery next() {
    if (inbox.lendRun(run)) {
      inbox.endRun(run);
      return Delivery.RELIABLE_ORDERED;
    }
    ReceivedMessage message = inbox.poll();
    assertNotNull(message);
    return message.delivery();
  }

  @Test
  void theKindsTakeTurnsAlsoWhereMessagesAreLent() {
    List<Delivery> given = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      arrive();
      given.add(next());
    }
    List<Delivery> round =
        List.of(Delivery.RELIABLE_UNORDERED, Delivery.UNRELIABLE, Delivery.RELIABLE_ORDERED);
    assertEquals(round, given.subList(0, 3));
    assertEquals(round, given.subList(3, 6));
    while (inbox.hasMessage()) {
      given.add(next());
    }
    assertEquals(6, given.stream().filter(kind -> kind == Delivery.UNRELIABLE).count());
    assertEquals(6, given.stream().filter(kind -> kind == Delivery.RELIABLE_UNORDERED).count());
  }
}
