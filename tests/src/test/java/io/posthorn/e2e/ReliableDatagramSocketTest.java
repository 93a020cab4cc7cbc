package io.posthorn.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.BufferWarning;
import io.posthorn.MessageSocket;
import io.posthorn.MessageSocketBuilder;
import io.posthorn.MessageTooLargeException;
import io.posthorn.MessagesLostException;
import io.posthorn.Mode;
import io.posthorn.ReliableDatagramSocket;
import io.posthorn.datagram.PeerSocket;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.Relay;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What the drop-in adds to the class it extends, what it refuses, and where the traps were. */
class ReliableDatagramSocketTest {
  private static final int LONG_MILLIS = 20_000;
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  private static ReliableDatagramSocket open() throws SocketException {
    ReliableDatagramSocket socket = new ReliableDatagramSocket(0, LOOPBACK);
    socket.setSoTimeout(LONG_MILLIS);
    return socket;
  }

  private static ReliableDatagramSocket open(MessageSocketBuilder builder) throws SocketException {
    ReliableDatagramSocket socket = new ReliableDatagramSocket(builder);
    socket.bind(new InetSocketAddress(LOOPBACK, 0));
    socket.setSoTimeout(LONG_MILLIS);
    return socket;
  }

  private static DatagramPacket packet(String text, InetSocketAddress to) {
    byte[] bytes = text.getBytes(UTF_8);
    return new DatagramPacket(bytes, bytes.length, to);
  }

  private static InetSocketAddress address(DatagramSocket socket) {
    return (InetSocketAddress) socket.getLocalSocketAddress();
  }

  private static String receive(DatagramSocket socket) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[65_507], 65_507);
    socket.receive(packet);
    return new String(packet.getData(), 0, packet.getLength(), UTF_8);
  }

  @Test
  void everyMethodOfTheClassIsOverridden() throws NoSuchMethodException {
    List<String> inherited = new ArrayList<>();
    for (Method method : DatagramSocket.class.getDeclaredMethods()) {
      int modifiers = method.getModifiers();
      if (Modifier.isPublic(modifiers) && !Modifier.isStatic(modifiers)) {
        Class<?> owner =
            ReliableDatagramSocket.class
                .getMethod(method.getName(), method.getParameterTypes())
                .getDeclaringClass();
        boolean isOverridden = PeerSocket.class.isAssignableFrom(owner);
        if (!isOverridden) {
          inherited.add(method.toString());
        }
      }
    }
    assertEquals(List.of(), inherited);
  }

  @Test
  void packetsArriveOnceAndInOrderWhereATenthIsLost() throws Exception {
    int count = 300;
    LinkConditions bad = LinkConditions.parse("loss 10% duplicate 5% reorder 10% 5ms");
    try (ReliableDatagramSocket server = open();
        Relay relay = Relay.inFrontOf(address(server)).up(bad).down(bad).seed(8).start();
        ReliableDatagramSocket client = open()) {
      for (int i = 0; i < count; i++) {
        client.send(packet("forth " + i, relay.localAddress()));
      }
      DatagramPacket in = new DatagramPacket(new byte[100], 100);
      for (int i = 0; i < count; i++) {
        server.receive(in);
        assertEquals("forth " + i, new String(in.getData(), 0, in.getLength(), UTF_8));
        byte[] answer = ("back " + i).getBytes(UTF_8);
        server.send(new DatagramPacket(answer, answer.length, in.getSocketAddress()));
      }
      for (int i = 0; i < count; i++) {
        assertEquals("back " + i, receive(client));
      }
      assertTrue(relay.statistics().up().lost() > 0, "the relay lost nothing");
    }
  }

  @Test
  void messageSocketIsAPeerToo() throws Exception {
    try (ReliableDatagramSocket drop = open();
        MessageSocket other =
            MessageSocket.builder().bind(new InetSocketAddress(LOOPBACK, 0)).open()) {
      drop.send(packet("to the other kind", other.localAddress()));
      assertEquals("to the other kind", other.receive().text());
      other.send(address(drop), "and back".getBytes(UTF_8));
      assertEquals("and back", receive(drop));
      assertEquals(1, drop.messageSocket().connections().size());
    }
  }

  @Test
  void secondBindIsRefusedThoughAReceiverBlocks() throws Exception {
    ReliableDatagramSocket socket = new ReliableDatagramSocket(0, LOOPBACK);
    CompletableFuture<Throwable> end =
        CompletableFuture.supplyAsync(() -> assertThrows(IOException.class, () -> receive(socket)));
    assertThrows(SocketException.class, () -> socket.bind(new InetSocketAddress(LOOPBACK, 0)));
    socket.disconnect();
    socket.connect(new InetSocketAddress(LOOPBACK, 9));
    socket.disconnect();
    socket.close();
    assertInstanceOf(SocketException.class, end.get(LONG_MILLIS, TimeUnit.MILLISECONDS));
  }

  @Test
  void ownDatagramsReflectedAreNotReceived() throws Exception {
    try (DatagramSocket mirror = new DatagramSocket(0, LOOPBACK);
        ReliableDatagramSocket socket =
            open(
                MessageSocket.builder()
                    .handshakeTimeout(Duration.ofSeconds(20))
                    .linger(Duration.ZERO))) {
      socket.send(packet("to myself, by way of a mirror", address(mirror)));
      mirror.setSoTimeout(LONG_MILLIS);
      DatagramPacket reflected = new DatagramPacket(new byte[65_507], 65_507);
      for (int i = 0; i < 2; i++) {
        mirror.receive(reflected);
        mirror.send(reflected);
      }
      socket.setSoTimeout(200);
      assertThrows(SocketTimeoutException.class, () -> receive(socket));
    }
  }

  @Test
  void connectedSocketIsToldThatNobodyAnswers() throws Exception {
    try (DatagramSocket deaf = new DatagramSocket(0, LOOPBACK);
        ReliableDatagramSocket socket =
            open(
                MessageSocket.builder()
                    .handshakeTimeout(Duration.ofMillis(300))
                    .linger(Duration.ZERO))) {
      socket.setSoTimeout(0); // as one who waits for ever
      socket.connect(address(deaf));
      socket.send(packet("anybody there?", address(deaf)));
      PortUnreachableException told =
          assertThrows(PortUnreachableException.class, () -> receive(socket));
      assertTrue(told.getMessage().contains("no answer"), told.getMessage());
      PortUnreachableException lost =
          assertThrows(
              PortUnreachableException.class, () -> socket.send(packet("?", address(deaf))));
      assertInstanceOf(MessagesLostException.class, lost.getCause());
      socket.disconnect();
      socket.connect(address(deaf)); // old news are not told again
      socket.setSoTimeout(1);
      assertThrows(SocketTimeoutException.class, () -> receive(socket));
    }
  }

  @Test
  void unconnectedSocketIsToldWhenItSendsAgain() throws Exception {
    try (DatagramSocket deaf = new DatagramSocket(0, LOOPBACK);
        ReliableDatagramSocket socket =
            open(
                MessageSocket.builder()
                    .handshakeTimeout(Duration.ofMillis(100))
                    .linger(Duration.ZERO))) {
      socket.send(packet("anybody there?", address(deaf)));
      MessageSocket under = socket.messageSocket();
      assertThrows(IOException.class, () -> under.connect(address(deaf)));
      assertThrows(MessagesLostException.class, () -> socket.send(packet("?", address(deaf))));
      socket.send(packet("said once", address(deaf)));
    }
  }

  @Test
  void groupsAreRefusedAndTheTextSaysWhy() throws Exception {
    try (ReliableDatagramSocket socket = open()) {
      InetSocketAddress group =
          new InetSocketAddress(
              InetAddress.getByAddress(new byte[] {(byte) 224, 0, 0, (byte) 251}), 5353);
      InetSocketAddress all =
          new InetSocketAddress(InetAddress.getByAddress(new byte[] {-1, -1, -1, -1}), 9);
      for (Exception refusal :
          List.of(
              assertThrows(SocketException.class, () -> socket.joinGroup(group, null)),
              assertThrows(SocketException.class, () -> socket.leaveGroup(group, null)),
              assertThrows(SocketException.class, () -> socket.setBroadcast(true)),
              assertThrows(SocketException.class, () -> socket.connect(group)),
              assertThrows(SocketException.class, () -> socket.send(packet("", group))),
              assertThrows(SocketException.class, () -> socket.send(packet("", all))))) {
        assertTrue(refusal.getMessage().contains("reliable socket"), refusal.getMessage());
      }
      assertFalse(socket.isConnected());
    }
  }

  @Test
  void tooLargePacketIsRefusedByName() throws Exception {
    try (ReliableDatagramSocket socket = open()) {
      DatagramPacket large = new DatagramPacket(new byte[65_508], 65_508, address(socket));
      MessageTooLargeException refusal =
          assertThrows(MessageTooLargeException.class, () -> socket.send(large));
      assertEquals(65_507, refusal.limitBytes());
    }
  }

  @Test
  void plainModeIsRefused() {
    MessageSocketBuilder plain = MessageSocket.builder().mode(Mode.PLAIN);
    assertThrows(IllegalArgumentException.class, () -> new ReliableDatagramSocket(plain));
  }

  /** A packet is there whole: one that came in parts could not be received. */
  @Test
  void aBuilderThatTakesStreamsIsRefused() {
    MessageSocketBuilder streaming = MessageSocket.builder().streaming(true);
    assertThrows(IllegalArgumentException.class, () -> new ReliableDatagramSocket(streaming));
  }

  @Test
  void socketAndBuilderDoNotChangeEachOther() throws IOException {
    MessageSocketBuilder builder = MessageSocket.builder();
    try (ReliableDatagramSocket small = new ReliableDatagramSocket(builder);
        ReliableDatagramSocket usual = new ReliableDatagramSocket(builder)) {
      int usualBytes = usual.getReceiveBufferSize();
      builder.streaming(true);
      small.setReceiveBufferSize(usualBytes / 2);
      small.bind(new InetSocketAddress(LOOPBACK, 0));
      usual.bind(new InetSocketAddress(LOOPBACK, 0));
      assertEquals(usualBytes / 2, small.getReceiveBufferSize());
      assertEquals(usualBytes, usual.getReceiveBufferSize());
      assertFalse(usual.messageSocket().options().streaming());
    }
  }

  @Test
  void unboundSocketHasNothingUnderneath() {
    try (ReliableDatagramSocket socket = new ReliableDatagramSocket(MessageSocket.builder())) {
      assertThrows(IllegalStateException.class, socket::messageSocket);
    }
  }

  /** What another virtual machine runs: see {@link #lastWordsOfAProgramArrive}. */
  static final class LastWords {
    private LastWords() {}

    /**
     * Sends to the port given and returns at once; forbids the JDK's socket factory to be asked.
     */
    @SuppressWarnings("deprecation") // the factory is, and must be left alone all the same
    public static void main(String[] args) throws IOException {
      BufferWarning.silence();
      DatagramSocket.setDatagramSocketImplFactory(
          () -> {
            throw new IllegalStateException("the factory was asked");
          });
      ReliableDatagramSocket socket = new ReliableDatagramSocket();
      socket.send(packet("last words", new InetSocketAddress(LOOPBACK, Integer.parseInt(args[0]))));
    }
  }

  @Test
  void lastWordsOfAProgramArrive() throws Exception {
    try (ReliableDatagramSocket server = open()) {
      Process program =
          new ProcessBuilder(
                  System.getProperty("java.home") + "/bin/java",
                  "-cp",
                  System.getProperty("java.class.path"),
                  LastWords.class.getName(),
                  String.valueOf(server.getLocalPort()))
              .redirectErrorStream(true)
              .start();
      try {
        assertEquals("last words", receive(server));
        String said = new String(program.getInputStream().readAllBytes(), UTF_8);
        assertTrue(program.waitFor(LONG_MILLIS, TimeUnit.MILLISECONDS), "it did not end");
        assertEquals("", said);
        assertEquals(0, program.exitValue());
      } finally {
        program.destroyForcibly();
      }
    }
  }
}
