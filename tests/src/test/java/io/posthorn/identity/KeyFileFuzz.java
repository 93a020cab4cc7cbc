package io.posthorn.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.posthorn.fuzz.FuzzFile;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;

/**
 * Files of keys: what stands in them is read, or refused naming file and line, and a file that
 * cannot be read lets nobody in.
 */
public final class KeyFileFuzz {
  private static final FuzzFile FILE = new FuzzFile("keys");
  private static final byte[] KEY = new byte[PeerKey.KEY_BYTES];
  private static final InetSocketAddress PEER =
      InetSocketAddress.createUnresolved("peer.example", 9000);

  private KeyFileFuzz() {}

  /** Takes the content of a file. */
  public static void fuzzerTestOneInput(byte[] content) {
    line(new String(content, StandardCharsets.UTF_8));
    Path file = FILE.write(content);
    file.toFile().setReadable(false, false);
    file.toFile().setReadable(true, true);
    KnownHosts hosts = new KnownHosts(file);
    try {
      for (KnownHosts.Entry entry : hosts.entries()) {
        assertEquals(entry.isRevoked(), entry.host().isEmpty());
        if (!entry.isRevoked()) {
          assertEquals(entry.host(), PeerName.of(entry.host()), "a name stays as it is");
        }
      }
      hosts.judge(PEER, KEY);
    } catch (IOException refused) {
      FILE.assertNamed(refused);
      assertEquals(
          KnownHosts.Verdict.Refused.class,
          hosts.judge(PEER, KEY).getClass(),
          "nobody is trusted by a file that makes no sense");
    }
    AuthorizedKeys keys = new AuthorizedKeys(file);
    try {
      boolean found = keys.entries().stream().anyMatch(each -> each.fingerprint().isOf(KEY));
      assertEquals(found, keys.refusal(KEY) == null);
    } catch (IOException refused) {
      FILE.assertNamed(refused);
      assertNotNull(keys.refusal(KEY));
    }
    try {
      Identity.load(file).destroy();
    } catch (IOException refused) {
      FILE.assertNamed(refused);
    }
  }

  private static void line(String text) {
    try {
      PeerKey key = PeerKey.parse(text);
      assertEquals(key, PeerKey.parse(key.line()));
    } catch (IllegalArgumentException refused) {
      assertNotNull(refused.getMessage());
    }
    try {
      Fingerprint read = Fingerprint.parse(text);
      assertEquals(read, Fingerprint.parse(read.toString()));
    } catch (IllegalArgumentException refused) {
      assertNotNull(refused.getMessage());
    }
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    PeerKey key = PeerKey.of(KEY);
    String secret = Base64.getEncoder().encodeToString(KEY);
    return List.of(
        bytes(key.line()),
        bytes(key.line() + " a comment\n# another\n\n" + key.fingerprint() + " the other\n"),
        bytes(key.fingerprint().toString()),
        bytes("peer.example:9000 " + key.line() + "\n[::1]:9000 " + key.fingerprint() + "\n"),
        bytes("@revoked " + key.fingerprint() + "\n"),
        bytes("# a secret\nposthorn-x25519-private " + secret + "\n"));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
