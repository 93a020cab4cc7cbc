package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.DraftOptions;
import io.posthorn.EcnMark;
import io.posthorn.Mode;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.protocol.channel.ReceivedRun;
import io.posthorn.wire.DropReason;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class PlainEndpointTest {
  private static final InetSocketAddress ONE = address(1);
  private static final InetSocketAddress TWO = address(2);

  private final TransmitBatch batch = new TransmitBatch();

  private static InetSocketAddress address(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  private static PlainEndpoint endpoint(int sendBytes, long receiveBytes) {
    DraftOptions options = DraftOptions.of(Mode.PLAIN);
    options.sendBufferBytes = sendBytes;
    options.socketReceiveBytes = receiveBytes;
    return new PlainEndpoint(options.done());
  }

  private static OutgoingMessage message(InetSocketAddress to, byte[] body, Object receipt) {
    return new OutgoingMessage(
        Endpoint.NO_CONNECTION,
        to,
        0,
        Delivery.UNRELIABLE,
        -1,
        body,
        false,
        Endpoint.NEVER,
        false,
        receipt);
  }

  private static SendOutcome send(PlainEndpoint endpoint, InetSocketAddress to, int bytes) {
    return endpoint.send(message(to, new byte[bytes], "receipt"), 0);
  }

  private static void arrive(PlainEndpoint endpoint, int bytes) {
    endpoint.onDatagram(ByteBuffer.allocate(bytes), ONE, EcnMark.UNKNOWN, 0);
  }

  @Test
  void oneAddressOnTwoLinksIsTwoPeers() {
    PlainEndpoint endpoint = endpoint(1 << 20, 1 << 20);
    for (int link : new int[] {1, 2, 2}) {
      assertEquals(SendOutcome.ACCEPTED, send(endpoint, HandPeer.onLink(link), 100));
    }
    for (int link = 1; link <= 2; link++) {
      assertTrue(endpoint.pollTransmit(batch, 0));
      assertEquals(link, batch.segments());
      assertEquals(link, ((Inet6Address) batch.peer().getAddress()).getScopeId());
    }
  }

  @Test
  void equalSizesToOnePeerLeaveTogetherAndAShorterOneEndsTheRun() {
    PlainEndpoint endpoint = endpoint(1 << 20, 1 << 20);
    for (int bytes : new int[] {100, 100, 40, 100}) {
      assertEquals(SendOutcome.ACCEPTED, send(endpoint, ONE, bytes));
    }
    assertTrue(endpoint.pollTransmit(batch, 0));
    assertEquals(3, batch.segments());
    assertEquals(240, batch.lengthBytes());
    assertTrue(endpoint.pollTransmit(batch, 0));
    assertEquals(1, batch.segments());
    assertFalse(endpoint.pollTransmit(batch, 0));
    assertEquals(4, endpoint.counters().datagramsSent);
    assertEquals(340, endpoint.counters().bytesSent);
  }

  @Test
  void anotherPeerALongerOrAnEmptyMessageBeginsAnotherRun() {
    PlainEndpoint endpoint = endpoint(1 << 20, 1 << 20);
    send(endpoint, ONE, 100);
    send(endpoint, TWO, 100);
    send(endpoint, TWO, 101);
    send(endpoint, TWO, 0);
    send(endpoint, TWO, 0);
    List<Integer> sizes = new ArrayList<>();
    while (endpoint.pollTransmit(batch, 0)) {
      assertEquals(1, batch.segments());
      sizes.add(batch.segment(0).remaining());
    }
    assertEquals(List.of(100, 100, 101, 0, 0), sizes);
  }

  @Property(tries = 200)
  void everyMessageLeavesOnceWholeAndInOrder(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 200) int count) {
    PlainEndpoint endpoint = endpoint(1 << 30, 1 << 20);
    Random random = new Random(seed);
    List<byte[]> sent = new ArrayList<>();
    List<InetSocketAddress> to = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] body = new byte[random.nextInt(4) == 0 ? random.nextInt(3_000) : 50];
      random.nextBytes(body);
      InetSocketAddress peer = random.nextInt(5) == 0 ? TWO : ONE;
      assertEquals(SendOutcome.ACCEPTED, endpoint.send(message(peer, body, seed), 0));
      sent.add(body);
      to.add(peer);
    }
    int at = 0;
    while (endpoint.pollTransmit(batch, 0)) {
      assertTrue(batch.segments() <= 64);
      for (int i = 0; i < batch.segments(); i++) {
        ByteBuffer segment = batch.segment(i);
        byte[] got = new byte[segment.remaining()];
        segment.get(got);
        assertArrayEquals(sent.get(at), got);
        assertEquals(to.get(at), batch.peer());
        at++;
      }
    }
    assertEquals(count, at);
  }

  @Test
  void receiptSettlesAsUnknownAtOnce() {
    PlainEndpoint endpoint = endpoint(1 << 20, 1 << 20);
    send(endpoint, ONE, 10);
    EndpointEvent.ReceiptSettled settled =
        assertInstanceOf(EndpointEvent.ReceiptSettled.class, endpoint.pollEvent());
    assertEquals("receipt", settled.receipt());
    assertEquals(ReceiptOutcome.UNKNOWN, settled.outcome());
    assertTrue(settled.mayHaveArrived());
    assertNull(endpoint.pollEvent());
  }

  @Test
  void fullQueueBlocksAndTellsWhenThereIsRoom() {
    PlainEndpoint endpoint = endpoint(1_000, 1 << 20);
    assertEquals(SendOutcome.ACCEPTED, send(endpoint, ONE, 800));
    assertEquals(SendOutcome.BLOCKED, send(endpoint, TWO, 800));
    assertInstanceOf(EndpointEvent.ReceiptSettled.class, endpoint.pollEvent());
    assertNull(endpoint.pollEvent(), "nothing is said of what was not taken");
    assertTrue(endpoint.pollTransmit(batch, 0));
    EndpointEvent.Writable writable =
        assertInstanceOf(EndpointEvent.Writable.class, endpoint.pollEvent());
    assertEquals(TWO, writable.peer());
    assertEquals(SendOutcome.ACCEPTED, send(endpoint, TWO, 800));
  }

  @Test
  void messageLargerThanTheWholeQueueLeavesAlone() {
    PlainEndpoint endpoint = endpoint(1_000, 1 << 20);
    assertEquals(SendOutcome.ACCEPTED, send(endpoint, ONE, 65_507));
    assertEquals(SendOutcome.BLOCKED, send(endpoint, ONE, 1));
    assertTrue(endpoint.pollTransmit(batch, 0));
    assertEquals(65_507, batch.lengthBytes());
  }

  @Test
  void largerThanADatagramIsRefused() {
    PlainEndpoint endpoint = endpoint(1 << 20, 1 << 20);
    assertEquals(SendOutcome.TOO_LARGE, send(endpoint, ONE, 65_508));
    assertFalse(endpoint.pollTransmit(batch, 0));
    assertNull(endpoint.pollEvent());
  }

  @Test
  void datagramsBecomeMessagesEmptyOnesToo() {
    PlainEndpoint endpoint = endpoint(1 << 20, 1 << 20);
    arrive(endpoint, 0);
    arrive(endpoint, 65_507);
    ReceivedMessage empty = endpoint.pollMessage(0);
    assertNotNull(empty);
    assertEquals(0, empty.body().length);
    assertEquals(ONE, empty.from());
    assertEquals(Endpoint.NO_CONNECTION, empty.connection());
    ReceivedMessage large = endpoint.pollMessage(0);
    assertNotNull(large);
    assertEquals(65_507, large.body().length);
    assertNull(endpoint.pollMessage(0));
    assertEquals(2, endpoint.counters().messagesReceived);
  }

  @Test
  void longerThanAnyDatagramIsDroppedAndCounted() {
    PlainEndpoint endpoint = endpoint(1 << 20, 1 << 20);
    arrive(endpoint, 65_508);
    assertNull(endpoint.pollMessage(0));
    assertEquals(1, endpoint.counters().drops(DropReason.TOO_LONG));
  }

  @Test
  void fullReceiveQueueDropsAndCountsUntilSomethingIsTaken() {
    PlainEndpoint endpoint = endpoint(1 << 20, 2 * (1_000 + PlainEndpoint.MESSAGE_COST_BYTES));
    arrive(endpoint, 1_000);
    arrive(endpoint, 1_000);
    arrive(endpoint, 1_000);
    assertEquals(1, endpoint.counters().drops(DropReason.QUEUE_FULL));
    assertNotNull(endpoint.pollMessage(0));
    arrive(endpoint, 1_000);
    assertEquals(1, endpoint.counters().drops(DropReason.QUEUE_FULL));
    assertEquals(4, endpoint.counters().datagramsReceived);
    assertEquals(4_000, endpoint.counters().bytesReceived);
  }

  @Test
  void emptyDatagramsCannotFillMemoryEither() {
    PlainEndpoint endpoint = endpoint(1 << 20, 10 * PlainEndpoint.MESSAGE_COST_BYTES);
    for (int i = 0; i < 11; i++) {
      arrive(endpoint, 0);
    }
    assertEquals(1, endpoint.counters().drops(DropReason.QUEUE_FULL));
  }

  private static byte[] take(ReceivedRun run, int index) {
    int from = run.from(index);
    return Arrays.copyOfRange(run.bytes(index), from, from + run.length(index));
  }

  @Property(tries = 200)
  void everyDatagramIsLentOnceWholeAndInOrderWithItsSender(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 300) int count) {
    PlainEndpoint endpoint = endpoint(1 << 20, 64 << 20);
    Random random = new Random(seed);
    ArrayDeque<byte[]> came = new ArrayDeque<>();
    ArrayDeque<InetSocketAddress> from = new ArrayDeque<>();
    ReceivedRun run = new ReceivedRun();
    for (int i = 0; i < count; i++) {
      byte[] body = new byte[random.nextInt(10) == 0 ? random.nextInt(65_508) : 50];
      random.nextBytes(body);
      InetSocketAddress peer = random.nextInt(3) == 0 ? TWO : ONE;
      endpoint.onDatagram(ByteBuffer.wrap(body), peer, EcnMark.UNKNOWN, 0);
      came.add(body);
      from.add(peer);
      int question = random.nextInt(8);
      if (question == 0) { // somebody who takes them one by one
        ReceivedMessage message = endpoint.pollMessage(0);
        assertNotNull(message);
        assertEquals(from.remove(), message.from());
        assertArrayEquals(came.remove(), message.body());
      } else if (question < 3) {
        takeRun(endpoint, run, came, from, random);
      }
    }
    while (!came.isEmpty()) {
      takeRun(endpoint, run, came, from, random);
    }
    assertFalse(endpoint.lendRun(run));
    assertNull(endpoint.pollMessage(0));
    assertEquals(count, endpoint.counters().messagesReceived);
  }

  /** What came before a run was asked for is handed over by itself. */
  private void takeRun(
      PlainEndpoint endpoint,
      ReceivedRun run,
      ArrayDeque<byte[]> came,
      ArrayDeque<InetSocketAddress> from,
      Random random) {
    if (!endpoint.lendRun(run)) {
      ReceivedMessage message = endpoint.pollMessage(0);
      if (message != null) {
        assertEquals(from.remove(), message.from());
        assertArrayEquals(came.remove(), message.body());
      } else {
        assertTrue(came.isEmpty());
      }
      return;
    }
    assertTrue(run.count() >= 1 && run.count() <= 32);
    assertEquals(0, run.channel());
    if (random.nextBoolean()) { // what comes meanwhile does no harm
      byte[] body = new byte[random.nextInt(3_000)];
      random.nextBytes(body);
      endpoint.onDatagram(ByteBuffer.wrap(body), TWO, EcnMark.UNKNOWN, 0);
      for (int i = 0; i < run.count(); i++) {
        assertEquals(from.remove(), run.sender(i));
        assertArrayEquals(came.remove(), take(run, i));
      }
      endpoint.endRun(run, 0);
      endpoint.counters().messagesReceived--; // so that the sum is what the test sent
      came.add(body);
      from.add(TWO);
    } else {
      for (int i = 0; i < run.count(); i++) {
        assertEquals(from.remove(), run.sender(i));
        assertArrayEquals(came.remove(), take(run, i));
      }
      endpoint.endRun(run, 0);
    }
  }

  /** An endpoint that was asked for a run before anything came. */
  private static PlainEndpoint lending(long receiveBytes) {
    PlainEndpoint endpoint = endpoint(1 << 20, receiveBytes);
    assertFalse(endpoint.lendRun(new ReceivedRun()));
    return endpoint;
  }

  @Test
  void fullQueueOfWhatCanBeLentDropsAndCountsUntilTheRunIsEnded() {
    PlainEndpoint endpoint = lending(2 * (1_000 + PlainEndpoint.MESSAGE_COST_BYTES));
    for (int i = 0; i < 3; i++) {
      arrive(endpoint, 1_000);
    }
    assertEquals(1, endpoint.counters().drops(DropReason.QUEUE_FULL));
    ReceivedRun run = new ReceivedRun();
    assertTrue(endpoint.lendRun(run));
    arrive(endpoint, 1_000);
    assertEquals(2, endpoint.counters().drops(DropReason.QUEUE_FULL), "a handler still reads");
    endpoint.endRun(run, 0);
    arrive(endpoint, 1_000);
    assertEquals(2, endpoint.counters().drops(DropReason.QUEUE_FULL));
  }

  @Test
  void whatLargeDatagramsLeaveUnusedCountsAsHeld() {
    PlainEndpoint endpoint = lending(1 << 20);
    for (int i = 0; i < 32; i++) {
      arrive(endpoint, 33_000); // two would not fit the 64 KiB that one takes
    }
    int held = 0;
    ReceivedRun run = new ReceivedRun();
    while (endpoint.lendRun(run)) {
      held += run.count();
      endpoint.endRun(run, 0);
    }
    assertEquals(32 - held, endpoint.counters().drops(DropReason.QUEUE_FULL));
    assertTrue(held >= 15 && held <= 16, held + " were taken");
    arrive(endpoint, 60_000);
    assertTrue(endpoint.lendRun(run), "nothing is held any more");
  }

  @Test
  void whatIsLentStaysReadableWhenTheSocketIsClosedMeanwhile() {
    PlainEndpoint endpoint = lending(1 << 20);
    byte[] body = {1, 2, 3};
    endpoint.onDatagram(ByteBuffer.wrap(body), ONE, EcnMark.UNKNOWN, 0);
    ReceivedRun run = new ReceivedRun();
    assertTrue(endpoint.lendRun(run));
    endpoint.closeAll(1_000, 0);
    arrive(endpoint, 3);
    assertArrayEquals(body, take(run, 0));
    endpoint.endRun(run, 0);
    assertFalse(endpoint.lendRun(run));
  }

  @Test
  void bodyIsSentOrRefusedAsAMessageIs() {
    PlainEndpoint endpoint = endpoint(1_000, 1 << 20);
    ByteBuffer body = ByteBuffer.allocate(800).position(100);
    assertEquals(SendOutcome.ACCEPTED, endpoint.sendBody(0, ONE, 0, body, 0));
    assertEquals(100, body.position(), "it is the caller's");
    assertEquals(SendOutcome.BLOCKED, endpoint.sendBody(0, TWO, 0, body, 0));
    ByteBuffer large = ByteBuffer.allocate(65_508);
    assertEquals(SendOutcome.TOO_LARGE, endpoint.sendBody(0, TWO, 0, large, 0));
    assertTrue(endpoint.pollTransmit(batch, 0));
    assertEquals(700, batch.lengthBytes());
    assertEquals(ONE, batch.peer());
    EndpointEvent.Writable writable =
        assertInstanceOf(EndpointEvent.Writable.class, endpoint.pollEvent());
    assertEquals(TWO, writable.peer());
    endpoint.closeAll(0, 0);
    assertEquals(SendOutcome.CLOSED, endpoint.sendBody(0, ONE, 0, body, 0));
  }

  @Test
  void closingFlushesUntilItsDeadlineAndTakesNothing() {
    PlainEndpoint endpoint = endpoint(1 << 20, 1 << 20);
    send(endpoint, ONE, 10);
    endpoint.closeAll(100, 1_000);
    assertFalse(endpoint.isClosed());
    assertEquals(1_100, endpoint.nextTimeoutNanos());
    assertEquals(SendOutcome.CLOSED, send(endpoint, ONE, 10));
    arrive(endpoint, 10);
    assertEquals(1, endpoint.counters().drops(DropReason.CLOSING));
    endpoint.onTimeout(1_099);
    assertFalse(endpoint.isClosed());
    endpoint.onTimeout(1_100);
    assertTrue(endpoint.isClosed());
    assertEquals(Endpoint.NEVER, endpoint.nextTimeoutNanos());
  }

  @Test
  void closingIsDoneWhenAllHasLeft() {
    PlainEndpoint endpoint = endpoint(1 << 20, 1 << 20);
    send(endpoint, ONE, 10);
    endpoint.closeAll(Endpoint.NEVER, 1_000);
    assertTrue(endpoint.pollTransmit(batch, 1_000));
    assertTrue(endpoint.isClosed());
  }
}
