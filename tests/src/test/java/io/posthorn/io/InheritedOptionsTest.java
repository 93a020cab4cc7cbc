package io.posthorn.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.posthorn.Ipv6Loopback;
import io.posthorn.e2e.FreePorts;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A socket that the process inherited stays open where it came from, and is left as it was. */
@EnabledOnOs(OS.LINUX)
class InheritedOptionsTest {
  private static final int[][] OPTIONS = {
    {LinuxCalls.SOL_UDP, LinuxCalls.UDP_GRO},
    {LinuxCalls.SOL_SOCKET, LinuxCalls.SO_RCVTIMEO},
    {LinuxCalls.SOL_SOCKET, LinuxCalls.SO_REUSEPORT},
    {LinuxCalls.SOL_SOCKET, LinuxCalls.SO_RXQ_OVFL},
    {LinuxCalls.SOL_IP, LinuxCalls.IP_MTU_DISCOVER},
    {LinuxCalls.SOL_IP, LinuxCalls.IP_RECVTOS},
    {LinuxCalls.SOL_IP, LinuxCalls.IP_PKTINFO},
    {LinuxCalls.SOL_IP, LinuxCalls.IP_RECVERR},
    {LinuxCalls.SOL_IPV6, LinuxCalls.IPV6_MTU_DISCOVER},
    {LinuxCalls.SOL_IPV6, LinuxCalls.IPV6_RECVTCLASS},
    {LinuxCalls.SOL_IPV6, LinuxCalls.IPV6_RECVPKTINFO},
    {LinuxCalls.SOL_IPV6, LinuxCalls.IPV6_RECVERR},
  };

  /** Keeps the socket open when it is closed, as the process that it came from does. */
  private static final class KeepingCalls extends LinuxCalls {
    private int kept = -1;
    private boolean refusesEvents;

    @Override
    int openEvent() {
      return refusesEvents ? -1 : super.openEvent();
    }

    @Override
    void closeDescriptor(int fd) {
      if (fd != kept) {
        super.closeDescriptor(fd);
      }
    }

    @Override
    int lastError() {
      return refusesEvents ? ENOSYS : super.lastError();
    }
  }

  private final KeepingCalls calls = new KeepingCalls();

  private void openSocket(String host) throws Exception {
    LinuxSocket socket = LinuxSocket.open(calls, new InetSocketAddress(host, 0), null);
    socket.bind(new InetSocketAddress(host, 0));
    calls.kept = socket.descriptor();
  }

  @AfterEach
  void close() {
    if (calls.kept >= 0) {
      new LinuxCalls().closeDescriptor(calls.kept);
    }
  }

  private List<String> options() {
    List<String> values = new ArrayList<>();
    try (Memory value = new Memory(16);
        Memory length = new Memory(4)) {
      for (int[] option : OPTIONS) {
        value.clear();
        length.setInt(0, 16);
        int result =
            calls.getOption(
                calls.kept,
                option[0],
                option[1],
                Pointer.nativeValue(value),
                Pointer.nativeValue(length));
        values.add(
            option[1] + (result == 0 ? ": " + value.getLong(0) + " " + value.getLong(8) : ""));
      }
    }
    return values;
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "0.0.0.0", "::1", "::"})
  void closedPortLeavesThemAsTheyWere(String host) throws Exception {
    Ipv6Loopback.assumeIfNeeded(host);
    openSocket(host);
    List<String> before = options();
    LinuxDatagramPort port = LinuxDatagramPort.adopt(calls, calls.kept, true);
    assertNotEquals(before, options());
    port.close();
    assertEquals(before, options());
  }

  /** ICMP messages that nobody takes would end each wait at once. */
  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1", "::"})
  void aSocketThatHearsOfIcmpIsDeafMeanwhile(String host) throws Exception {
    Ipv6Loopback.assumeIfNeeded(host);
    LinuxSocket socket = LinuxSocket.open(calls, new InetSocketAddress(host, 0), null);
    socket.bind(new InetSocketAddress(host, 0));
    socket.reportErrors(true);
    calls.kept = socket.descriptor();
    List<String> before = options();
    InetSocketAddress nobody = FreePorts.nobody(host.equals("::") ? "127.0.0.1" : host);
    LinuxDatagramPort port = LinuxDatagramPort.adopt(calls, calls.kept, true);
    for (int i = 0; i < 3; i++) {
      assertEquals(1, port.send(DatagramPortContractTest.batch(nobody, 3), 0, 0));
      assertFalse(port.await(1_000_000, false));
    }
    assertEquals(Map.of(), port.counters().sendErrors());
    assertEquals(Map.of(), port.counters().receiveErrors());
    port.close();
    assertEquals(before, options());
  }

  /** A program that ends while it opens a connection leaves nothing of that to the next. */
  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::"})
  void aSocketThatHearsOfIcmpForUsIsDeafAfterwards(String host) throws Exception {
    Ipv6Loopback.assumeIfNeeded(host);
    openSocket(host);
    List<String> before = options();
    LinuxDatagramPort port = LinuxDatagramPort.adopt(calls, calls.kept, true);
    port.hearIcmp(true);
    port.close();
    assertEquals(before, options());
  }

  /** A port has another socket beside its own while strangers flood it, and ends that. */
  @Test
  void aSocketThatSharesItsAddressGoesOnToDoSo() throws Exception {
    LinuxSocket socket =
        LinuxSocket.open(calls, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), null);
    socket.sharePort();
    socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    calls.kept = socket.descriptor();
    List<String> before = options();
    LinuxDatagramPort port = LinuxDatagramPort.adopt(calls, calls.kept, true);
    port.unshare("for a test");
    port.close();
    assertEquals(before, options());
  }

  @Test
  void refusedPortLeavesThemAsTheyWere() throws Exception {
    openSocket("127.0.0.1");
    List<String> before = options();
    calls.refusesEvents = true;
    Exception refused =
        assertThrows(
            LinuxDatagramPort.RefusedException.class,
            () -> LinuxDatagramPort.adopt(calls, calls.kept, true));
    assertTrue(refused.getMessage().contains("eventfd"), refused.getMessage());
    assertEquals(before, options());
  }
}
