package io.posthorn.testkit.sample;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.posthorn.testkit.BadNetwork;
import io.posthorn.testkit.TestRelay;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The tutorial's test on real sockets, and one that fails. */
@BadNetwork(value = "loss 100%", seed = 9)
public abstract class EchoExample {
  @Test
  @BadNetwork("delay 5ms loss 10%")
  void answerComes(TestRelay relay) throws IOException {
    try (DatagramSocket server = echo();
        DatagramSocket client = new DatagramSocket()) {
      client.connect(relay.inFrontOf(server.getLocalPort()));
      assertEquals("hello", askUntilAnswered(client, "hello"));
    }
  }

  /** Which is not to be found, for the class's network loses all. */
  static final class Failing extends EchoExample {
    @Test
    void answerComesAtOnce(TestRelay relay) throws IOException {
      try (DatagramSocket server = echo();
          DatagramSocket client = new DatagramSocket()) {
        client.connect(relay.inFrontOf(server.getLocalPort()));
        client.setSoTimeout(50);
        send(client, "hello");
        receive(client);
      } catch (SocketTimeoutException e) {
        fail("no answer");
      }
    }
  }

  /** Which ends before it begins: that is no failure. */
  @BadNetwork
  static final class Aborted {
    @Test
    void wantsWhatIsNotThere(TestRelay relay) throws IOException {
      relay.inFrontOf(9);
      assumeTrue(false);
    }
  }

  /** Which does not use what it is given. */
  @BadNetwork
  static final class Idle {
    @Test
    void needsNoServer(TestRelay relay) {
      assertEquals(0, relay.countersUp().offered());
    }
  }

  /** Which is made with what its test is given. */
  @BadNetwork(value = "loss 100%", seed = 9)
  static final class Constructed {
    private final TestRelay relay;

    Constructed(TestRelay relay) {
      this.relay = relay;
    }

    @Test
    void answerComesAtOnce() throws IOException {
      try (DatagramSocket client = new DatagramSocket()) {
        client.connect(relay.inFrontOf(9));
        send(client, "hello");
        while (relay.countersUp().offered() < 1) {
          Thread.onSpinWait();
        }
        fail("no answer");
      }
    }

    @Test
    @BadNetwork("delay 5ms")
    void theMethodsNetworkPrevails(TestRelay same) {
      assertSame(relay, same);
      assertEquals("up 'delay 5ms'", relay.toString().split(",", -1)[0]);
    }
  }

  /** Which wants one for all its tests. */
  @BadNetwork
  static final class Lasting {
    @BeforeAll
    static void open(TestRelay relay) {
      fail("it was given " + relay);
    }

    @Test
    void nothing() {}
  }

  /** Which has a different seed each time, and loses something all the same. */
  @BadNetwork(up = "loss 50%")
  static final class Lucky {
    @Test
    void nothingIsLost(TestRelay relay) throws IOException {
      try (DatagramSocket server = echo();
          DatagramSocket client = new DatagramSocket()) {
        client.connect(relay.inFrontOf(server.getLocalPort()));
        client.setSoTimeout(50);
        for (int i = 0; i < 40; i++) {
          send(client, "hello");
        }
        while (relay.countersUp().offered() < 40) {
          Thread.onSpinWait();
        }
        assertEquals(0, relay.countersUp().lost());
      }
    }
  }

  private static void send(DatagramSocket client, String text) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    client.send(new DatagramPacket(bytes, bytes.length));
  }

  private static String receive(DatagramSocket client) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[100], 100);
    client.receive(packet);
    return new String(packet.getData(), 0, packet.getLength(), UTF_8);
  }

  static String askUntilAnswered(DatagramSocket client, String text) throws IOException {
    client.setSoTimeout(100);
    while (true) {
      send(client, text);
      try {
        return receive(client);
      } catch (SocketTimeoutException e) {
        // again
      }
    }
  }

  static DatagramSocket echo() throws IOException {
    DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    Thread thread =
        new Thread(
            () -> {
              DatagramPacket packet = new DatagramPacket(new byte[100], 100);
              try {
                while (true) {
                  socket.receive(packet);
                  socket.send(packet);
                }
              } catch (IOException e) {
                // closed: done
              }
            });
    thread.setDaemon(true);
    thread.start();
    return socket;
  }
}
