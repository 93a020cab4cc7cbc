package io.posthorn.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.Receipt;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.endpoint.EndpointSetup;
import io.posthorn.endpoint.PlainEndpoint;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.io.ForwardingDatagramPort;
import io.posthorn.io.NioDatagramPort;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.PortLimits;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.wire.CloseReason;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Turns that the test makes itself, and threads that cannot be started. */
@Timeout(30)
class SocketLoopTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final ThreadFactory IDLE = action -> new Thread(() -> {});
  private static final long LITTLE_NANOS = 10_000_000;
  private static final byte[] NOTHING = {};

  private SwitchedPort port;
  private SocketDriver driver;

  /** A real port for what comes, which takes what leaves only while it is switched on. */
  private static class SwitchedPort extends ForwardingDatagramPort {
    volatile boolean isOn = true;
    volatile boolean closed;
    volatile RuntimeException fault;
    final AtomicInteger wakeups = new AtomicInteger();

    SwitchedPort() throws IOException {
      super(NioDatagramPort.open(ANY));
    }

    @Override
    public int send(TransmitBatch batch, int firstSegment, long nowNanos) throws IOException {
      if (fault != null) {
        throw fault;
      }
      return isOn ? port.send(batch, firstSegment, nowNanos) : 0;
    }

    @Override
    public void wakeup() {
      wakeups.incrementAndGet();
      super.wakeup();
    }

    @Override
    public void close() throws IOException {
      closed = true;
      super.close();
    }
  }

  @BeforeEach
  void openPort() throws IOException {
    port = new SwitchedPort();
  }

  @AfterEach
  void end() throws IOException {
    if (driver != null) {
      driver.life.fail(new IOException("the test is over"));
    }
    port.close();
  }

  private static Endpoint plain(Predicate<InetSocketAddress> isSelf) {
    return new PlainEndpoint(SocketOptions.defaults(Mode.PLAIN));
  }

  private Endpoint reliable(Predicate<InetSocketAddress> isSelf) {
    return new ReliableEndpoint(
        new EndpointSetup(SocketOptions.defaults(Mode.RELIABLE), new SecureRandom(), isSelf)
            .withPort(new PortLimits(port::largestDatagramBytes, 1_200)));
  }

  @Test
  void aTurnSpinsIfThatIsAskedFor() throws Exception {
    AtomicInteger looks = new AtomicInteger();
    SwitchedPort counting =
        new SwitchedPort() {
          @Override
          public boolean await(long timeoutNanos, boolean untilWritable) {
            assertEquals(0, timeoutNanos, "a look and no wait");
            return looks.incrementAndGet() == 3;
          }
        };
    port.close();
    port = counting;
    driver = SocketDriver.prepare(port, SocketLoopTest::plain, 0, Endpoint.NEVER / 2, IDLE);
    assertTrue(driver.turn(Endpoint.NEVER), "a first look at what there is");
    assertTrue(driver.turn(Endpoint.NEVER));
    assertEquals(3, looks.get());
  }

  private void prepare(
      Function<Predicate<InetSocketAddress>, Endpoint> endpoint, ThreadFactory threads)
      throws IOException {
    driver = SocketDriver.prepare(port, endpoint, 0, 0, threads);
  }

  @Test
  void whatABlockedLaneHeldLeavesAtOnce() throws Exception {
    prepare(SocketLoopTest::plain, IDLE);
    InetSocketAddress peer = port.localAddress();
    ByteBuffer body = ByteBuffer.allocate(60_000);
    driver.lock.lock();
    try {
      OutgoingMessage first =
          OutgoingMessage.ordered(Endpoint.NO_CONNECTION, peer, new byte[60_000]);
      assertEquals(SendOutcome.ACCEPTED, driver.sending().trySend(first));
      port.isOn = false;
      int taken = 0;
      while (driver.sending().sendSmall(peer, 0, body)) {
        taken++;
        assertTrue(taken < 1_000, "there is no end to the send buffer");
        driver.afterInput(driver.clock.now());
      }
      port.isOn = true;
      driver.afterInput(driver.clock.now());
      assertFalse(driver.endpoint.pollTransmit(new TransmitBatch(), driver.clock.now()));
      assertEquals(taken + 1, driver.endpoint.counters().datagramsSent);
    } finally {
      driver.lock.unlock();
    }
  }

  /** A close by the application would have emptied the lane: it came too late for this one. */
  @Test
  void whatALaneHeldWhenItsConnectionClosedIsLostWhoeverClosed() throws Exception {
    InetSocketAddress peer = port.localAddress();
    AtomicInteger lost = new AtomicInteger();
    Supplier<Object> tooLate = () -> -1;
    Map<String, Supplier<Object>> closed =
        Map.of("sendRun", tooLate, "onUnsent", lost::incrementAndGet);
    prepare(isSelf -> plainBut(closed), IDLE);
    for (boolean byPeer : new boolean[] {true, false}) {
      lost.set(0);
      driver.lock.lock();
      try {
        driver.lanes.onConnected(1, peer, driver.endpoint, driver.clock.now());
        driver.lanes.onAccepted(peer, 1, 0);
        assertTrue(driver.sending().sendSmall(peer, 0, ByteBuffer.allocate(1)));
        driver.on(
            new EndpointEvent.Closed(
                1, peer, CloseReason.APPLICATION, byPeer, 0, "", 0, 0, 0, null));
      } finally {
        driver.lock.unlock();
      }
      assertEquals(1, lost.get());
    }
  }

  /** A peer comes, goes again, and leaves something to read or not. */
  private void comeAndGo(long from, long to) {
    driver.lock.lock();
    try {
      for (long handle = from; handle < to; handle++) {
        InetSocketAddress peer = new InetSocketAddress(ANY.getAddress(), 1 + (int) handle);
        driver.on(new EndpointEvent.Connected(handle, peer, false, NOTHING, null, ""));
        driver.on(
            new EndpointEvent.Closed(
                handle, peer, CloseReason.APPLICATION, true, 0, "", 0, 0, 0, null));
      }
    } finally {
      driver.lock.unlock();
    }
  }

  @Test
  void connectionsThatEndedAreKnownAsLongAsSomethingIsToBeReadOfThem() throws Exception {
    AtomicBoolean unread = new AtomicBoolean(true);
    prepare(isSelf -> plainBut(Map.of("hasMessage", unread::get)), IDLE);
    comeAndGo(1, 3_001);
    assertNotNull(driver.find(1));
    ConnectionRecord accepted = driver.acceptNow();
    assertNotNull(accepted);
    assertEquals(1, accepted.handle());
    unread.set(false);
    comeAndGo(3_001, 7_001);
    assertNull(driver.find(1));
    assertNotNull(driver.find(7_000));
    assertNull(driver.acceptNow());
  }

  /** As where one method receives from all, and nobody accepts. */
  @Test
  void connectionsThatNobodyAcceptsAreForgottenOnceTheyAreRead() throws Exception {
    AtomicBoolean unread = new AtomicBoolean(true);
    prepare(isSelf -> plainBut(Map.of("hasMessage", unread::get)), IDLE);
    comeAndGo(1, 3_001);
    unread.set(false);
    comeAndGo(3_001, 7_001);
    unread.set(true); // whatever is still kept would be accepted
    assertNull(driver.acceptNow());
  }

  /** FAULTS 21: three seconds, and the half that closing may take beyond any linger time. */
  @Test
  void fault21_theEndOfTheVirtualMachineWaitsForThreeSecondsAtMost() throws Exception {
    driver = SocketDriver.prepare(port, this::reliable, 60_000_000_000L, 0, IDLE);
    port.isOn = false;
    send(new InetSocketAddress(ANY.getAddress(), 9));
    long before = driver.clock.now();
    OpenSockets.beginClose(List.of(driver));
    driver.lock.lock();
    try {
      long end = driver.life.deadlineNanos(driver.clock.now());
      assertTrue(end >= before + 3_500_000_000L, "it waits for what was sent");
      assertTrue(end <= driver.clock.now() + 3_500_000_000L, "but not for a minute");
      driver.life.endIfFlushed(end - 1);
      assertFalse(port.closed);
      driver.life.endIfFlushed(end);
      assertTrue(port.closed);
    } finally {
      driver.lock.unlock();
    }
  }

  /** Throws instead of starting any thread but the first ones. */
  private static ThreadFactory threads(int some) {
    AtomicInteger made = new AtomicInteger();
    return action ->
        made.getAndIncrement() < some
            ? new Thread(action)
            : new Thread(action) {
              @Override
              public synchronized void start() {
                throw new OutOfMemoryError("unable to create native thread");
              }
            };
  }

  @Test
  void withoutAThreadThePortIsClosed() throws Exception {
    prepare(SocketLoopTest::plain, threads(0));
    assertThrows(OutOfMemoryError.class, () -> DriverGroup.start(List.of(driver)));
    assertTrue(port.closed);
    assertFalse(OpenSockets.OPEN.contains(driver));
  }

  @Test
  void aSocketThatEndsWhileItOpensIsNotRememberedAsOpen() throws Exception {
    ThreadFactory endsBeforeOthersGoOn =
        action ->
            new Thread(action) {
              @Override
              public synchronized void start() {
                super.start();
                Completions.joinUninterruptibly(this, 20_000_000_000L);
              }
            };
    prepare(SocketLoopTest::plain, endsBeforeOthersGoOn);
    port.close(); // as the owner of a shared port may
    DriverGroup.start(List.of(driver));
    assertTrue(driver.life.isClosedNow());
    assertFalse(OpenSockets.OPEN.contains(driver));
  }

  @Test
  void withoutAThreadForOneOfAGroupAllPortsAreClosed() throws Exception {
    ThreadFactory threads = threads(1);
    prepare(SocketLoopTest::plain, threads);
    SwitchedPort second = new SwitchedPort();
    SwitchedPort third = new SwitchedPort();
    List<SocketDriver> drivers =
        List.of(
            driver,
            SocketDriver.prepare(second, SocketLoopTest::plain, 0, 0, threads),
            SocketDriver.prepare(third, SocketLoopTest::plain, 0, 0, threads));
    assertThrows(OutOfMemoryError.class, () -> DriverGroup.start(drivers));
    assertTrue(port.closed && second.closed && third.closed);
  }

  @Test
  void withoutAThreadForThemFuturesAreCompletedAndTheSocketEnds() throws Exception {
    prepare(this::reliable, threads(1));
    driver.begin();
    try (MessageSocket peer = MessageSocket.builder().bind(ANY).open()) {
      PendingReceipt acknowledged = send(peer.localAddress());
      assertSame(acknowledged, acknowledged.settledFuture().get(20, TimeUnit.SECONDS));
      port.isOn = false;
      PendingReceipt closed = send(peer.localAddress());
      var end = closed.settledFuture();
      driver.life.beginClose(0);
      SocketLife.awaitClosed(List.of(driver));
      assertTrue(port.closed);
      assertSame(closed, end.get(20, TimeUnit.SECONDS));
    }
  }

  @Test
  void withoutAThreadForItAHandlerMayWaitForAFuture() throws Exception {
    prepare(this::reliable, threads(1));
    CompletableFuture<PendingReceipt> waited = new CompletableFuture<>();
    driver.handler(message -> waited.complete(send(message.from()).settledFuture().join()));
    driver.begin();
    try (MessageSocket peer = MessageSocket.builder().bind(ANY).open()) {
      peer.send(driver.localAddress(), new byte[1]);
      waited.get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void withoutAThreadForThemWhatDependsOnAFutureMayWaitForAnother() throws Exception {
    prepare(this::reliable, threads(1));
    driver.begin();
    try (MessageSocket peer = MessageSocket.builder().bind(ANY).open()) {
      CompletableFuture<PendingReceipt> waited = new CompletableFuture<>();
      driver.locked( // so that it is not settled before somebody depends on it
          () ->
              send(peer.localAddress())
                  .settledFuture()
                  .thenAccept(first -> waited.complete(send(first.peer()).settledFuture().join())));
      assertNotNull(waited.get(20, TimeUnit.SECONDS));
    }
  }

  private PendingReceipt send(InetSocketAddress peer) {
    PendingReceipt receipt = new PendingReceipt(driver, peer, Endpoint.NO_CONNECTION, false);
    OutgoingMessage message =
        new OutgoingMessage(
            Endpoint.NO_CONNECTION,
            peer,
            0,
            Delivery.RELIABLE_ORDERED,
            -1,
            new byte[1],
            false,
            Long.MAX_VALUE,
            false,
            receipt);
    assertEquals(SendOutcome.ACCEPTED, driver.sending().trySend(message));
    return receipt;
  }

  @Test
  void aMessageThatIsRefusedTakesNoOthersConfirmation() throws Exception {
    AtomicReference<SendOutcome> answer = new AtomicReference<>(SendOutcome.ACCEPTED);
    prepare(isSelf -> plainBut(Map.of("send", answer::get)), IDLE);
    PendingReceipt oldest = offerToBeConfirmed();
    for (int i = 1; i < 65_536; i++) {
      offerToBeConfirmed();
    }
    for (SendOutcome refusal : List.of(SendOutcome.BLOCKED, SendOutcome.TOO_LARGE)) {
      answer.set(refusal);
      offerToBeConfirmed();
      assertTrue(oldest.isUnconfirmed(), "given up for a message that was not sent");
    }
    answer.set(SendOutcome.ACCEPTED);
    offerToBeConfirmed();
    assertFalse(oldest.isUnconfirmed(), "the limit");
  }

  private PendingReceipt offerToBeConfirmed() {
    PendingReceipt receipt = new PendingReceipt(driver, ANY, 1, true);
    OutgoingMessage message =
        new OutgoingMessage(
            1,
            ANY,
            0,
            Delivery.RELIABLE_UNORDERED,
            -1,
            NOTHING,
            false,
            Long.MAX_VALUE,
            true,
            receipt);
    driver.sending().trySend(message);
    return receipt;
  }

  @Test
  void whatWasHandedToAThreadComesFirstToABodyHandler() throws Exception {
    prepare(this::reliable, IDLE);
    try (MessageSocket peer = MessageSocket.builder().bind(ANY).open()) {
      Thread receiver = new Thread(() -> assertThrows(IllegalStateException.class, this::receive));
      receiver.setDaemon(true);
      receiver.start();
      while (receiver.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
      List<String> handled = new ArrayList<>();
      driver.lock.lock(); // the receiver, once woken, comes too late
      try {
        for (String text : List.of("first", "second", "third")) {
          Receipt receipt = peer.send(Message.to(port.localAddress()).body(text));
          while (receipt.outcome() == null) {
            assertTrue(driver.turn(driver.clock.now() + LITTLE_NANOS));
          }
        }
        driver.bodyHandler(
            (from, channel, bytes, at, length) ->
                handled.add(new String(bytes, at, length, StandardCharsets.UTF_8)));
        while (driver.dispatchMessages()) {
          // There may be more.
        }
      } finally {
        driver.lock.unlock();
      }
      assertEquals(List.of("first", "second", "third"), handled);
    }
  }

  private void receive() throws IOException {
    if (driver.receiving().receive(Endpoint.NEVER) == null) {
      throw new IOException("the socket is closed");
    }
  }

  /** No datagram need come for it: perhaps none does for long. */
  @Test
  void messageBehindAStreamGoesToTheHandlerWhenAnotherThreadHasReadThat() throws Exception {
    prepareAStreamAndOneBehind();
    List<ReceivedMessage> handled = new ArrayList<>();
    driver.handler(handled::add);
    readTheLastPart();
    assertTrue(driver.turn(Endpoint.NEVER), "does not wait");
    driver.dispatchMessages();
    assertEquals(List.of(received(false)), handled);
  }

  @Test
  void messageBehindAStreamGoesToAThreadThatWaitsWhenAnotherHasReadThat() throws Exception {
    prepareAStreamAndOneBehind();
    CompletableFuture<ReceivedMessage> taken = new CompletableFuture<>();
    Thread receiver =
        new Thread(
            () -> {
              try {
                taken.complete(driver.receiving().receive(Endpoint.NEVER));
              } catch (IOException e) {
                taken.completeExceptionally(e);
              }
            });
    receiver.setDaemon(true);
    receiver.start();
    while (receiver.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    readTheLastPart();
    assertTrue(driver.turn(Endpoint.NEVER), "does not wait");
    assertEquals(received(false), taken.get());
  }

  private void prepareAStreamAndOneBehind() throws IOException {
    AtomicInteger left = new AtomicInteger(3);
    Supplier<Object> part = () -> left.get() > 1 ? received(left.decrementAndGet() == 2) : null;
    Supplier<Object> isReadable = () -> left.get() == 1;
    Supplier<Object> behind = () -> left.compareAndSet(1, 0) ? received(false) : null;
    Map<String, Supplier<Object>> streamed =
        Map.of("pollPart", part, "hasMessage", isReadable, "pollMessage", behind);
    prepare(isSelf -> plainBut(streamed), IDLE);
  }

  private static ReceivedMessage received(boolean more) {
    return new ReceivedMessage(1, ANY, 0, Delivery.RELIABLE_ORDERED, 0, NOTHING, more, false);
  }

  /** The part before it makes nothing readable, so it wakes nobody. */
  private void readTheLastPart() throws IOException {
    assertTrue(driver.turn(driver.clock.now()));
    ConnectionRecord record = new ConnectionRecord(driver, 1, ANY);
    int before = port.wakeups.get();
    assertEquals(received(true), driver.receiving().receivePart(record, 0));
    assertEquals(before, port.wakeups.get());
    assertEquals(received(false), driver.receiving().receivePart(record, 0));
    assertTrue(port.wakeups.get() > before, "nobody looks for the message behind");
  }

  /** As neither gets the lock, each would find that there is none yet. */
  @Test
  void ofTwoHandlersAtOnceOneIsRefused() throws Exception {
    prepare(SocketLoopTest::plain, IDLE);
    DriverGroup group = DriverGroup.of(driver);
    AtomicInteger refused = new AtomicInteger();
    List<Thread> setters = new ArrayList<>();
    driver.lock.lock();
    try {
      for (int i = 0; i < 2; i++) {
        Thread setter =
            new Thread(
                () -> {
                  try {
                    group.handler(message -> {});
                  } catch (IllegalStateException e) {
                    refused.incrementAndGet();
                  }
                });
        setters.add(setter);
        setter.start();
      }
      for (Thread setter : setters) {
        while (!isHeldUp(setter)) {
          Thread.onSpinWait();
        }
      }
    } finally {
      driver.lock.unlock();
    }
    for (Thread setter : setters) {
      setter.join();
    }
    assertEquals(1, refused.get());
  }

  private static boolean isHeldUp(Thread thread) {
    Thread.State state = thread.getState();
    return state == Thread.State.BLOCKED || state == Thread.State.WAITING;
  }

  /** What a handler was not given yet counts against its senders' credit. */
  @Test
  void largeMessagesAreNotTakenLongBeforeTheHandlerGetsThem() throws Exception {
    AtomicInteger taken = new AtomicInteger();
    byte[] body = new byte[300 << 10];
    ReceivedMessage message =
        new ReceivedMessage(1, ANY, 0, Delivery.RELIABLE_ORDERED, 0, body, false, false);
    Supplier<Object> messages = () -> taken.getAndIncrement() < 10 ? message : null;
    prepare(isSelf -> plainBut(Map.of("pollMessage", messages)), IDLE);
    List<Integer> takenBefore = new ArrayList<>();
    driver.handler(handled -> takenBefore.add(taken.get()));
    while (driver.dispatchMessages()) {
      // There may be more.
    }
    assertEquals(List.of(4, 4, 4, 4, 8, 8, 8, 8, 11, 11), takenBefore);
  }

  /** Such as credit for a message that was passed over: its sender may wait for nothing else. */
  @Test
  void whatALookForMessagesFreedLeavesThoughItFoundNone() throws Exception {
    AtomicBoolean freed = new AtomicBoolean();
    AtomicInteger looks = new AtomicInteger();
    Supplier<Object> passingOver =
        () -> {
          looks.incrementAndGet();
          freed.set(true);
          return null;
        };
    Supplier<Object> sending =
        () -> {
          freed.set(false);
          return false;
        };
    Map<String, Supplier<Object>> methods =
        Map.of("pollMessage", passingOver, "hasOutput", freed::get, "pollTransmit", sending);
    prepare(isSelf -> plainBut(methods), IDLE);
    assertNull(driver.receiving().receiveNow());
    assertFalse(freed.get(), "receiveNow");
    assertNull(driver.receiving().receive(0));
    assertFalse(freed.get(), "receive");
    assertNull(driver.receiving().receive(new ConnectionRecord(driver, 1, ANY), 0));
    assertFalse(freed.get(), "receive of one connection");
    Thread receiver = new Thread(() -> assertThrows(IllegalStateException.class, this::receive));
    receiver.setDaemon(true);
    receiver.start();
    while (receiver.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    assertTrue(driver.turn(driver.clock.now()));
    assertFalse(freed.get(), "for a thread that waits");
    driver.handler(message -> {});
    assertFalse(driver.dispatchMessages());
    assertFalse(freed.get(), "for a handler");
    driver.bodyHandler((from, channel, bytes, at, length) -> {});
    assertFalse(driver.dispatchMessages());
    assertFalse(freed.get(), "for a body handler");
    assertEquals(7, looks.get());
  }

  /** It is for the next caller to hear of, as the cause why the socket is closed. */
  @Test
  void aFaultWhileAnApplicationsThreadSendsEndsTheSocket() throws Exception {
    prepare(SocketLoopTest::plain, IDLE);
    port.fault = new IllegalStateException("forced");
    OutgoingMessage message =
        OutgoingMessage.ordered(Endpoint.NO_CONNECTION, port.localAddress(), new byte[1]);
    assertEquals(SendOutcome.ACCEPTED, driver.sending().trySend(message));
    assertSame(port.fault, driver.life.failure());
    assertTrue(port.closed);
    assertEquals(SendOutcome.CLOSED, driver.sending().trySend(message));
  }

  @Test
  void anErrorInATurnOfAnyThreadEndsTheSocket() throws Exception {
    Error fault = new AssertionError("a fault of the endpoint");
    Supplier<Object> failing =
        () -> {
          throw fault;
        };
    Supplier<Object> due = () -> 0L;
    prepare(isSelf -> plainBut(Map.of("nextTimeoutNanos", due, "onTimeout", failing)), IDLE);
    driver.turnOrFail(0);
    assertSame(fault, driver.life.failure());
    assertTrue(port.closed);
  }

  /** An endpoint some of whose methods answer otherwise. */
  private static Endpoint plainBut(Map<String, Supplier<Object>> methods) {
    Endpoint endpoint = plain(address -> false);
    return (Endpoint)
        Proxy.newProxyInstance(
            SocketLoopTest.class.getClassLoader(),
            new Class<?>[] {Endpoint.class},
            (proxy, method, arguments) -> {
              Supplier<Object> otherwise = methods.get(method.getName());
              if (otherwise != null) {
                return otherwise.get();
              }
              try {
                return method.invoke(endpoint, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
