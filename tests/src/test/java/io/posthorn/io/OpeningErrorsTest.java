package io.posthorn.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.wire.PacketHeader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** An error at any point while a port opens, as when memory runs out, leaves nothing open. */
@EnabledOnOs(OS.LINUX)
class OpeningErrorsTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  /** Fails at one call, and knows what is open. */
  private static final class FailingCalls extends LinuxCalls {
    private final Set<Integer> open = new HashSet<>();
    private int failsAt;
    private int made;

    FailingCalls(int failsAt) {
      this.failsAt = failsAt;
    }

    private void count() {
      if (made++ == failsAt) {
        throw new OutOfMemoryError("forced");
      }
    }

    @Override
    int openDatagramSocket(int domain) {
      count();
      int fd = super.openDatagramSocket(domain);
      open.add(fd);
      return fd;
    }

    @Override
    int openEvent() {
      count();
      int fd = super.openEvent();
      open.add(fd);
      return fd;
    }

    @Override
    void closeDescriptor(int fd) {
      assertTrue(open.remove(fd), "closed twice");
      super.closeDescriptor(fd);
    }

    @Override
    int bindTo(int fd, long address, int addressBytes) {
      count();
      return super.bindTo(fd, address, addressBytes);
    }

    @Override
    int socketName(int fd, long address, long addressBytes) {
      count();
      return super.socketName(fd, address, addressBytes);
    }

    @Override
    int setOption(int fd, int level, int option, long value, int valueBytes) {
      count();
      return super.setOption(fd, level, option, value, valueBytes);
    }

    @Override
    int getOption(int fd, int level, int option, long value, long valueBytes) {
      count();
      return super.getOption(fd, level, option, value, valueBytes);
    }
  }

  /** Opens something. */
  private interface Opening {
    void open(LinuxCalls calls) throws IOException;
  }

  /** Answers in how many calls it opened. */
  private static int failAtEach(Opening opening) throws IOException {
    for (int at = 0; ; at++) {
      FailingCalls calls = new FailingCalls(at);
      try {
        opening.open(calls);
        assertEquals(Set.of(), calls.open, "closed by the test");
        return at;
      } catch (OutOfMemoryError forced) {
        assertEquals(Set.of(), calls.open, "after call " + at);
      }
    }
  }

  @Test
  void onePort() throws Exception {
    int calls = failAtEach(failing -> LinuxDatagramPort.open(failing, ANY, null, true).close());
    assertTrue(calls > 10, "calls: " + calls);
  }

  @Test
  void severalPortsAtOneAddress() throws Exception {
    int calls =
        failAtEach(
            failing -> {
              for (LinuxDatagramPort port : PortGroup.open(failing, ANY, null, true, 3, true)) {
                port.close();
              }
            });
    assertTrue(calls > 30, "calls: " + calls);
  }

  @Test
  void inheritedSocketStaysOpenAlone() throws Exception {
    for (int at = 0, refused = 1; refused > 0; at++) {
      FailingCalls calls = new FailingCalls(-1);
      LinuxSocket socket = LinuxSocket.open(calls, ANY, null);
      socket.bind(ANY);
      calls.made = 0;
      calls.failsAt = at;
      try {
        LinuxDatagramPort port = LinuxDatagramPort.adopt(calls, socket.descriptor(), true);
        refused = 0;
        calls.failsAt = -1;
        port.close();
      } catch (OutOfMemoryError forced) {
        assertEquals(Set.of(socket.descriptor()), calls.open, "after call " + at);
        socket.close();
      }
    }
  }

  @Test
  void socketForFirstMessagesIsDoneWithout() throws Exception {
    ByteBuffer first = ByteBuffer.allocate(1_200);
    first.put(PacketHeader.TYPE_AT, (byte) PacketHeader.FIRST_MESSAGE);
    ByteBuffer slab = ByteBuffer.allocate(DatagramPort.SLAB_BYTES);
    boolean opened = false;
    for (int at = 0; !opened; at++) {
      FailingCalls calls = new FailingCalls(-1);
      LinuxDatagramPort port = LinuxDatagramPort.open(calls, ANY, null, true);
      Set<Integer> open = Set.copyOf(calls.open);
      try (DatagramChannel stranger = DatagramChannel.open().bind(ANY)) {
        calls.made = 0;
        calls.failsAt = at;
        for (int i = 0; i < FirstMessageSocket.MANY; i++) {
          stranger.send(first.rewind(), port.localAddress());
          assertNotNull(port.receive(slab, 1));
        }
        calls.failsAt = -1;
        opened = port.description().contains("; first messages come in by a socket of their own");
        if (!opened) {
          assertTrue(port.description().contains("forced"), port.description());
          assertEquals(open, calls.open, "after call " + at);
          stranger.send(first.rewind(), port.localAddress());
          assertNotNull(port.receive(slab, 1), "all goes on with one socket");
        }
      } finally {
        port.close();
      }
      assertEquals(Set.of(), calls.open);
    }
  }

  @Test
  void errorItselfIsTold() {
    FailingCalls calls = new FailingCalls(0);
    assertThrows(OutOfMemoryError.class, () -> PortChoice.open(calls, ANY, null, true));
  }
}
