package io.posthorn.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.identity.KnownHosts.Entry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The file of known hosts: whom it knows, refuses, or says nothing of. */
class KnownHostsTest extends IdentityFolder {
  @Test
  void aPeerIsKnownByTheNameThatWasAskedFor() throws IOException {
    byte[] ip = {10, 0, 0, 7};
    assertEquals("10.0.0.7:9000", KnownHosts.nameOf(peer));
    assertEquals(
        "post.example:9000",
        KnownHosts.nameOf(
            new InetSocketAddress(InetAddress.getByAddress("Post.Example", ip), 9000)));
    assertEquals(
        "10.0.0.7:9000",
        KnownHosts.nameOf(
            new InetSocketAddress(InetAddress.getByAddress("Kitchen speaker (2)", ip), 9000)),
        "a line cannot begin with such a name");
    InetAddress six = InetAddress.getByAddress(new byte[16]);
    assertEquals("[::]:1", KnownHosts.nameOf(new InetSocketAddress(six, 1)));
    InetAddress link = InetAddress.getByName("fe80::7%2");
    assertEquals("[fe80::7%2]:1", KnownHosts.nameOf(new InetSocketAddress(link, 1)));
  }

  @Test
  void firstUseIsRememberedAndAChangeIsRefusedByFileAndLine() throws IOException {
    assertUnknown(ONE);
    hosts.add("10.0.0.8:9000", TWO);
    hosts.add("10.0.0.7:9000", ONE);
    assertKnown(ONE);
    String why = refusal(TWO);
    for (String told :
        List.of(
            file + " line 2",
            "10.0.0.7:9000",
            ONE.fingerprint().toString(),
            TWO.fingerprint().toString(),
            "remove line 2")) {
      assertTrue(why.contains(told), why);
    }
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
  }

  @Test
  void severalLinesAreAlternativesAndCommentsStay() throws IOException {
    write(file, "# kept\n\n10.0.0.7:9000 " + ONE.line() + " the old box");
    hosts.add("10.0.0.7:9000", TWO.fingerprint());
    assertKnown(ONE);
    assertKnown(TWO);
    assertEquals(List.of("the old box", ""), comments());
    assertEquals(2, hosts.remove("10.0.0.7:9000"));
    assertUnknown(ONE);
    assertEquals("# kept\n\n", Files.readString(file));
    assertEquals(0, hosts.remove("10.0.0.7:9000"));
  }

  /** As {@link InetAddress#getHostName} does to an address, with what whoever answers says. */
  @Test
  void anAddressThatGotANameIsHeldToWhatIsKnownOfIt() throws IOException {
    hosts.add(KnownHosts.nameOf(peer), ONE);
    byte[] bytes = peer.getAddress().getAddress();
    peer = new InetSocketAddress(InetAddress.getByAddress("host.example", bytes), 9000);
    assertTrue(refusal(TWO).contains(file + " line 1"), refusal(TWO));
    assertUnknown(ONE); // else any name could be led to a host that is known by its address
    hosts.add("host.example:9000", TWO);
    assertKnown(TWO);
    assertTrue(refusal(ONE).contains(file + " line 2"), refusal(ONE));
    peer = new InetSocketAddress(peer.getAddress(), 9001);
    assertUnknown(TWO);
  }

  /** Two meet a peer at once, and somebody stands between it and one of them. */
  @Test
  void fault59_ofTwoFirstUsesWithDifferentKeysOneCounts() throws IOException {
    KnownHosts elsewhere = new KnownHosts(file);
    assertUnknown(ONE);
    assertInstanceOf(KnownHosts.Verdict.Unknown.class, elsewhere.judge(peer, TWO.bytes()));
    assertNull(hosts.meet(peer, ONE));
    String why = elsewhere.meet(peer, TWO);
    assertNotNull(why);
    assertTrue(why.contains("has changed"), why);
    assertKnown(ONE);
    assertTrue(refusal(TWO).contains("has changed"));
    assertNull(elsewhere.meet(peer, ONE), "it is the one that is known");
  }

  @Test
  void whatTheFileSaysAlreadyIsNotAddedAgain() throws IOException {
    KnownHosts elsewhere = new KnownHosts(file);
    assertNull(hosts.meet(peer, ONE));
    assertNull(elsewhere.meet(peer, ONE));
    hosts.revoke(TWO.fingerprint());
    elsewhere.revoke(TWO.fingerprint());
    assertEquals(2, hosts.entries().size());
    assertKnown(ONE);
    assertTrue(refusal(TWO).contains("revoked by " + file + " line 2"), refusal(TWO));
  }

  private List<String> comments() throws IOException {
    return hosts.entries().stream().map(Entry::comment).toList();
  }

  @Test
  void aRevokedKeyIsRefusedEverywhere() throws IOException {
    hosts.add("10.0.0.7:9000", ONE);
    hosts.revoke(ONE.fingerprint());
    assertTrue(refusal(ONE).contains("revoked by " + file + " line 2"));
    assertTrue(hosts.entries().get(1).isRevoked());
    assertTrue(refusal(TWO).contains("has changed"));
  }

  @Test
  void theLineThatRevokesOneOfManyKeysIsFoundAtOneReading() throws IOException {
    Set<Fingerprint> both = Set.of(ONE.fingerprint(), TWO.fingerprint());
    assertNull(hosts.revocationOf(both));
    hosts.add("10.0.0.7:9000", ONE);
    hosts.revoke(TWO.fingerprint());
    int before = hosts.reads();
    assertEquals(new Entry("", TWO.fingerprint(), "", 2), hosts.revocationOf(both));
    assertEquals(before + 1, hosts.reads());
    assertNull(hosts.revocationOf(Set.of(ONE.fingerprint())), "known, and not revoked");
  }

  @Test
  void fault34_aFileThatOthersMayWriteOrThatMakesNoSenseIsRefusedByPathAndModeOrLine()
      throws IOException {
    write(file, "10.0.0.7:9000 " + ONE.line() + "\n");
    assertKnown(ONE);
    for (String mode : List.of("rw-rw-r--", "rw-r--rw-")) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
      assertTrue(refusal(ONE).contains(file + " has mode 06"), refusal(ONE));
      assertThrows(IdentityFileException.class, () -> hosts.add("10.0.0.7:9000", TWO));
    }
    for (String bad :
        List.of("10.0.0.7:9000", "10.0.0.7:9000 x", "@revoked", "a:1 posthorn-x25519 AAAA", "\0")) {
      write(file, "# fine\n" + bad + "\n");
      assertTrue(refusal(ONE).contains(file + " line 2"), refusal(ONE));
      assertThrows(IdentityFileException.class, hosts::entries);
      assertThrows(IdentityFileException.class, () -> hosts.remove("10.0.0.7:9000"));
      assertEquals("# fine\n" + bad + "\n", Files.readString(file), "left as it was");
    }
    for (String name : List.of("", "a b:1", "#a:1", "@revoked", "a\nb:1", "a", "a:0", "::1:9")) {
      assertThrows(IllegalArgumentException.class, () -> hosts.add(name, ONE));
    }
  }

  /** A line that matches nobody would leave its peer unknown: anybody would be taken for it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.0.0.7",
        "10.0.0.7:",
        ":9000",
        "10.0.0.7:0",
        "10.0.0.7:65536",
        "10.0.0.7:90000000000",
        "10.0.0.7:+9000",
        "10.0.0.7,10.0.0.8:9000",
        "10.0.0.*:9000",
        "!10.0.0.7:9000",
        "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg=",
        "@Revoked",
        "@revoked:1",
        "@cert-authority",
        "::1:9000",
        "[::1]",
        "[::1:9000",
        "[]:9000",
        "[1:2]:9000",
        "[::1]x:9000"
      })
  void fault34_aLineThatSeemsToSpeakOfAPeerAndDoesNotIsRefused(String name) throws IOException {
    write(file, "# fine\n" + name + " " + ONE.line() + "\n");
    assertTrue(refusal(TWO).contains(file + " line 2"), refusal(TWO));
    assertThrows(IdentityFileException.class, hosts::entries);
    assertThrows(IllegalArgumentException.class, () -> hosts.add(name, ONE));
  }

  @ParameterizedTest
  @CsvSource({
    "[10.0.0.7]:9000, 10.0.0.7",
    "10.0.0.7:09000, 10.0.0.7",
    "[::FFFF:10.0.0.7]:9000, 10.0.0.7",
    "[::1]:9000, ::1",
    "[2001:DB8::0:7]:9000, 2001:db8:0::7",
    "[0:0:0:0:0:0:0:1]:9000, ::1",
    "[fe80::7%2]:9000, fe80::7%2"
  })
  void aPeerIsFoundHoweverItsAddressIsWritten(String written, String address) throws IOException {
    peer = new InetSocketAddress(InetAddress.getByName(address), 9000);
    write(file, written + " " + ONE.line() + "\n");
    assertKnown(ONE);
    assertTrue(refusal(TWO).contains(file + " line 1"), refusal(TWO));
    assertEquals(1, hosts.remove(written));
    assertUnknown(TWO);
    hosts.add(KnownHosts.nameOf(peer), TWO);
    assertKnown(TWO);
  }
}
