package io.posthorn.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.ReliableDatagramSocket;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.Relay;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.net.DatagramSocketFactory;
import org.apache.commons.net.DefaultDatagramSocketFactory;
import org.apache.commons.net.ntp.NTPUDPClient;
import org.apache.commons.net.ntp.TimeInfo;
import org.apache.commons.net.ntp.TimeStamp;
import org.apache.commons.net.tftp.TFTP;
import org.apache.commons.net.tftp.TFTPClient;
import org.junit.jupiter.api.Test;

/**
 * Programs written for {@link DatagramSocket}, unchanged: they get the drop-in from the factory
 * that they ask for sockets, and a network that loses a tenth each way.
 */
class ThirdPartyProgramsTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final LinkConditions BAD = LinkConditions.parse("loss 10%");

  /** Of {@link #file()}. */
  private static final int BLOCKS = 101;

  /** All that has to be written to make a library that knows {@code DatagramSocket} reliable. */
  private static final class Reliable implements DatagramSocketFactory {
    @Override
    public DatagramSocket createDatagramSocket() throws SocketException {
      return new ReliableDatagramSocket();
    }

    @Override
    public DatagramSocket createDatagramSocket(int port) throws SocketException {
      return new ReliableDatagramSocket(port);
    }

    @Override
    public DatagramSocket createDatagramSocket(int port, InetAddress address)
        throws SocketException {
      return new ReliableDatagramSocket(port, address);
    }
  }

  private static Relay relay(DatagramSocket server) throws IOException {
    InetSocketAddress target = (InetSocketAddress) server.getLocalSocketAddress();
    return Relay.inFrontOf(target).up(BAD).down(BAD).seed(1).start();
  }

  private static byte[] file() {
    byte[] bytes = new byte[(BLOCKS - 1) * 512 + 77];
    new Random(9).nextBytes(bytes);
    return bytes;
  }

  /** A server and a client with a lossy relay before each: the server answers from a new port. */
  private static final class Transfer implements AutoCloseable {
    final TFTPClient client = new TFTPClient();
    final TftpServer server;
    final Relay toServer;
    final Relay toClient;

    Transfer(DatagramSocketFactory factory) throws IOException {
      client.setDatagramSocketFactory(factory);
      client.open(0, LOOPBACK);
      InetSocketAddress here = new InetSocketAddress(LOOPBACK, client.getLocalPort());
      DatagramSocket requests = factory.createDatagramSocket(0, LOOPBACK);
      toServer = relay(requests);
      toClient = Relay.inFrontOf(here).up(BAD).down(BAD).seed(2).start();
      server =
          new TftpServer(
              requests, () -> factory.createDatagramSocket(0, LOOPBACK), toClient::localAddress);
    }

    void upload(byte[] file) throws IOException {
      client.sendFile(
          "posthorn.bin",
          TFTP.BINARY_MODE,
          new ByteArrayInputStream(file),
          LOOPBACK,
          toServer.localAddress().getPort());
    }

    byte[] download() throws IOException {
      ByteArrayOutputStream received = new ByteArrayOutputStream();
      client.receiveFile(
          "posthorn.bin", TFTP.BINARY_MODE, received, LOOPBACK, toServer.localAddress().getPort());
      return received.toByteArray();
    }

    /** Datagrams that came to neither end, both ways. */
    long lost() {
      return toServer.statistics().up().lost()
          + toServer.statistics().down().lost()
          + toClient.statistics().up().lost()
          + toClient.statistics().down().lost();
    }

    @Override
    public void close() {
      client.close();
      server.close();
      toServer.close();
      toClient.close();
    }
  }

  /** README.md has this line, but for the block at which it ended and how much was lost. */
  private static void assertReadmeShows(String line) throws IOException {
    Path readme = Path.of(System.getProperty("posthorn.root"), "README.md");
    String figure = "(?<=after block )\\d+|\\d+(?= datagrams)";
    List<String> shown = new ArrayList<>();
    for (String one : Files.readAllLines(readme)) {
      shown.add(one.replaceAll(figure, "#"));
    }
    assertTrue(shown.contains(line.replaceAll(figure, "#")), line);
  }

  @Test
  void tftpUploadDiesOverPlainUdp() throws Exception {
    try (Transfer transfer = new Transfer(new DefaultDatagramSocketFactory())) {
      transfer.client.setSoTimeout(Duration.ofMillis(100));
      transfer.client.setMaxTimeouts(3);
      IOException failure = assertThrows(IOException.class, () -> transfer.upload(file()));
      assertReadmeShows(
          "DatagramSocket: "
              + failure
              + " after block "
              + transfer.server.lastBlock()
              + " of "
              + BLOCKS);
      assertTrue(transfer.server.lastBlock() < BLOCKS - 1, "block " + transfer.server.lastBlock());
      assertFalse(transfer.server.files().containsKey("posthorn.bin"));
    }
  }

  @Test
  void tftpUploadArrivesWholeOverTheDropIn() throws Exception {
    try (Transfer transfer = new Transfer(new Reliable())) {
      transfer.upload(file());
      assertArrayEquals(file(), transfer.server.files().get("posthorn.bin"));
      assertEquals(1, transfer.server.mostRepeated(), "the client sent something again");
      assertTrue(transfer.toClient.statistics().up().lost() > 0, "the relay lost nothing");
      assertReadmeShows(
          "ReliableDatagramSocket: "
              + transfer.server.lastBlock()
              + " blocks, each sent once, whole; the network lost "
              + transfer.lost()
              + " datagrams meanwhile");
    }
  }

  @Test
  void tftpDownloadArrivesWholeOverTheDropIn() throws Exception {
    try (Transfer transfer = new Transfer(new Reliable())) {
      transfer.server.files().put("posthorn.bin", file());
      assertArrayEquals(file(), transfer.download());
      assertEquals(1, transfer.server.mostRepeated(), "the client sent something again");
      assertTrue(transfer.toClient.statistics().up().lost() > 0, "the relay lost nothing");
    }
  }

  /** Answers each request of the Network Time Protocol (RFC 5905) with the time it got it. */
  private static final class NtpServer implements AutoCloseable {
    final AtomicInteger requests = new AtomicInteger();
    private final DatagramSocket socket;
    private final Thread thread;

    NtpServer(DatagramSocket socket) {
      this.socket = socket;
      thread = new Thread(this::serve, "ntp-server");
      thread.start();
    }

    private void serve() {
      DatagramPacket packet = new DatagramPacket(new byte[48], 48);
      try {
        while (true) {
          socket.receive(packet);
          requests.incrementAndGet();
          ByteBuffer message = ByteBuffer.wrap(packet.getData());
          long now = TimeStamp.getCurrentTime().ntpValue();
          message.put(0, (byte) (3 << 3 | 4)).put(1, (byte) 1); // version 3, server, stratum 1
          message.putLong(24, message.getLong(40)).putLong(32, now).putLong(40, now);
          socket.send(packet);
        }
      } catch (IOException e) {
        // closed: done
      }
    }

    @Override
    public void close() {
      socket.close();
      TftpServer.join(thread);
    }
  }

  private static int answers(NTPUDPClient client, Relay relay, int questions) throws IOException {
    int answers = 0;
    client.open();
    try {
      for (int i = 0; i < questions; i++) {
        TimeInfo info = client.getTime(LOOPBACK, relay.localAddress().getPort());
        info.computeDetails();
        assertTrue(Math.abs(info.getOffset()) < 60_000, "offset " + info.getOffset());
        answers++;
      }
    } finally {
      client.close();
    }
    return answers;
  }

  @Test
  void ntpQuestionsGoUnansweredOverPlainUdp() throws Exception {
    DatagramSocket socket = new DatagramSocket(0, LOOPBACK);
    try (NtpServer server = new NtpServer(socket);
        Relay relay = relay(socket)) {
      NTPUDPClient client = new NTPUDPClient();
      client.setDefaultTimeout(Duration.ofMillis(300));
      assertThrows(IOException.class, () -> answers(client, relay, 100));
      assertTrue(server.requests.get() < 100);
    }
  }

  @Test
  void ntpQuestionsAreEachAnsweredOnceOverTheDropIn() throws Exception {
    DatagramSocket socket = new ReliableDatagramSocket(0, LOOPBACK);
    try (NtpServer server = new NtpServer(socket);
        Relay relay = relay(socket)) {
      NTPUDPClient client = new NTPUDPClient();
      client.setDatagramSocketFactory(new Reliable());
      client.setDefaultTimeout(Duration.ofSeconds(20));
      assertEquals(100, answers(client, relay, 100));
      assertEquals(100, server.requests.get());
    }
  }
}
