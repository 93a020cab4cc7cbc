package io.posthorn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.identity.Identity;
import io.posthorn.protocol.handshake.ConnectionIdIssuer;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.WireLimits;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** FAULTS 38 on real sockets: two of one identity, as the processes of one user are. */
@Timeout(60)
class SharedIdentityTest {
  private static final int AGAIN_MILLIS = 500;

  private final SplittableRandom random = new SplittableRandom(38);

  private static MessageSocket open(Identity identity) throws IOException {
    return MessageSocket.builder()
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .security(Security.identity(identity))
        .open();
  }

  private byte[] dataPacket(long id) {
    byte[] packet = new byte[200];
    random.nextBytes(packet);
    packet[0] = PacketHeader.DATA;
    BigEndian.putLong(packet, PacketHeader.CONNECTION_ID_AT, id);
    return packet;
  }

  /** A first message of another version, which is always answered. */
  private static byte[] otherVersion() {
    byte[] out = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];
    FirstMessagePacket.write(out, 0, WireLimits.SUITE_NOISE_XX, 1, new byte[0], 0, out, 32);
    BigEndian.putInt(out, 1, WireLimits.VERSION + 1);
    return out;
  }

  /** The first answer to these datagrams, sent until there is one. */
  private static byte[] answer(DatagramSocket from, MessageSocket to, byte[]... datagrams)
      throws IOException {
    from.setSoTimeout(AGAIN_MILLIS);
    byte[] buffer = new byte[2_000];
    while (true) {
      for (byte[] datagram : datagrams) {
        from.send(new DatagramPacket(datagram, datagram.length, to.localAddress()));
      }
      DatagramPacket received = new DatagramPacket(buffer, buffer.length);
      try {
        from.receive(received);
        return Arrays.copyOf(buffer, received.getLength());
      } catch (SocketTimeoutException again) {
        // lost on its way, on a machine that is busy
      }
    }
  }

  @Test
  void fault38_oneDoesNotAnswerForTheOther() throws IOException {
    Identity identity = Identity.generate();
    try (MessageSocket one = open(identity);
        MessageSocket other = open(identity);
        DatagramSocket stranger = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      ConnectionIdIssuer ids =
          new ConnectionIdIssuer(
              StaticKey.of(identity.privateKey()), one.localAddress(), random, id -> false);
      long id = ids.next();
      // Lost, for all that this one knows: it was started anew at its port.
      byte[] reset = answer(stranger, one, dataPacket(id));
      assertEquals(PacketHeader.DATA, PacketHeader.kind(reset[0]));
      assertTrue(reset.length < 200);
      byte[] token = Arrays.copyOfRange(reset, reset.length - 16, reset.length);
      assertArrayEquals(ids.token(id), token);

      try (DatagramSocket observer = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
        byte[] first = answer(observer, other, dataPacket(ids.next()), otherVersion());
        assertEquals(PacketHeader.CONTROL, PacketHeader.kind(first[0]), "to what came second");
      }
    }
  }
}
