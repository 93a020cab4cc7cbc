package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.posthorn.MessageSocket;
import io.posthorn.simulation.Relay;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The words that the library and the JDK have for it are those that are read. */
class BindRefusalTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private static final InetSocketAddress TARGET =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 9);

  /** Listens somewhere. */
  private interface Listening {
    AutoCloseable at(InetSocketAddress address) throws IOException;
  }

  /** All that commands listen with. */
  private static final List<Listening> WAYS =
      List.of(
          address -> MessageSocket.builder().bind(address).open(),
          address -> Relay.inFrontOf(TARGET).listen(address).start(),
          address -> {
            ServerSocket tcp = new ServerSocket();
            try {
              tcp.bind(address);
            } catch (IOException refused) {
              tcp.close();
              throw refused;
            }
            return tcp;
          });

  private static BindRefusal refusal(Listening way, InetSocketAddress address) {
    IOException thrown =
        assertThrows(
            IOException.class,
            () -> {
              try (AutoCloseable listener = way.at(address)) {
                throw new AssertionError("it listens: " + listener);
              }
            });
    return BindRefusal.of(thrown, address.getPort());
  }

  @Test
  void aPortThatSomebodyHasIsInUse() throws Exception {
    try (MessageSocket udp = MessageSocket.builder().bind(ANY).open();
        ServerSocket tcp = new ServerSocket(0, 1, ANY.getAddress())) {
      InetSocketAddress ofTcp = new InetSocketAddress(ANY.getAddress(), tcp.getLocalPort());
      assertEquals(BindRefusal.IN_USE, refusal(WAYS.get(0), udp.localAddress()));
      assertEquals(BindRefusal.IN_USE, refusal(WAYS.get(1), udp.localAddress()));
      assertEquals(BindRefusal.IN_USE, refusal(WAYS.get(2), ofTcp));
    }
  }

  /** RFC 5737: this address is nobody's. */
  @Test
  void anAddressThatThisMachineLacksIsForeign() throws UnknownHostException {
    InetSocketAddress foreign = new InetSocketAddress(InetAddress.getByName("192.0.2.1"), 0);
    for (Listening way : WAYS) {
      assertEquals(BindRefusal.FOREIGN, refusal(way, foreign));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Permission denied, 80, DENIED",
    "cannot bind 127.0.0.1:80: permission denied: ports below 1024 need privilege, 80, DENIED",
    "Address already in use, 0, NO_PORT_LEFT",
    "cannot bind 127.0.0.1:0: no port is free: close some sockets, 0, NO_PORT_LEFT",
    "cannot bind [::1]:9: this machine has no IPv6; give an IPv4 address, 9, NO_IPV6",
    "Invalid argument, 9, OTHER",
  })
  void whatCannotBeHadHereIsKnownByItsWords(String words, int port, BindRefusal reason) {
    assertEquals(reason, BindRefusal.of(new BindException(words), port));
  }

  @Test
  void aChannelWithoutIpv6IsKnownByItsCause() {
    SocketException thrown = new BindException("this machine has no INET6");
    thrown.initCause(new UnsupportedOperationException("Protocol family not supported"));
    assertEquals(BindRefusal.NO_IPV6, BindRefusal.of(thrown, 9));
  }
}
