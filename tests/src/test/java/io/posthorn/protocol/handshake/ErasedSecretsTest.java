package io.posthorn.protocol.handshake;

import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.protocol.protection.Secrets;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A handshake that is over, or given up, leaves no secret behind in memory. */
class ErasedSecretsTest {
  private static final byte[] PRE_SHARED = {
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    13, 14, 15, 16
  };

  private static final String[] SECRET = {
    ".localEphemeralPrivate",
    ".sharedSecret",
    ".preSharedKey",
    ".symmetric.chainingKey",
    ".kept.keys"
  };

  /** As for a key log. */
  private static Handshakes keepingKeys(Handshakes ends) {
    ends.initiator.keepKeys();
    ends.responder.keepKeys();
    return ends;
  }

  @Test
  void theEndOfAHandshakeErasesItsSecrets() {
    Handshakes ends = keepingKeys(Handshakes.noise(3, PRE_SHARED)).complete();
    for (Handshake each : new Handshake[] {ends.initiator, ends.responder}) {
      Map<String, byte[]> held = Secrets.of(each);
      PacketProtection unused = each.split();
      Secrets.assertErased(held, SECRET);
    }
  }

  @Test
  void anAttemptThatIsGivenUpErasesThemToo() {
    Handshakes ends = keepingKeys(Handshakes.noise(4, PRE_SHARED));
    byte[] first = ends.first();
    ends.responder.readFirst(first, 0, first.length);
    Map<String, byte[]> held = new HashMap<>(Secrets.of(ends.responder));
    ends.second();
    held.putAll(Secrets.of(ends.responder));
    ends.responder.destroy();
    Secrets.assertErased(held, SECRET);
  }

  @Test
  void oneWhoseThirdMessageWasRefusedErasesWhatWasToOpenIt() {
    Handshakes ends = keepingKeys(Handshakes.noise(5, PRE_SHARED));
    byte[] payload = new byte[600];
    byte[] first = ends.first();
    ends.responder.readFirst(first, 0, first.length);
    byte[] second = ends.second();
    ends.initiator.readSecond(second, 0, second.length, payload);
    byte[] third = ends.third();
    third[third.length - 1] ^= 1;
    ends.responder.readThird(third, 0, third.length, payload);
    Map<String, byte[]> held = Secrets.of(ends.responder);
    ends.responder.destroy();
    Secrets.assertErased(held, SECRET);
    Secrets.assertErased(held, ".thirdKey.keyed.chainingKey", ".thirdKey.keyed.cipher.key");
  }

  @Test
  void anIdentityThatIsDestroyedIsErased() {
    StaticKey key = StaticKey.of(PRE_SHARED);
    Map<String, byte[]> held = Secrets.of(key);
    key.destroy();
    Secrets.assertErased(held, ".privateKey");
  }
}
