package io.posthorn.cli.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How long an answer is waited for. */
class QuestionsTest {
  private static final byte[] QUESTION = BenchMessage.control(BenchMessage.END, 1, 0);
  private static final byte[] ANSWER = BenchMessage.control(BenchMessage.REPORT, 1, 0);

  /** Keeps what is sent; what is done with it happens on the thread that sends. */
  private static final class KeptLink implements BenchLink {
    final List<byte[]> sent = new ArrayList<>();
    private final boolean reliable;
    Runnable whenAsked = () -> {};
    Runnable whenTried = () -> {};

    KeptLink(boolean reliable) {
      this.reliable = reliable;
    }

    @Override
    public boolean isReliable() {
      return reliable;
    }

    @Override
    public synchronized void send(byte[] message) {
      sent.add(message);
      whenAsked.run();
    }

    @Override
    public boolean trySend(byte[] message) {
      assertEquals(BenchMessage.ALIVE, BenchMessage.type(message));
      whenTried.run();
      return true;
    }

    @Override
    public void flush() {}

    @Override
    public long blockedNanos(long nowNanos) {
      return 0;
    }

    @Override
    public LinkState state() {
      return LinkState.UNKNOWN;
    }

    @Override
    public void close() {}
  }

  @Test
  void whoIsSilentIsGivenUp() throws Exception {
    KeptLink link = new KeptLink(true);
    assertNull(new Questions(link).ask(QUESTION, BenchMessage.REPORT, (byte) 0, Duration.ZERO));
    assertEquals(1, link.sent.size());
  }

  /** On a slow link the question stands behind megabytes, which the other end is still taking. */
  @Test
  void whoIsHeardIsWaitedFor() throws Exception {
    KeptLink link = new KeptLink(true);
    Questions questions = new Questions(link);
    Thread other = new Thread(() -> questions.onAnswer(ANSWER));
    link.whenAsked =
        () -> {
          questions.onHeard(System.nanoTime() + Duration.ofHours(1).toNanos());
          other.start();
        };
    assertArrayEquals(
        ANSWER, questions.ask(QUESTION, BenchMessage.REPORT, (byte) 0, Duration.ZERO));
    assertEquals(1, link.sent.size(), "what arrives for sure is asked once");
    other.join();
  }

  /** Nor is whoever asks taken for silent meanwhile. */
  @Test
  void signsOfLifeFollowAQuestionThatIsAskedOnce() throws Exception {
    KeptLink link = new KeptLink(true);
    Questions questions = new Questions(link);
    link.whenTried = () -> questions.onAnswer(ANSWER);
    assertArrayEquals(
        ANSWER, questions.ask(QUESTION, BenchMessage.REPORT, (byte) 0, Duration.ofHours(1)));
    assertEquals(1, link.sent.size());
  }

  @Test
  void aQuestionThatMayBeLostIsRepeated() throws Exception {
    KeptLink link = new KeptLink(false);
    Questions questions = new Questions(link);
    link.whenAsked =
        () -> {
          if (link.sent.size() == 3) {
            questions.onAnswer(ANSWER);
          }
        };
    assertArrayEquals(
        ANSWER, questions.ask(QUESTION, BenchMessage.REPORT, (byte) 0, Duration.ofHours(1)));
  }
}
