package io.posthorn;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.endpoint.PlainEndpoint;
import io.posthorn.io.GatedPort;
import io.posthorn.io.NioDatagramPort;
import io.posthorn.runtime.SocketDriver;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A system without room for datagrams: senders wait, and nothing else does. */
class BackPressureTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private GatedPort gate;
  private MessageSocket sender;
  private MessageSocket receiver;

  @BeforeEach
  void open() throws IOException {
    SocketOptions options = SocketOptions.defaults(Mode.PLAIN);
    gate = new GatedPort(NioDatagramPort.open(ANY));
    SocketDriver driver =
        SocketDriver.start(gate, isSelf -> new PlainEndpoint(options), 1_000_000_000L);
    sender = new MessageSocket(options, Duration.ofSeconds(1), driver);
    receiver = MessageSocket.builder().mode(Mode.PLAIN).bind(ANY).open();
  }

  @AfterEach
  void close() {
    sender.close(Duration.ZERO);
    receiver.close();
  }

  private int fill() throws IOException {
    int taken = 0;
    while (sender.trySend(Message.to(receiver.localAddress()).body(new byte[60_000])) != null) {
      taken++;
      assertTrue(taken < 1_000, "there is no end to the send buffer");
    }
    return taken;
  }

  private CompletableFuture<Object> sendLater(String text) {
    CompletableFuture<Object> end = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                sender.send(receiver.localAddress(), text.getBytes(UTF_8));
                end.complete("sent");
              } catch (IOException e) {
                end.complete(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
    return end;
  }

  /** Opens the gate for so many datagrams as the receiver takes at once. */
  private void drain(int messages) throws IOException {
    gate.openGate();
    for (int i = 0; i < messages; i++) {
      Message message = receiver.receive(LONG);
      assertNotNull(message, "message " + i + " of " + messages);
      if (message.size() != 60_000) {
        return;
      }
    }
  }

  @Test
  void fullSenderIsToldAndTheOthersGoOn() throws Exception {
    int taken = fill();
    assertTrue(taken > 0);
    assertNull(sender.trySend(Message.to(receiver.localAddress()).body(new byte[60_000])));
    receiver.send(sender.localAddress(), "you still hear me".getBytes(UTF_8));
    Message heard = sender.receive(LONG);
    assertNotNull(heard);
    assertEquals("you still hear me", heard.text());
    assertEquals(taken, sender.statistics().messagesSent());
  }

  @Test
  void blockedSenderGoesOnWhenThereIsRoom() throws Exception {
    fill();
    CompletableFuture<Object> blocked = sendLater(" ".repeat(60_000));
    gate.openGate();
    assertEquals("sent", blocked.get(20, TimeUnit.SECONDS));
  }

  @Test
  void whatWaitedLeavesWhenThereIsRoomWithoutAnotherCall() throws Exception {
    for (int i = 0; i < 3; i++) {
      sender.send(receiver.localAddress(), Integer.toString(i).getBytes(UTF_8));
    }
    gate.openGate();
    for (int i = 0; i < 3; i++) {
      Message message = receiver.receive(LONG);
      assertNotNull(message);
      assertEquals(Integer.toString(i), message.text());
    }
  }

  @Test
  void interruptedBlockedSenderThrowsAndTheSocketStays() throws Exception {
    fill();
    BlockingQueue<Object> end = new LinkedBlockingQueue<>();
    Thread blocked =
        new Thread(
            () -> {
              try {
                sender.send(receiver.localAddress(), new byte[60_000]);
                end.add("sent");
              } catch (InterruptedIOException e) {
                end.add(Thread.currentThread().isInterrupted());
              } catch (IOException e) {
                end.add(e);
              }
            });
    blocked.start();
    blocked.interrupt();
    assertEquals(true, end.poll(20, TimeUnit.SECONDS));
    assertFalse(sender.isClosed());
    drain(1);
  }

  @Test
  void closeEndsABlockedSenderInItsTime() throws Exception {
    fill();
    CompletableFuture<Object> blocked = sendLater(" ".repeat(60_000));
    sender.close(Duration.ofMillis(20));
    assertInstanceOf(SocketClosedException.class, blocked.get(20, TimeUnit.SECONDS));
    assertTrue(sender.isClosed());
  }

  @Test
  void handlerThatWaitsForRoomStopsNothingAndMissesNothing() throws Exception {
    fill();
    BlockingQueue<String> handled = new LinkedBlockingQueue<>();
    sender.onMessage(
        message -> {
          if (message.text().equals("block")) {
            try {
              sender.send(receiver.localAddress(), new byte[60_000]);
            } catch (IOException e) {
              handled.add(e.toString());
            }
          }
          handled.add(message.text());
        });
    receiver.send(sender.localAddress(), "block".getBytes(UTF_8));
    // These arrive while the handler waits; its own turns take them off the port.
    for (int i = 0; i < 5; i++) {
      receiver.send(sender.localAddress(), ("meanwhile " + i).getBytes(UTF_8));
    }
    while (sender.statistics().datagramsReceived() < 6) {
      Thread.onSpinWait(); // the time limit of the test ends this if they never come
    }
    gate.openGate();
    assertEquals("block", handled.poll(20, TimeUnit.SECONDS));
    for (int i = 0; i < 5; i++) {
      assertEquals("meanwhile " + i, handled.poll(20, TimeUnit.SECONDS));
    }
  }
}
