package io.posthorn.identity;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * A folder for the files of one test, a file of known hosts that is to be in it, and what that says
 * of a peer.
 */
abstract class IdentityFolder {
  static final PeerKey ONE = Identity.generate().publicKey();
  static final PeerKey TWO = Identity.generate().publicKey();

  @TempDir Path folder;
  Path file;
  KnownHosts hosts;
  InetSocketAddress peer;

  @BeforeEach
  void makeThem() throws IOException {
    file = folder.resolve("home/known_hosts");
    hosts = new KnownHosts(file);
    peer = new InetSocketAddress(InetAddress.getByAddress(new byte[] {10, 0, 0, 7}), 9000);
  }

  String refusal(PeerKey key) {
    return assertInstanceOf(KnownHosts.Verdict.Refused.class, hosts.judge(peer, key.bytes())).why();
  }

  void assertKnown(PeerKey key) {
    assertInstanceOf(KnownHosts.Verdict.Known.class, hosts.judge(peer, key.bytes()));
  }

  void assertUnknown(PeerKey key) {
    assertInstanceOf(KnownHosts.Verdict.Unknown.class, hosts.judge(peer, key.bytes()));
  }

  static void write(Path to, String text) throws IOException {
    Files.createDirectories(to.getParent());
    Files.setPosixFilePermissions(to.getParent(), PosixFilePermissions.fromString("rwx------"));
    Files.writeString(to, text);
    Files.setPosixFilePermissions(to, PosixFilePermissions.fromString("rw-r--r--"));
  }
}
