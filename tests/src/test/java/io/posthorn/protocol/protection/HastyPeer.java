package io.posthorn.protocol.protection;

import io.posthorn.wire.PacketHeader;
import java.util.Arrays;

/** Has the keys of a connection and seals in whatever phase it likes. */
public final class HastyPeer {
  private final byte[] secret;
  private final Hkdf hkdf = new Hkdf();
  private final AesCiphers ciphers = new AesCiphers();

  /** Takes the secret of phase 0, 32 bytes. */
  public HastyPeer(byte[] secret) {
    this.secret = secret.clone();
  }

  byte[] seal(int phase, long number) {
    return seal(Ends.CONNECTION_ID, phase, number, new byte[4]);
  }

  /** A packet of this phase. */
  public byte[] seal(long connectionId, int phase, long number, byte[] frames) {
    PhaseKey key = new PhaseKey(secret.clone(), hkdf, ciphers.forSent());
    for (int i = 0; i < phase; i++) {
      key = key.next(hkdf);
    }
    byte[] out = new byte[frames.length + 50];
    int framesAt = PacketHeader.writeData(out, 0, connectionId, phase & 1, number, 4);
    int length = framesAt + key.seal(number, frames, 0, frames.length, out, 0, framesAt);
    new HeaderProtection(secret, hkdf, ciphers.forSent()).protect(out, 0);
    return Arrays.copyOf(out, length);
  }
}
