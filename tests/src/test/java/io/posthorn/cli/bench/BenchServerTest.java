package io.posthorn.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Connection;
import io.posthorn.ConnectionInfo;
import io.posthorn.MessageSocket;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a server suffers of strangers, and of clients that take nothing. */
@Timeout(120)
class BenchServerTest extends BenchLoopback {
  /** Connections of reliable mode have one thread, which must not wait for any of them. */
  @Test
  void aClientThatTakesNothingHoldsUpNoOther() throws Exception {
    try (BenchServer server = server();
        MessageSocket idle = MessageSocket.builder().open()) {
      BenchPlan endless = plan(true, true, 1 << 16, 1_000_000, 0);
      Connection connection = idle.connect(server.localAddress());
      connection.send(BenchMessage.padded(BenchMessage.REQUEST, 0, endless.toBytes()));
      long token = BenchMessage.token(connection.receive().bytes());
      connection.send(BenchMessage.padded(BenchMessage.START, token, endless.toBytes()));
      MessageSocket there = reliableAtServer;
      while (there.connections().get(0).limitedBy() != ConnectionInfo.LimitedBy.PEER_WINDOW) {
        Thread.onSpinWait();
      }
      for (int i = 0; i < 1_000; i++) {
        connection.send(BenchMessage.control(BenchMessage.END, token, 0));
      }
      try (BenchRun run =
          run(BenchTransport.RELIABLE, plan(true, true, 100, 10, 0), 1, server.localAddress())) {
        assertNull(run.failure());
        assertWhole(run.up(0), 10);
        assertWhole(run.down(0), 10);
      }
    }
  }

  /**
   * Nobody can have a server send to an address that is not theirs, nor get more than they send.
   */
  @Test
  void strangersGetLittleAndNothingIsKeptOfThem() throws Exception {
    try (BenchServer server = server();
        DatagramSocket stranger = new DatagramSocket(ANY)) {
      stranger.setSoTimeout(200);
      byte[] plan = plan(false, true, 1_000, 1_000, 0).toBytes();
      byte[][] quiet = {
        BenchMessage.control(BenchMessage.REQUEST, 0, 0, plan),
        BenchMessage.padded(BenchMessage.START, 4711, plan),
        BenchMessage.control(BenchMessage.DATA, 4711, 3),
        BenchMessage.control(BenchMessage.END, 4711, 3),
        {1, 2, 3},
        {}
      };
      for (byte[] message : quiet) {
        stranger.send(new DatagramPacket(message, message.length, server.localAddress()));
        assertThrows(
            SocketTimeoutException.class,
            () -> stranger.receive(new DatagramPacket(new byte[100], 100)));
      }
      assertTrue(server.isIdle());
      byte[][] refused = {
        "posthorn-bench 1 up 99999999 1 0 0".getBytes(StandardCharsets.US_ASCII),
        "posthorn-bench 1 up 100 1e999 0 0".getBytes(StandardCharsets.US_ASCII),
        "posthorn-bench 2 up 100 1 0 0".getBytes(StandardCharsets.US_ASCII),
        "posthorn-bench 1 neither 100 1 0 0".getBytes(StandardCharsets.US_ASCII),
        "posthorn-bench 1 up x 1 0 0".getBytes(StandardCharsets.US_ASCII),
        "\u001b[2J".getBytes(StandardCharsets.US_ASCII)
      };
      stranger.setSoTimeout(20_000);
      for (byte[] bad : refused) {
        byte[] message = BenchMessage.padded(BenchMessage.REQUEST, 0, bad);
        stranger.send(new DatagramPacket(message, message.length, server.localAddress()));
        DatagramPacket answer = new DatagramPacket(new byte[1_000], 1_000);
        stranger.receive(answer);
        byte[] bytes = Arrays.copyOf(answer.getData(), answer.getLength());
        assertEquals(BenchMessage.REFUSED, BenchMessage.type(bytes));
        assertTrue(bytes.length <= message.length);
      }
    }
  }

  @Test
  void aTcpStrangerCannotMakeTheServerAllocateOrStumble() throws Exception {
    try (BenchServer server = server()) {
      for (int length : new int[] {-1, Integer.MAX_VALUE, BenchPlan.MOST_MESSAGE_BYTES}) {
        try (Socket socket =
            new Socket(server.localAddress().getAddress(), server.localAddress().getPort())) {
          DataOutputStream out = new DataOutputStream(socket.getOutputStream());
          out.writeInt(length);
          out.flush();
          socket.shutdownOutput();
          assertEquals(-1, new DataInputStream(socket.getInputStream()).read());
        }
      }
      try (BenchRun run =
          run(BenchTransport.TCP, plan(true, false, 100, 10, 0), 1, server.localAddress())) {
        assertWhole(run.up(0), 10);
      }
    }
  }
}
