package io.posthorn.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Connection;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.PeerIdentityChangedException;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.e2e.FreePorts;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.PlainEndpoint;
import io.posthorn.identity.AuthorizedKeys;
import io.posthorn.identity.Identity;
import io.posthorn.io.DatagramPort;
import io.posthorn.io.ForwardingDatagramPort;
import io.posthorn.io.PortChoice;
import io.posthorn.protocol.OutgoingMessage;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.MessageFormat;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What the logger {@code io.posthorn} hears, here by way of java.util.logging. */
class SocketLogTest {
  private static final Logger LOGGER = Logger.getLogger("io.posthorn");

  private final List<String> heard = new CopyOnWriteArrayList<>();

  private final AtomicReference<ReentrantLock> lock = new AtomicReference<>(new ReentrantLock());

  private volatile boolean heardUnderLock;

  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          heardUnderLock |= lock.get().isHeldByCurrentThread();
          Object[] parameters = record.getParameters();
          String text = record.getMessage();
          heard.add(parameters == null ? text : MessageFormat.format(text, parameters));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  /**
   * Begins to listen, at this level from the first word on: sockets of the test before may still
   * have to tell how they ended.
   */
  private void listenAt(Level level) {
    SocketLog.BUFFERS_TOLD.set(true);
    LOGGER.setLevel(level);
    LOGGER.setUseParentHandlers(false);
    LOGGER.addHandler(handler);
  }

  @AfterEach
  void listenNoMore() {
    LOGGER.removeHandler(handler);
    LOGGER.setUseParentHandlers(true);
    LOGGER.setLevel(null);
  }

  private static MessageSocket open() throws Exception {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    return MessageSocket.builder().bind(any).open();
  }

  private boolean heard(String text) {
    return heard.stream().anyMatch(line -> line.contains(text));
  }

  @Test
  void socketsAndConnectionsAreToldAndNothingOfWhatTheySay() throws Exception {
    listenAt(Level.FINE);
    int port;
    try (MessageSocket here = open();
        MessageSocket there = open()) {
      port = here.localAddress().getPort();
      Connection connection = here.connect(there.localAddress());
      connection.send("a secret".getBytes(UTF_8));
      assertNotNull(there.receive(Duration.ofSeconds(20)));
      connection.close(7, "words of the peer", Duration.ofSeconds(20));
    }
    String peer = "connection with 127.0.0.1:" + port;
    while (!heard(peer + " ended by the peer: APPLICATION, 0 messages unacknowledged")) {
      Thread.onSpinWait(); // told by a thread of the socket's own, within the test's limit
    }
    assertTrue(heard("socket 127.0.0.1:" + port + " opened: "), heard.toString());
    assertTrue(heard(peer + " accepted, SHA256:"), heard.toString());
    assertTrue(!heard("secret") && !heard("words"), heard.toString());
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void whatIcmpSaysIsToldAsSoonAsItIsHeard() throws Exception {
    listenAt(Level.FINE);
    InetSocketAddress peer = FreePorts.nobody("127.0.0.1");
    String news = "ICMP, which anybody can forge, says of 127.0.0.1:" + peer.getPort();
    try (MessageSocket here = open()) {
      here.send(peer, "a secret".getBytes(UTF_8));
      while (!heard(news + ": PORT_UNREACHABLE;")) {
        Thread.onSpinWait(); // told by a thread of the socket's own, within the test's limit
      }
    }
  }

  @Test
  void buffersThatTheKernelCutAreWarnedOfOnceWithTheRemedy() throws Exception {
    listenAt(Level.WARNING);
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    SocketOptions options = SocketOptions.defaults(Mode.PLAIN);
    SocketLog.BUFFERS_TOLD.set(false);
    for (int i = 0; i < 2; i++) {
      DatagramPort port =
          new ForwardingDatagramPort(PortChoice.open(any, null, true, false)) {
            @Override
            public int grantedReceiveBufferBytes() {
              return 106_496;
            }
          };
      SocketDriver.start(port, isSelf -> new PlainEndpoint(options), 0).life.beginClose(0);
    }
    assertEquals(1, heard.size(), heard.toString());
    assertTrue(heard("the receive buffer is cut to 106496 bytes"), heard.toString());
    assertTrue(heard("4194304"), heard.toString());
  }

  /** Whoever is refused cannot know why, and whoever runs the listener would see nothing. */
  @Test
  void aFileOfKeysThatCannotBeReadAnyMoreIsWarnedOfOnce(@TempDir Path folder) throws Exception {
    listenAt(Level.WARNING);
    Path file = folder.resolve("authorized_keys");
    Identity ann = Identity.generate();
    new AuthorizedKeys(file).add(ann.publicKey(), "ann");
    String good = Files.readString(file);
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (MessageSocket server =
        MessageSocket.builder().bind(any).security(Security.authorizedKeys(file)).open()) {
      refuse(server, Identity.generate());
      Files.writeString(file, "nonsense\n");
      refuse(server, ann);
      awaitHeard(1);
      refuse(server, ann);
      Files.writeString(file, good + "nonsense\n");
      refuse(server, ann);
      awaitHeard(2);
    }
    assertEquals(2, heard.size(), heard.toString());
    assertTrue(heard.get(0).contains("refuses peers: " + file + " line 1 is no key"), heard.get(0));
    assertTrue(heard.get(1).contains(file + " line 2 is no key"), heard.get(1));
  }

  private void awaitHeard(int lines) {
    while (heard.size() < lines) {
      Thread.onSpinWait(); // told by a thread of the socket's own, within the test's limit
    }
  }

  /** Returns once the server has ended what came of it. */
  private static void refuse(MessageSocket server, Identity identity) throws Exception {
    long before = refused(server);
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (MessageSocket client =
        MessageSocket.builder().bind(any).security(Security.identity(identity)).open()) {
      Connection connection = client.connect(server.localAddress());
      connection.closed().join();
    } catch (PeerIdentityChangedException told) {
      assertTrue(told.getMessage().contains("files of keys"), told.getMessage());
    }
    assertEquals(before + 1, refused(server));
  }

  private static long refused(MessageSocket server) {
    return server.statistics().drops().getOrDefault("IDENTITY_REFUSED", 0L);
  }

  @Test
  void nothingIsMadeForALogThatNobodyReads() throws Exception {
    listenAt(Level.INFO);
    try (MessageSocket here = open();
        MessageSocket there = open()) {
      here.connect(there.localAddress());
    }
    assertEquals(List.of(), heard);
  }

  /** Whoever sends holds it when the port turns out to be gone. */
  @Test
  void noSocketHoldsItsLockWhileItIsTold() throws Exception {
    listenAt(Level.FINE);
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    DatagramPort port = PortChoice.open(any, null, true, false);
    SocketOptions options = SocketOptions.defaults(Mode.PLAIN);
    SocketDriver driver =
        SocketDriver.prepare(port, isSelf -> new PlainEndpoint(options), 0, 0, Thread::new);
    lock.set(driver.lock);
    InetSocketAddress peer = port.localAddress();
    port.close();
    driver.sending().trySend(OutgoingMessage.ordered(Endpoint.NO_CONNECTION, peer, new byte[1]));
    while (!heard("failed and is closed")) {
      Thread.onSpinWait();
    }
    assertFalse(heardUnderLock, heard.toString());
  }

  /**
   * The word about it once killed the socket's thread: it was given to an executor that had ended.
   */
  @Test
  void socketWhosePortIsClosedUnderneathEndsAndSaysSo() throws Exception {
    listenAt(Level.FINE);
    List<Throwable> uncaught = new CopyOnWriteArrayList<>();
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> uncaught.add(e));
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    DatagramPort real = PortChoice.open(any, null, true, false);
    try {
      InvocationHandler closedUnderneath =
          (proxy, method, arguments) -> {
            if (method.getName().equals("receive")) {
              throw new ClosedChannelException();
            }
            return method.invoke(real, arguments);
          };
      DatagramPort port =
          (DatagramPort)
              Proxy.newProxyInstance(
                  getClass().getClassLoader(),
                  new Class<?>[] {DatagramPort.class},
                  closedUnderneath);
      SocketOptions options = SocketOptions.defaults(Mode.PLAIN);
      SocketDriver driver = SocketDriver.start(port, isSelf -> new PlainEndpoint(options), 0);
      SocketLife.awaitClosed(List.of(driver));
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
      real.close();
    }
    assertEquals(List.of(), uncaught);
    assertTrue(heard("failed and is closed: " + ClosedChannelException.class.getName()));
  }
}
