package io.posthorn.cli.bench;

import io.posthorn.MessageSocket;
import io.posthorn.SocketStatistics;
import io.posthorn.cli.compare.Carrier;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Messages that go to a bench server and come back: what is received is what was sent. */
final class EchoCarrier implements Carrier, BenchLink.Sink {
  private static final Duration LAST_WORDS = Duration.ofSeconds(1);

  /** Plain mode: so long nothing must have come before nothing is taken to be under way. */
  private static final long QUIET_NANOS = 1_000_000_000;

  /** Or so many times the longest that the server took for an answer, if that is more. */
  private static final int QUIET_ANSWERS = 3;

  private final BenchLink link;
  private final @Nullable MessageSocket socket;
  private final Questions questions;
  private final LinkedBlockingQueue<byte[]> arrived = new LinkedBlockingQueue<>();
  private volatile @Nullable IOException linkEnd;
  private volatile long heardNanos = System.nanoTime();
  private volatile int messageBytes = 1;
  private long aliveNanos = System.nanoTime();
  private long longestAnswerNanos;
  private long token;
  private boolean begun;
  private long sequence;

  /**
   * A carrier that the server does not know yet.
   *
   * @param socket under the link; null for TCP
   */
  EchoCarrier(BenchLink link, @Nullable MessageSocket socket) {
    this.link = link;
    this.socket = socket;
    this.questions = new Questions(link);
  }

  /** Asks whether the server would; it keeps nothing of that. */
  void ask(BenchPlan plan, String server, Duration timeout)
      throws IOException, InterruptedException {
    long askedNanos = System.nanoTime();
    token = new Admission(plan, questions, server).request(timeout);
    longestAnswerNanos = Math.max(longestAnswerNanos, System.nanoTime() - askedNanos);
  }

  /** Has the server echo from now on. */
  void begin(BenchPlan plan, String server, Duration timeout)
      throws IOException, InterruptedException {
    ask(plan, server, timeout);
    new Admission(plan, questions, server).start(token);
    begun = true;
  }

  @Override
  public void onMessage(byte[] message) {
    heardNanos = System.nanoTime();
    switch (BenchMessage.type(message)) {
      case BenchMessage.DATA -> arrived.add(message);
      case BenchMessage.READY, BenchMessage.REFUSED, BenchMessage.STARTED, BenchMessage.REPORT ->
          questions.onAnswer(message);
      default -> {} // not of this test
    }
  }

  @Override
  public void onEnd(IOException why) {
    linkEnd = why;
    questions.onEnd(why);
  }

  @Override
  public void send(byte[] message, int lengthBytes) throws IOException {
    messageBytes = Math.max(1, lengthBytes);
    byte[] data = new byte[BenchMessage.HEADER_BYTES + lengthBytes];
    BenchMessage.write(data, BenchMessage.DATA, token, sequence++, System.nanoTime());
    System.arraycopy(message, 0, data, BenchMessage.HEADER_BYTES, lengthBytes);
    link.send(data);
    link.flush();
  }

  @Override
  public int receive(byte[] into, long timeoutNanos) throws IOException {
    sayThatWeLive();
    byte[] data;
    try {
      data = arrived.poll(timeoutNanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", interrupted);
    }
    if (data == null) {
      IOException end = linkEnd;
      if (end != null) {
        throw end;
      }
      return NOTHING;
    }
    int lengthBytes = Math.min(into.length, data.length - BenchMessage.HEADER_BYTES);
    System.arraycopy(data, BenchMessage.HEADER_BYTES, into, 0, lengthBytes);
    return lengthBytes;
  }

  /** A server gives up on clients that it does not hear. */
  private void sayThatWeLive() throws IOException {
    long now = System.nanoTime();
    if (now - aliveNanos >= BenchMessage.ALIVE_NANOS) {
      aliveNanos = now;
      link.send(BenchMessage.control(BenchMessage.ALIVE, token, 0));
      link.flush();
    }
  }

  /** Whether nothing has come for a while. */
  boolean isQuiet() {
    return System.nanoTime() - heardNanos
        >= Math.max(QUIET_NANOS, QUIET_ANSWERS * longestAnswerNanos);
  }

  @Override
  public boolean resends() {
    return link.isReliable();
  }

  /** Of what this end sent: the messages' worth of bytes that went again. */
  @Override
  public long retransmissions() {
    MessageSocket own = socket;
    if (own == null) {
      return UNKNOWN;
    }
    long bytes = own.statistics().bytesRetransmitted();
    return (bytes + messageBytes - 1) / messageBytes;
  }

  @Override
  public String congestionController() {
    MessageSocket own = socket;
    return own == null || !link.isReliable()
        ? ""
        : own.options().congestionControl().name().toLowerCase(Locale.ROOT);
  }

  /** Datagrams that this end has sent and received, or {@link #UNKNOWN}. */
  long datagrams() {
    MessageSocket own = socket;
    if (own == null) {
      return UNKNOWN;
    }
    SocketStatistics seen = own.statistics();
    return seen.datagramsSent() + seen.datagramsReceived();
  }

  /**
   * The bytes of these datagrams, or {@link #UNKNOWN}.
   *
   * @param headerBytes of IP and UDP, added for each
   */
  long wireBytes(int headerBytes) {
    MessageSocket own = socket;
    if (own == null) {
      return UNKNOWN;
    }
    SocketStatistics seen = own.statistics();
    return seen.bytesSent() + seen.bytesReceived() + headerBytes * datagrams();
  }

  /** Tells the server, which may be gone, and closes. */
  @Override
  public void close() {
    if (!begun) {
      link.close();
      return;
    }
    try {
      byte[] end = BenchMessage.control(BenchMessage.END, token, sequence);
      var unused = questions.ask(end, BenchMessage.REPORT, (byte) 0, LAST_WORDS);
    } catch (IOException gone) {
      linkEnd = gone;
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } finally {
      link.close();
    }
  }
}
