package io.posthorn;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.identity.Identity;
import io.posthorn.identity.KnownHosts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whom a socket takes at the first contact, and remembers, over real sockets. */
@Timeout(60)
class TrustOnFirstUseTest extends SecuredSockets {
  @Test
  void firstUseIsToldAndRememberedAndAChangedKeyRefusedByFileAndLine() throws IOException {
    Path hosts = folder.resolve("known_hosts");
    List<String> told = new CopyOnWriteArrayList<>();
    Security security =
        Security.ephemeral()
            .withTrustOnFirstUse(hosts, (peer, key) -> told.add(peer.getPort() + " " + key));
    Identity bob = Identity.generate();
    MessageSocket server = open(Security.identity(bob));
    int port = server.localAddress().getPort();
    exchange(open(security), server);
    exchange(open(security), server);
    assertEquals(List.of(port + " " + bob.fingerprint()), told);
    server.close();
    MessageSocket impostor = open(Security.ephemeral(), port);
    String why = refused(open(security), impostor);
    assertTrue(why.contains(hosts + " line 1") && why.contains("remove line 1"), why);
    assertEquals(0, impostor.statistics().connectionsOpened(), "it learnt not even who asked");
    assertTrue(
        refused(open(Security.ephemeral().withKnownHosts(hosts)), impostor).contains(" line 1"));
    Files.delete(hosts);
    String unknown = refused(open(Security.ephemeral().withKnownHosts(hosts)), impostor);
    assertTrue(unknown.contains("does not stand in " + hosts), unknown);
    exchange(open(security), impostor);
    assertEquals(2, told.size());
  }

  @Test
  void whoIsToldOfAFirstUseMayThrowAndThePeerBeNamedAnyhow() throws IOException {
    Path hosts = folder.resolve("known_hosts");
    Thread here = Thread.currentThread();
    Thread.UncaughtExceptionHandler before = here.getUncaughtExceptionHandler();
    Thread.UncaughtExceptionHandler usual = Thread.getDefaultUncaughtExceptionHandler();
    List<Throwable> thrown = new CopyOnWriteArrayList<>();
    IllegalStateException fault = new IllegalStateException("a fault of the application");
    Security security =
        Security.ephemeral()
            .withTrustOnFirstUse(
                hosts,
                (peer, key) -> {
                  throw fault;
                });
    MessageSocket server = open(Security.ephemeral());
    MessageSocket client = open(security);
    InetAddress speaker =
        InetAddress.getByAddress(
            "Kitchen speaker (2)", InetAddress.getLoopbackAddress().getAddress());
    here.setUncaughtExceptionHandler((thread, e) -> thrown.add(e));
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> thrown.add(e));
    try {
      client.connect(new InetSocketAddress(speaker, server.localAddress().getPort()));
    } finally {
      here.setUncaughtExceptionHandler(before);
      Thread.setDefaultUncaughtExceptionHandler(usual);
    }
    assertEquals(List.of(fault), thrown);
    exchange(client, server);
    assertTrue(Files.readString(hosts).startsWith("127.0.0.1:"), Files.readString(hosts));
  }

  /** FAULTS 59: of two that answer for one peer at its first contact, one is remembered. */
  @Test
  void fault59_twoFirstContactsAtOnceAreNotBothTheFirst() {
    Path hosts = folder.resolve("known_hosts");
    Security security = Security.trustOnFirstUse(hosts);
    InetSocketAddress peer = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9000);
    byte[] one = Identity.generate().publicKey().bytes();
    byte[] two = Identity.generate().publicKey().bytes();
    assertNull(security.refusal(peer, one, true), "nobody is known yet");
    assertNull(security.refusal(peer, two, true), "nor when the other answers");
    assertNull(security.remember(peer, one));
    assertNull(security.remember(peer, one), "the same again");
    String why = security.remember(peer, two);
    assertNotNull(why, "the key is not the one remembered");
    assertTrue(why.contains(hosts + " line 1"), why);
  }

  @Test
  void whoCannotBeRememberedIsNotTalkedTo() throws IOException {
    Path notAFolder = Files.writeString(folder.resolve("file"), "");
    MessageSocket server = open(Security.ephemeral());
    MessageSocket client = open(Security.trustOnFirstUse(folder.resolve("hosts")));
    Files.createDirectory(folder.resolve("hosts")); // after the socket looked
    String why = refused(client, server);
    assertTrue(why.contains(folder.resolve("hosts").toString()), why);
    why = refused(open(Security.trustOnFirstUse(notAFolder.resolve("hosts"))), server);
    assertTrue(why.contains("cannot be remembered in " + notAFolder.resolve("hosts")), why);
  }

  @Test
  void whereNothingCanBeKeptThePeersThatAreKnownAreCheckedAllTheSame() throws IOException {
    Path hosts = folder.resolve("known_hosts");
    List<String> told = new CopyOnWriteArrayList<>();
    Security security =
        Security.ephemeral().withKnownHosts(hosts, (peer, key) -> told.add(String.valueOf(key)));
    Identity bob = Identity.generate();
    MessageSocket server = open(Security.identity(bob));
    exchange(open(security), server);
    exchange(open(security), server);
    assertEquals(List.of(bob.fingerprint().toString(), bob.fingerprint().toString()), told);
    assertFalse(Files.exists(hosts));
    KnownHosts file = new KnownHosts(hosts);
    file.add(KnownHosts.nameOf(server.localAddress()), bob.publicKey());
    exchange(open(security), server);
    assertEquals(2, told.size());
    file.remove(KnownHosts.nameOf(server.localAddress()));
    file.add(KnownHosts.nameOf(server.localAddress()), Identity.generate().publicKey());
    assertTrue(refused(open(security), server).contains(hosts + " line 1"));
  }

  /** FAULTS 59: threads or processes that meet a peer at the same time, each with another key. */
  @Test
  void fault59_ofFirstUsesAtOnceOneCounts() throws Exception {
    for (int round = 0; round < 10; round++) {
      Path hosts = folder.resolve("hosts" + round);
      InetSocketAddress peer = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9000);
      CyclicBarrier all = new CyclicBarrier(4);
      List<FutureTask<Boolean>> meetings = new ArrayList<>();
      for (int i = 0; i < all.getParties(); i++) {
        byte[] key = Identity.generate().publicKey().bytes();
        Security security = Security.trustOnFirstUse(hosts);
        FutureTask<Boolean> meeting =
            new FutureTask<>(
                () -> {
                  all.await();
                  return security.remember(peer, key) == null;
                });
        meetings.add(meeting);
        new Thread(meeting).start();
      }
      int trusted = 0;
      for (FutureTask<Boolean> meeting : meetings) {
        trusted += meeting.get() ? 1 : 0;
      }
      assertEquals(1, trusted);
      assertEquals(1, new KnownHosts(hosts).entries().size());
    }
  }

  /** FAULTS 59: whoever spoils what a name resolves to does not get it another key so. */
  @Test
  void fault59_aNameThatLeadsToNoHostIsHeldToItsKey() throws IOException {
    int port = open(Security.ephemeral()).localAddress().getPort();
    Path hosts = folder.resolve("known_hosts");
    new KnownHosts(hosts).add("server.example:" + port, Identity.generate().publicKey());
    MessageSocket client = open(Security.trustOnFirstUse(hosts));
    InetSocketAddress server =
        new InetSocketAddress(InetAddress.getByAddress("server.example", new byte[4]), port);
    assertThrows(PeerIdentityChangedException.class, () -> client.connect(server));
    client.connect(new InetSocketAddress(InetAddress.getByAddress(new byte[4]), port));
  }

  /** FAULTS 59: also where small messages take the fast way to a peer that was answered before. */
  @Test
  void fault59_whoConnectsFirstFromAServersAddressGetsNoMessageForIt() throws IOException {
    MessageSocket impostor = open(Security.ephemeral());
    int port = impostor.localAddress().getPort();
    InetSocketAddress server =
        new InetSocketAddress(
            InetAddress.getByAddress(
                "server.example", InetAddress.getLoopbackAddress().getAddress()),
            port);
    Path hosts = folder.resolve("known_hosts");
    new KnownHosts(hosts).add("server.example:" + port, Identity.generate().publicKey());
    MessageSocket victim = open(Security.trustOnFirstUse(hosts));
    impostor.connect(victim.localAddress()).send("hello".getBytes(UTF_8));
    Message first = victim.receive(LIMIT);
    assertNotNull(first);
    for (int i = 0; i < 3; i++) { // by its address it is somebody who is met for the first time
      victim.send(first.from(), "answer".getBytes(UTF_8));
      Message answer = impostor.receive(LIMIT);
      assertNotNull(answer);
      assertEquals("answer", answer.text());
    }
    victim.send(server, "for the server".getBytes(UTF_8));
    assertThrows(PeerIdentityChangedException.class, () -> victim.connect(server));
    assertNull(impostor.receive(Duration.ofMillis(50)));
    Connection impostors = first.connection();
    assertNotNull(impostors);
    assertEquals(CloseCause.IDENTITY, impostors.closed().join().cause());
  }
}
