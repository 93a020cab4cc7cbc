package io.posthorn.protocol.protection;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Who of an endpoint's connections has ciphers of its own, and for how long. */
class AesCiphersTest {
  private static final long SECOND = 1_000_000_000L;
  private static final int BUSY = 8;
  private static final int MOST = 5;
  private static final byte[] FRAMES = new byte[20];

  private final AesCiphers ciphers = new AesCiphers(MOST);
  private long nowNanos;

  /** One end of a connection of this endpoint, and its peer elsewhere. */
  private final class Connection {
    final AesGcmProtection here;
    final AesGcmProtection there;
    private long sent;
    private long received;

    Connection(int seed) {
      byte[] forth = new byte[PhaseKey.SECRET_BYTES];
      byte[] back = new byte[PhaseKey.SECRET_BYTES];
      Arrays.fill(forth, (byte) seed);
      Arrays.fill(back, (byte) (seed + 100));
      here = new AesGcmProtection(forth, back, KeyLimits.DEFAULT, ciphers);
      there = new AesGcmProtection(back, forth, KeyLimits.DEFAULT);
    }

    void send() {
      opened(there, Ends.seal(here, sent, 4, FRAMES), sent++);
    }

    void receive() {
      opened(here, Ends.seal(there, received, 4, FRAMES), received++);
    }

    private void opened(AesGcmProtection by, byte[] packet, long number) {
      byte[] plain = new byte[FRAMES.length];
      assertEquals(FRAMES.length, Ends.open(by, packet, number - 1, nowNanos, plain));
      assertArrayEquals(FRAMES, plain);
    }

    void forge(byte[] packet) {
      byte[] forged = packet.clone();
      forged[forged.length - 1] ^= 1;
      assertEquals(
          PacketProtection.FAILED,
          Ends.open(here, forged, received - 1, nowNanos, new byte[FRAMES.length]));
    }
  }

  private void pass(long nanos) {
    nowNanos += nanos;
    ciphers.onTime(nowNanos);
  }

  @Test
  void whoSendsOrReceivesMuchHasCiphersOfItsOwnForThat() {
    Connection connection = new Connection(1);
    for (int i = 1; i < BUSY; i++) {
      connection.send();
    }
    assertEquals(0, ciphers.lent());
    connection.send();
    assertEquals(1, ciphers.lent());
    for (int i = 1; i <= BUSY; i++) {
      assertEquals(1, ciphers.lent());
      connection.receive();
    }
    assertEquals(2, ciphers.lent());
    connection.send();
    connection.receive();
    assertEquals(2, ciphers.lent());
  }

  /** As keep-alive and its answer are. */
  @Test
  void packetsFarFromOneAnotherMakeNobodyBusy() {
    Connection connection = new Connection(1);
    for (int i = 0; i < 3 * BUSY; i++) {
      pass(SECOND + 1);
      connection.send();
      connection.receive();
    }
    assertEquals(0, ciphers.lent());
  }

  @Test
  void forgedPacketsMakeNobodyBusy() {
    Connection connection = new Connection(1);
    byte[] packet = Ends.seal(connection.there, 0, 4, FRAMES);
    for (int i = 0; i < 3 * BUSY; i++) {
      connection.forge(packet);
    }
    assertEquals(0, ciphers.lent());
  }

  @Test
  void whoIsIdleForTwoSecondsGivesThemBackAndWhoIsNotKeepsThem() {
    Connection idle = new Connection(1);
    Connection busy = new Connection(2);
    for (int i = 0; i < BUSY; i++) {
      idle.send();
      busy.send();
    }
    assertEquals(2, ciphers.lent());
    for (int i = 0; i < 4; i++) {
      assertEquals(2, ciphers.lent());
      pass(SECOND / 2);
      busy.send();
    }
    assertEquals(1, ciphers.lent());
    idle.send();
    busy.send();
    pass(2 * SECOND);
    assertEquals(0, ciphers.lent());
    idle.send();
    busy.send();
  }

  @Test
  void aConnectionThatIsOverKeepsNone() {
    Connection over = new Connection(1);
    Connection other = new Connection(2);
    for (int i = 0; i < BUSY; i++) {
      over.send();
      over.receive();
      other.send();
    }
    assertEquals(3, ciphers.lent());
    over.here.destroy();
    pass(SECOND);
    assertEquals(1, ciphers.lent());
    other.send();
  }

  /** One more than there are directions to lend to. */
  @Test
  void noMoreAreLentThanAreAllowedAndWhoGetsNoneSharesAsBefore() {
    Connection[] all = new Connection[MOST + 1];
    for (int i = 0; i < all.length; i++) {
      all[i] = new Connection(i);
    }
    for (int i = 0; i < 2 * BUSY; i++) {
      for (Connection each : all) {
        each.send();
      }
    }
    assertEquals(MOST, ciphers.lent());
    pass(2 * SECOND);
    for (int i = 0; i < BUSY; i++) {
      all[MOST].send();
    }
    assertEquals(1, ciphers.lent());
  }
}
