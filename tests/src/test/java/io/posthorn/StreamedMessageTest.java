package io.posthorn;

import static io.posthorn.Delivery.RELIABLE_UNORDERED;
import static io.posthorn.Loopback.LONG;
import static io.posthorn.Loopback.accept;
import static io.posthorn.Loopback.get;
import static io.posthorn.Loopback.next;
import static io.posthorn.Loopback.reliable;
import static io.posthorn.Loopback.start;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.runtime.ConnectionRecord;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Messages that are written and read as streams, on real sockets over loopback. */
class StreamedMessageTest {
  @Test
  void hugeMessageIsWrittenAndReadAsAStream() throws Exception {
    int megabytes = 24;
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().streaming(true).open()) {
      MessageDigest sentHash = MessageDigest.getInstance("SHA-256");
      CompletableFuture<String> sent =
          start(
              () -> {
                Random random = new Random(5);
                byte[] chunk = new byte[100_000];
                try (MessageOutputStream out = a.openStream(b.localAddress(), 1)) {
                  for (int i = 0; i < megabytes * 10; i++) {
                    random.nextBytes(chunk);
                    sentHash.update(chunk);
                    out.write(chunk);
                  }
                }
                a.send(Message.to(b.localAddress()).channel(1).body("after it"));
                return "sent";
              });
      Message message = next(b);
      assertTrue(message.isStreamed());
      assertThrows(IllegalStateException.class, message::bytes);
      MessageDigest hash = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[10_000];
      long total = 0;
      try (InputStream in = message.stream()) {
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          hash.update(buffer, 0, n);
          total += n;
        }
      }
      assertEquals("sent", get(sent));
      assertEquals(megabytes * 1_000_000L, total);
      assertArrayEquals(sentHash.digest(), hash.digest());
      assertEquals("after it", next(b).text());
    }
  }

  @Test
  void streamIsReadWholeAlthoughItsConnectionEndedMeanwhile() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().streaming(true).open()) {
      byte[] bytes = new byte[50_000];
      new Random(6).nextBytes(bytes);
      Connection connection = a.connect(b.localAddress());
      Connection accepted = accept(b);
      MessageOutputStream out = connection.openStream(0);
      out.write(bytes, 0, 20_000);
      out.flush();
      Message begun = next(b);
      out.write(bytes, 20_000, 30_000);
      out.close();
      CloseReport report = connection.close(LONG);
      assertTrue(report.isComplete(), report.toString());
      get(accepted.closed());
      assertArrayEquals(bytes, begun.stream().readAllBytes(), "acknowledged, so it is there");
      assertEquals(accepted, begun.connection());
    }
  }

  @Test
  void abortedStreamIsNotTakenForAWholeMessage() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().streaming(true).open()) {
      MessageOutputStream out = a.openStream(b.localAddress(), 0);
      out.write(new byte[100_000]);
      out.flush();
      Message message = next(b);
      out.abort();
      out.close();
      InputStream in = message.stream();
      assertThrows(EOFException.class, in::readAllBytes);
      Receipt receipt = a.send(Message.to(b.localAddress()).confirm(true).body("next"));
      Message next = next(b);
      assertEquals("next", next.text());
      next.confirm();
      assertNull(get(receipt.processed()), "both sides number the messages alike");
    }
  }

  /** The interrupt status stays set, so that closing cannot wait for room either. */
  @Test
  void streamWhoseEndCannotBeSentIsGivenUp() throws Exception {
    try (MessageSocket a = reliable().sendBufferBytes(256 << 10).open();
        MessageSocket b = reliable().streaming(true).open()) {
      MessageOutputStream out = a.openStream(b.localAddress(), 0);
      writeUntilWindowCloses(a, out);
      byte[] bytes = new byte[40_000];
      Thread.currentThread().interrupt();
      assertThrows(
          InterruptedIOException.class,
          () -> {
            while (true) {
              out.write(bytes);
            }
          });
      assertThrows(InterruptedIOException.class, out::close);
      assertTrue(Thread.interrupted());
      Message message = next(b);
      InputStream in = message.stream();
      assertThrows(EOFException.class, in::readAllBytes);
      a.send(Message.to(b.localAddress()).body("next"));
      assertEquals("next", next(b).text());
    }
  }

  @Test
  void streamThatCannotBeMadeLeavesItsChannelToOthers() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open()) {
      ConnectionRecord record = a.connect(b.localAddress()).record();
      Error failure = new Error("no room for a part");
      Error thrown =
          assertThrows(
              Error.class,
              () ->
                  a.sending()
                      .beginStream(
                          record,
                          1,
                          claim -> {
                            throw failure;
                          }));
      assertSame(failure, thrown);
      a.send(Message.to(b.localAddress()).channel(1).body("after it"));
      assertEquals("after it", next(b).text());
    }
  }

  /** What has no room in the heap for its last part, say. */
  @Test
  void streamWhoseEndFailsInAnyOtherWayIsGivenUpToo() throws Exception {
    List<String> calls = new ArrayList<>();
    Error failure = new Error("no room for the part");
    MessageOutputStream out =
        new MessageOutputStream(
            new MessageOutputStream.PartSender() {
              @Override
              public boolean send(byte[] part, boolean more, long writtenBytes) {
                throw failure;
              }

              @Override
              public void abort() {
                calls.add("abort");
              }

              @Override
              public void release() {
                calls.add("release");
              }
            });
    out.write(1);
    assertSame(failure, assertThrows(Error.class, out::close));
    out.close();
    out.abort();
    assertEquals(List.of("abort", "release"), calls);
  }

  /**
   * Writes to a peer that does not read until its window is used up and all in it acknowledged. The
   * window grows while the first part arrives, how far depends on how its packets come; once that
   * part is whole, and that is once it is acknowledged, it grows no more. From then on no room
   * appears.
   */
  private static void writeUntilWindowCloses(MessageSocket a, MessageOutputStream out)
      throws IOException {
    byte[] part = new byte[65_536];
    while (true) {
      ConnectionInfo row = a.connections().get(0);
      boolean hasClosed =
          row.bytesInFlight() == 0
              && row.limitedBy() == ConnectionInfo.LimitedBy.PEER_WINDOW
              && row.bytesQueued() < out.writtenBytes();
      if (hasClosed) {
        return;
      }
      if (row.bytesQueued() <= 2 * 65_600) {
        out.write(part);
        out.flush();
      }
      Thread.onSpinWait();
    }
  }

  @Test
  void partOfAStreamIsNotSentOnAsIfItWereTheMessage() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().streaming(true).open()) {
      try (MessageOutputStream out = a.openStream(b.localAddress(), 0)) {
        out.write(new byte[100_000]);
        out.flush();
        Message begun = next(b);
        assertThrows(IllegalStateException.class, () -> b.send(begun));
        assertThrows(IllegalStateException.class, () -> b.trySend(begun));
        Connection back = begun.connection();
        assertNotNull(back);
        assertThrows(IllegalStateException.class, () -> back.send(begun));
      }
      b.send(a.localAddress(), "nothing before it".getBytes(US_ASCII));
      assertEquals("nothing before it", next(a).text());
    }
  }

  @Test
  void channelOfAnOpenStreamTakesNothingElse() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().streaming(true).open()) {
      MessageOutputStream out = a.openStream(b.localAddress(), 3);
      out.write(1);
      assertThrows(
          IllegalStateException.class,
          () -> a.send(Message.to(b.localAddress()).channel(3).body("between")));
      assertThrows(IllegalStateException.class, () -> a.openStream(b.localAddress(), 3));
      a.send(Message.to(b.localAddress()).channel(4).body("beside"));
      assertEquals("beside", next(b).text());
      out.close();
      a.send(Message.to(b.localAddress()).channel(3).body("after"));
      assertArrayEquals(new byte[] {1}, next(b).stream().readAllBytes());
      assertEquals("after", next(b).text());
    }
  }

  /** The parts go past the look at open streams, as if the stream began after it. */
  @Test
  void messageThatWaitedWhileAStreamBeganIsRefusedNotTakenForAPartOfIt() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().streaming(true).open()) {
      long connection = a.connect(b.localAddress()).record().handle();
      Message between = Message.to(b.localAddress()).channel(3).body("between");
      part(a, connection, b, "fir", true);
      IllegalStateException refused =
          assertThrows(IllegalStateException.class, () -> a.send(between));
      assertTrue(refused.getMessage().contains("still being written"), refused.getMessage());
      assertThrows(IllegalStateException.class, () -> a.trySend(between));
      a.send(Message.to(b.localAddress()).channel(3).delivery(RELIABLE_UNORDERED).body("beside"));
      part(a, connection, b, "st", false);
      a.send(between);
      List<String> got = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Message next = next(b);
        got.add(
            next.isStreamed() ? new String(next.stream().readAllBytes(), US_ASCII) : next.text());
      }
      assertTrue(got.remove("beside"), got::toString); // whenever it comes
      assertEquals(List.of("first", "between"), got);
    }
  }

  @Test
  void messageOfManySmallFlushesArrivesWhole() throws Exception {
    byte[] bytes = new byte[128 << 10];
    new Random(7).nextBytes(bytes);
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().maxWholeMessageBytes(bytes.length).open()) {
      CompletableFuture<String> sent =
          start(
              () -> {
                try (MessageOutputStream out = a.openStream(b.localAddress(), 0)) {
                  for (byte each : bytes) {
                    out.write(each);
                    out.flush();
                  }
                }
                return "sent";
              });
      assertArrayEquals(bytes, next(b).bytes());
      assertEquals("sent", get(sent));
    }
  }

  private static void part(
      MessageSocket a, long connection, MessageSocket b, String text, boolean more) {
    OutgoingMessage part =
        OutgoingMessage.part(connection, b.localAddress(), 3, text.getBytes(US_ASCII), more);
    assertEquals(SendOutcome.ACCEPTED, a.drivers().trySend(part));
  }
}
