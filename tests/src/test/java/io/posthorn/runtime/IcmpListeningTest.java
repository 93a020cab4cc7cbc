package io.posthorn.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.EcnMark;
import io.posthorn.Mode;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.io.ForwardingDatagramPort;
import io.posthorn.io.NioDatagramPort;
import io.posthorn.wire.IcmpHint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When a loop has its port listen to ICMP; the test makes its turns itself. */
@Timeout(30)
class IcmpListeningTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  /** Remembers in their order what it sent, and what it was asked for. */
  private static final class ListeningPort extends ForwardingDatagramPort {
    private final List<String> asked = new ArrayList<>();
    private final List<InetSocketAddress> toTell = new ArrayList<>();
    private boolean more;
    private int takes;

    ListeningPort() throws IOException {
      super(NioDatagramPort.open(ANY));
    }

    @Override
    public int send(TransmitBatch batch, int firstSegment, long nowNanos) throws IOException {
      asked.add("send");
      return port.send(batch, firstSegment, nowNanos);
    }

    @Override
    public void hearIcmp(boolean wanted) {
      asked.add(wanted ? "listen" : "listen no more");
    }

    @Override
    public boolean takeIcmp(BiConsumer<InetSocketAddress, IcmpHint> to) {
      takes++;
      toTell.forEach(peer -> to.accept(peer, IcmpHint.PORT_UNREACHABLE));
      toTell.clear();
      return more;
    }
  }

  private ListeningPort port;
  private SocketDriver driver;
  private NioDatagramPort peerPort;
  private ReliableEndpoint peer;

  @BeforeEach
  void open() throws IOException {
    SocketOptions options = SocketOptions.defaults(Mode.RELIABLE);
    port = new ListeningPort();
    driver =
        SocketDriver.prepare(
            port,
            isSelf -> new ReliableEndpoint(options, new SecureRandom(), isSelf),
            0,
            0,
            action -> new Thread(() -> {}));
    peerPort = NioDatagramPort.open(ANY);
    peer = new ReliableEndpoint(options, new SecureRandom(), peerPort.localAddress()::equals);
  }

  @AfterEach
  void close() throws IOException {
    driver.life.fail(new IOException("the test is over"));
    port.close();
    peerPort.close();
  }

  private void turn() throws IOException {
    assertTrue(driver.turn(driver.clock.now()));
  }

  /** Hands the peer what has come, and sends what it has to say. */
  private void letPeerAnswer() throws IOException {
    ByteBuffer slab = ByteBuffer.allocate(ForwardingDatagramPort.SLAB_BYTES);
    TransmitBatch batch = new TransmitBatch();
    long now = driver.clock.now();
    InetSocketAddress from = peerPort.receive(slab, now);
    while (from != null) {
      peer.onDatagram(slab, from, EcnMark.UNKNOWN, now);
      from = peerPort.receive(slab, now);
    }
    while (peer.pollTransmit(batch, now)) {
      assertEquals(batch.segments(), peerPort.send(batch, 0, now));
    }
  }

  @Test
  void itListensFromBeforeTheFirstDatagramUntilThePeerHasAnswered() throws IOException {
    turn();
    assertEquals(List.of(), port.asked);
    ConnectionRecord record = driver.connect(peerPort.localAddress());
    assertNotNull(record);
    assertEquals(List.of("listen", "send"), port.asked);
    while (!record.isConnected()) {
      letPeerAnswer();
      turn();
    }
    assertEquals(1, port.asked.stream().filter("listen no more"::equals).count());
    int before = port.takes;
    port.asked.clear();
    turn();
    assertEquals(before, port.takes);
    assertFalse(port.asked.contains("listen"));
  }

  @Test
  void whoeverOnlyAnswersDoesNotListen() throws IOException {
    long handle = peer.connect(port.localAddress(), 0);
    assertTrue(handle != Endpoint.NO_CONNECTION);
    while (peer.isOpening()) {
      letPeerAnswer();
      turn();
    }
    assertTrue(port.asked.contains("send"));
    assertFalse(port.asked.contains("listen"), port.asked.toString());
    assertEquals(0, port.takes);
  }

  @Test
  void whatIsHeardIsNotedAndThereMayBeMore() throws IOException {
    ConnectionRecord record = driver.connect(peerPort.localAddress());
    assertNotNull(record);
    port.toTell.add(port.localAddress());
    turn();
    assertNull(record.icmpHint(), "of another address");
    port.toTell.add(peerPort.localAddress());
    port.more = true;
    turn();
    assertEquals(IcmpHint.PORT_UNREACHABLE, record.icmpHint());
    assertNull(record.closed());
    int before = port.takes;
    assertTrue(driver.turn(Endpoint.NEVER), "it does not wait while there may be more");
    assertEquals(before + 1, port.takes);
  }

  @Test
  void itListensNoMoreOnceItHasGivenUp() throws IOException {
    ConnectionRecord record = driver.connect(peerPort.localAddress());
    assertNotNull(record);
    driver.close(record, 0, "", 0);
    assertNotNull(record.closed());
    turn();
    assertEquals("listen no more", port.asked.get(port.asked.size() - 1));
  }
}
