package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.identity.AuthorizedKeys;
import io.posthorn.identity.Identity;
import io.posthorn.identity.KnownHosts;
import io.posthorn.wire.CloseReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a peer is told that is not let in: that, and not why. The words for it name files of this
 * side, what stands in them and who else may come, and are for this side alone.
 */
class RefusedPeerTest {
  @TempDir private Path folder;

  private static void assertToldNothing(Security security, String kept) {
    SocketOptions options = HandPeer.options(security, 4, 1 << 22);
    HandPeer peer = new HandPeer(HandPeer.endpoint(options, 1), options, 1, 1);
    peer.deliver(peer.first());
    peer.deliver(peer.third);
    assertEquals(CloseReason.IDENTITY, peer.toldToClose());
    assertEquals("", peer.closeText());
    peer.advance(10_000_000_000L); // until the connection has ended
    String why =
        peer.events.stream()
            .filter(EndpointEvent.Closed.class::isInstance)
            .map(event -> ((EndpointEvent.Closed) event).text())
            .findFirst()
            .orElse(null);
    assertNotNull(why, "this side learns it");
    assertTrue(why.contains(kept), why);
  }

  @Test
  void fault59_whoIsNotLetInDoesNotLearnWhoIs() {
    String wanted = Identity.generate().fingerprint().toString();
    assertToldNothing(Security.pinned(wanted), wanted);
  }

  @Test
  void fault59_whoIsNotLetInLearnsNoFileOfThisSide() throws IOException {
    Path keys = folder.resolve("authorized_keys");
    new AuthorizedKeys(keys).add(Identity.generate().publicKey(), "ann");
    assertToldNothing(Security.authorizedKeys(keys), keys.toString());
    Files.writeString(keys, "nonsense");
    assertToldNothing(Security.authorizedKeys(keys), keys.toString());
  }

  @Test
  void fault59_whoseKeyIsNotTheOneKnownLearnsNoFileOfThisSide() throws IOException {
    Path hosts = folder.resolve("known_hosts");
    new KnownHosts(hosts)
        .add(KnownHosts.nameOf(HandPeer.address(1)), Identity.generate().publicKey());
    assertToldNothing(Security.trustOnFirstUse(hosts), hosts.toString());
  }
}
