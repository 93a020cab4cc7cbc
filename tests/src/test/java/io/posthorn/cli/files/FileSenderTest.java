package io.posthorn.cli.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Connection;
import io.posthorn.ConnectionClosedException;
import io.posthorn.MessageSocket;
import io.posthorn.MessageSocketBuilder;
import io.posthorn.MessageTooLargeException;
import io.posthorn.cli.files.CopyMessage.File;
import io.posthorn.cli.files.CopyMessage.Result;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A sender of a stream, and a receiver that says what it likes. */
@Timeout(60)
class FileSenderTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir Path folder;
  private MessageSocket server;
  private MessageSocket client;
  private Connection receiver;
  private FileSender sender;
  private Thread thread;
  private volatile boolean waits;
  private volatile FileSender.Pace pace = bytes -> {};
  private final BlockingQueue<String> failed = new LinkedBlockingQueue<>();
  private final CompletableFuture<Integer> end = new CompletableFuture<>();

  /** Has nothing to read until it is closed by the end of the test, which no interrupt shortens. */
  private static final class SilentInput extends InputStream {
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch over = new CountDownLatch(1);

    @Override
    public int read() {
      throw new UnsupportedOperationException();
    }

    @Override
    public int read(byte[] bytes, int from, int length) {
      asked.countDown();
      while (over.getCount() > 0) {
        try {
          over.await();
        } catch (InterruptedException likeAPipe) {
          asked.countDown(); // and goes on waiting
        }
      }
      return -1;
    }
  }

  private final SilentInput silence = new SilentInput();

  @BeforeEach
  void connect() throws IOException {
    connect(builder());
  }

  private void connect(MessageSocketBuilder ofServer) throws IOException {
    server = ofServer.open();
    client = builder().open();
    Connection connection = client.connect(server.localAddress());
    receiver = server.accept(LONG);
    assertNotNull(receiver);
    sender =
        new FileSender(
            connection,
            new FileSender.Settings("", false, bytes -> pace.await(bytes)),
            new CopyWatcher() {
              @Override
              public void total(long entries, long bytes) {}

              @Override
              public void begins(String name) {}

              @Override
              public void waits(boolean now) {
                waits = now;
              }

              @Override
              public void hashes(boolean now) {}

              @Override
              public void stored(long bytes) {}

              @Override
              public void settled(String name, boolean wasThere) {}

              @Override
              public void failed(String name, String reason) {
                failed.add(name);
              }
            });
  }

  @AfterEach
  void close() {
    silence.over.countDown();
    client.close(Duration.ZERO);
    server.close(Duration.ZERO);
  }

  private static MessageSocketBuilder builder() {
    return MessageSocket.builder().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  private interface Sending {
    void run() throws IOException, InterruptedException;
  }

  private void send(InputStream in) {
    send(() -> sender.send(in, "stream"));
  }

  private void send(Sending sending) {
    thread =
        new Thread(
            () -> {
              try {
                sending.run();
                end.complete(sender.firstCode());
              } catch (IOException | InterruptedException | RuntimeException failed) {
                end.completeExceptionally(failed);
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  private void say(CopyMessage message) throws IOException {
    receiver.send(CopyMessage.encode(message));
  }

  private <T> T next(Class<T> type) throws IOException {
    return assertInstanceOf(
        type, CopyMessage.decode(assertReceived(receiver.receive(LONG)).bytes()));
  }

  private static io.posthorn.Message assertReceived(io.posthorn.Message message) {
    assertNotNull(message);
    return message;
  }

  private File begin(InputStream in) throws IOException {
    send(in);
    next(CopyMessage.Hello.class);
    say(new CopyMessage.Welcome());
    return next(File.class);
  }

  private Throwable failure() {
    return assertThrows(ExecutionException.class, () -> end.get(20, TimeUnit.SECONDS)).getCause();
  }

  private void awaitGiveUpAndEnd() throws IOException {
    CopyMessage message;
    do {
      message = CopyMessage.decode(assertReceived(receiver.receive(LONG)).bytes());
    } while (message instanceof CopyMessage.Piece);
    assertInstanceOf(CopyMessage.GiveUp.class, message);
    next(CopyMessage.Done.class);
    say(new CopyMessage.Done());
  }

  @Test
  void aStreamThatIsRefusedEndsThoughMoreWouldCome() throws Exception {
    File file = begin(endless());
    say(new Result(file.id(), 73, "no"));
    awaitGiveUpAndEnd();
    assertEquals(73, end.get(20, TimeUnit.SECONDS));
  }

  private static InputStream endless() {
    return new InputStream() {
      @Override
      public int read() {
        return 0;
      }

      @Override
      public int read(byte[] bytes, int from, int length) {
        return length;
      }
    };
  }

  @Test
  void aStreamThatIsRefusedEndsThoughNothingComes() throws Exception {
    File file = begin(silence);
    say(new Result(file.id(), 74, "no"));
    awaitGiveUpAndEnd();
    assertEquals(74, end.get(20, TimeUnit.SECONDS));
  }

  @Test
  void theReceiversEndIsHeardThoughNothingComes() throws Exception {
    begin(silence);
    receiver.close(75, "enough", LONG);
    assertEquals(
        75, assertInstanceOf(ConnectionClosedException.class, failure()).applicationCode());
  }

  /** It waited for the end of a connection that went on. */
  @Test
  void aReceiverThatTakesNoWholePieceEndsIt() throws Exception {
    close();
    connect(builder().maxWholeMessageBytes(CopyMessage.LARGEST_PIECE_BYTES));
    begin(endless());
    assertInstanceOf(MessageTooLargeException.class, failure());
  }

  @Test
  void anInterruptEndsTheWaitForInput() throws Exception {
    begin(silence);
    silence.asked.await();
    thread.interrupt();
    Throwable failure = failure();
    assertEquals(
        true,
        failure instanceof InterruptedException || failure instanceof InterruptedIOException,
        failure::toString);
  }

  @Test
  void aReceiverThatTalksNonsenseBreaksTheConversation() throws Exception {
    begin(silence);
    receiver.send(new byte[] {'?'});
    assertInstanceOf(BreachException.class, failure());
    ConnectionClosedException closed =
        assertThrows(ConnectionClosedException.class, () -> receiver.receive(LONG));
    assertEquals(76, closed.applicationCode());
  }

  @Test
  void aReceiverThatSaysWhatIsTheSendersToSayBreaksTheConversation() throws Exception {
    begin(silence);
    say(new CopyMessage.GiveUp("?"));
    assertInstanceOf(BreachException.class, failure());
  }

  private void assertClosedAsBroken() {
    ConnectionClosedException closed =
        assertThrows(
            ConnectionClosedException.class,
            () -> {
              while (receiver.receive(LONG) != null) {
                assertTrue(receiver.isOpen());
              }
            });
    assertEquals(76, closed.applicationCode());
  }

  private File beginAsking() throws IOException {
    Path file = Files.write(folder.resolve("file"), new byte[(1 << 20) + 1]);
    send(() -> sender.send(new SourceTree(List.of(file), List.of())));
    next(CopyMessage.Hello.class);
    say(new CopyMessage.Welcome());
    return next(File.class);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 1 << 19, 2 << 20, 1L << 62})
  void aReceiverThatKeepsWhatNoneCanBreaksTheConversation(long kept) throws Exception {
    File file = beginAsking();
    say(new CopyMessage.Answer(file.id(), CopyMessage.STORED, kept, new byte[32]));
    assertInstanceOf(BreachException.class, failure());
    assertClosedAsBroken();
  }

  /** The receiver has no room for it, and then it changes under the sender's hands. */
  @Test
  void aFileThatFailsOnBothSidesCountsOnce() throws Exception {
    CountDownLatch refused = new CountDownLatch(1);
    pace = bytes -> refused.await();
    Path file = Files.writeString(folder.resolve("file"), "one");
    send(() -> sender.send(new SourceTree(List.of(file), List.of())));
    next(CopyMessage.Hello.class);
    say(new CopyMessage.Welcome());
    File sent = next(File.class);
    Files.writeString(file, "another");
    say(new Result(sent.id(), 74, "no space"));
    assertNotNull(failed.poll(20, TimeUnit.SECONDS));
    refused.countDown();
    awaitGiveUpAndEnd();
    assertEquals(74, end.get(20, TimeUnit.SECONDS));
    assertEquals(1, sender.totals().failed());
    assertEquals(0, failed.size());
  }

  @Test
  void whatIsKeptInWholeBlocksIsBelievedByItsHash() throws Exception {
    File file = beginAsking();
    TreeHash hash = new TreeHash();
    hash.zeros(1 << 20);
    say(new CopyMessage.Answer(file.id(), CopyMessage.STORED, 1 << 20, hash.hashSoFar()));
    assertEquals(1 << 20, next(CopyMessage.Start.class).offset());
  }

  @Test
  void whileItWaitsForAnAnswerItSaysSo() throws Exception {
    beginAsking();
    while (!waits) {
      Thread.onSpinWait();
    }
  }

  @Test
  void whileItHasNothingToSayItWaitsForNobody() throws Exception {
    begin(silence);
    silence.asked.await();
    while (waits) {
      Thread.onSpinWait();
    }
  }

  @Test
  void anAnswerToNoQuestionBreaksTheConversation() throws Exception {
    File file = begin(silence);
    say(new CopyMessage.Answer(file.id(), CopyMessage.STORED, 0, new byte[0]));
    assertInstanceOf(BreachException.class, failure());
    assertClosedAsBroken();
  }

  @Test
  void aSecondAnswerBreaksTheConversation() throws Exception {
    File file = beginAsking();
    say(new CopyMessage.Answer(file.id(), 73, 0, new byte[0]));
    say(new CopyMessage.Answer(file.id(), 73, 0, new byte[0]));
    assertInstanceOf(BreachException.class, failure());
  }

  @Test
  void aSecondWelcomeBreaksTheConversation() throws Exception {
    begin(silence);
    say(new CopyMessage.Welcome());
    assertInstanceOf(BreachException.class, failure());
  }

  @Test
  void aReceiverThatIsDoneBeforeTheSenderBreaksTheConversation() throws Exception {
    begin(silence);
    say(new CopyMessage.Done());
    assertInstanceOf(BreachException.class, failure());
    assertClosedAsBroken();
  }

  @Test
  void aReceiverThatIsDoneWithoutAResultBreaksTheConversation() throws Exception {
    begin(InputStream.nullInputStream());
    next(CopyMessage.End.class);
    next(CopyMessage.Done.class);
    say(new CopyMessage.Done());
    assertInstanceOf(BreachException.class, failure());
    assertEquals(0, sender.totals().stored());
  }
}
