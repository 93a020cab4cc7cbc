package io.posthorn.cli;

import io.posthorn.AddressText;
import io.posthorn.Connection;
import io.posthorn.ConnectionTimeoutException;
import io.posthorn.Delivery;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.cli.session.ConnectionEnd;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code posthorn ping}: round-trip times, loss, duplicates and reordering. */
@Command(
    name = "ping",
    description = {
      "Measures round trips, loss, duplicates and reordering, until Ctrl-C or -c.",
      "",
      "In reliable mode against any \"posthorn listen\": an unreliable message on channel 63 goes"
          + " out and the listener sends it back, through handshake, encryption and scheduling"
          + " of both sides, so that the time is what messages meet, without delayed"
          + " acknowledgements. Each goes whole in one packet, never again, so that it has 1,159"
          + " bytes at most.",
      "In plain mode against \"posthorn listen --plain --echo\" or any other UDP echo service (RFC"
          + " 862).",
      "The exit status is 1 if nothing came back."
    })
final class PingCommand implements Callable<Integer> {
  /** One datagram over IPv4. */
  private static final int MOST_PLAIN_BYTES = 65_507;

  /** Longest unreliable message: it goes whole in a packet of 1,200 bytes, sealed and headed. */
  private static final int MOST_RELIABLE_BYTES = 1_159;

  private final Posthorn root;

  @Mixin private PeerFlag where = new PeerFlag();

  @Mixin private SocketFlags flags = new SocketFlags();

  @Option(
      names = {"-c", "--count"},
      paramLabel = "N",
      description = "Send so many; default until Ctrl-C.")
  private @Nullable Integer count;

  @Option(
      names = {"-i", "--interval"},
      paramLabel = "SECS",
      converter = Quantity.Time.class,
      description = "Time from one to the next; default 1 s, 2 ms at least.")
  private Duration interval = Duration.ofSeconds(1);

  @Option(
      names = {"-s", "--size"},
      paramLabel = "BYTES",
      description = {
        "Size of each message, from 16 to 1,159, with -u to 65,507; default ${DEFAULT-VALUE}."
      })
  private int sizeBytes = 56;

  @Option(
      names = {"-f", "--flood"},
      description = {
        "Send the next as soon as one is answered, at least a hundred a second; on a terminal a dot"
            + " for each, which its answer takes away."
      })
  private boolean flood;

  @Option(
      names = {"-M", "--mtu"},
      description = {
        "Find the path's MTU: the largest datagram that a reliable connection gets through, or with"
            + " -u that comes back from a UDP echo service."
      })
  private boolean mtu;

  @Option(names = "--histogram", description = "Percentiles and bars of the times too.")
  private boolean histogram;

  @Option(
      names = {"-W", "--timeout"},
      paramLabel = "SECS",
      converter = Quantity.Time.class,
      description = {
        "How long to wait for answers after the last, default 2 s; in reliable mode also for the"
            + " connection, default 10 s."
      })
  private @Nullable Duration timeout;

  @Mixin private QuietFlag quiet = new QuietFlag();

  @Spec private @Nullable CommandSpec command;

  private static final long FLOOD_NANOS = 10_000_000;

  /** As ping(8) has it: a shorter one would only fill the queues on the way. */
  private static final long LEAST_INTERVAL_NANOS = 2_000_000;

  /** Whoever sends us more than this in between does not keep the next ping from its time. */
  private static final int ANSWERS_AT_ONCE = 64;

  private final PingStatistics statistics = new PingStatistics();
  private final RoundTripHistogram times = new RoundTripHistogram();
  private int newestAnswered;
  private final long startNanos = System.nanoTime();

  PingCommand(Posthorn root) {
    this.root = root;
  }

  @Override
  public Integer call() throws Exception {
    Output output = root.output(quiet);
    check();
    InetSocketAddress peer = where.resolve(root);
    if (mtu) {
      return new MtuSearch(root.signals(), flags, peer, timeout, output).run();
    }
    boolean silent = output.isQuiet() || flood;
    IOException lost = null;
    try (MessageSocket socket = flags.openAnywhere(timeout)) {
      root.signals().interruptMe();
      try {
        if (!output.isJson()) {
          output.line(
              "PING "
                  + AddressText.of(peer)
                  + ": "
                  + sizeBytes
                  + " bytes, "
                  + (flags.isPlain() ? "plain" : "reliable"));
          output.flush();
        }
        ping(socket, peer, output, silent);
      } catch (InterruptedIOException | InterruptedException interrupted) {
        root.signals().requireOne(interrupted);
      } catch (IOException failed) {
        if (Failures.of(failed).code() == ExitCode.BROKEN_PIPE) {
          throw failed; // nobody is there to read a summary
        }
        lost = failed; // what came until then is worth its summary
      } finally {
        root.signals().leaveMe();
      }
      summarise(peer, output);
      output.flush();
    }
    if (lost != null) {
      throw lost;
    }
    return statistics.received() > 0 ? ExitCode.OK.status() : ExitCode.NO.status();
  }

  private void check() throws Failure {
    int mostBytes = flags.isPlain() ? MOST_PLAIN_BYTES : MOST_RELIABLE_BYTES;
    if (sizeBytes < PingMessage.MINIMUM_BYTES || sizeBytes > mostBytes) {
      throw new Failure(
          ExitCode.USAGE,
          "-s " + sizeBytes,
          "a ping has "
              + PingMessage.MINIMUM_BYTES
              + " to "
              + mostBytes
              + " bytes"
              + (flags.isPlain()
                  ? ""
                  : " in reliable mode, what one packet carries on every path; with -u up to "
                      + MOST_PLAIN_BYTES));
    }
    if (mtu) {
      TypedOptions.refuse(
          command,
          "with -M, which chooses itself what it sends and when",
          "leave out -M, or what it has no use for",
          "-c",
          "-i",
          "-s",
          "--flood",
          "--histogram");
      if (flags.isPlain()) {
        TypedOptions.refuse(
            command,
            "with -M in plain mode, which goes by the round trips it meets",
            "leave it out, or search in reliable mode",
            "-W");
      }
    }
    if (flood) {
      TypedOptions.refuse(
          command,
          "with --flood, which sends as fast as answers come",
          "leave one of them out",
          "-i");
    }
    Integer number = count;
    if (number != null && number < 1) {
      throw new Failure(ExitCode.USAGE, "-c " + number, "send at least one");
    }
  }

  private void ping(MessageSocket socket, InetSocketAddress peer, Output output, boolean silent)
      throws IOException, InterruptedException {
    Connection connection = null;
    if (!flags.isPlain()) {
      try {
        connection = socket.connect(peer);
      } catch (ConnectionTimeoutException nobody) {
        statistics.nextSequence(); // the handshake was one that went unanswered
        output.error(Failures.of(nobody).text());
        return;
      }
    }
    PingMessage messages = new PingMessage(new SecureRandom().nextInt(), sizeBytes);
    Message.Draft draft =
        connection == null
            ? Message.to(peer)
            : connection.message().channel(SocketFlags.PING_CHANNEL).delivery(Delivery.UNRELIABLE);
    long most = count == null ? Long.MAX_VALUE : count;
    long waitNanos = (timeout == null ? Duration.ofSeconds(2) : timeout).toNanos();
    long intervalNanos = Math.max(LEAST_INTERVAL_NANOS, interval.toNanos());
    long nextNanos = elapsedNanos();
    long lastSentNanos = nextNanos;
    while (true) {
      long nowNanos = elapsedNanos();
      boolean more = statistics.sent() < most;
      boolean answered = flood && newestAnswered == statistics.sent();
      if (more && (answered || nowNanos >= nextNanos)) {
        socket.send(draft.body(messages.make(statistics.nextSequence(), nowNanos)));
        lastSentNanos = nowNanos;
        nextNanos = flood ? nowNanos + FLOOD_NANOS : Math.max(nextNanos + intervalNanos, nowNanos);
        showFlood(output, ".");
        drain(socket, messages, output, silent);
        continue;
      }
      long untilNanos = more ? nextNanos : lastSentNanos + waitNanos;
      if (!more && (statistics.allAnswered() || nowNanos >= untilNanos)) {
        return;
      }
      Message answer = socket.receive(Duration.ofNanos(Math.max(0, untilNanos - nowNanos)));
      if (answer != null) {
        onAnswer(answer, messages, output, silent);
      } else if (connection != null && !connection.isOpen()) {
        throw ConnectionEnd.of(connection);
      }
    }
  }

  /** Takes what has come: where each ping is late, nothing waits for answers. */
  private void drain(MessageSocket socket, PingMessage messages, Output output, boolean silent)
      throws IOException, InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    for (int taken = 0; taken < ANSWERS_AT_ONCE; taken++) {
      Message answer = socket.receive(Duration.ZERO);
      if (answer == null) {
        return;
      }
      onAnswer(answer, messages, output, silent);
    }
  }

  private void onAnswer(Message answer, PingMessage messages, Output output, boolean silent)
      throws IOException {
    ByteBuffer body = answer.body();
    int sequence = messages.sequence(body);
    if (sequence == PingMessage.FOREIGN) {
      statistics.onForeign();
      output.detail(Quantity.counted(body.remaining(), "byte") + " of no answer");
      return;
    }
    long roundTripNanos = elapsedNanos() - PingMessage.sentNanos(body);
    PingStatistics.Answer kind = statistics.onAnswer(sequence, roundTripNanos);
    newestAnswered = Math.max(newestAnswered, sequence);
    if (kind == PingStatistics.Answer.FIRST || kind == PingStatistics.Answer.OUT_OF_ORDER) {
      times.add(roundTripNanos);
      showFlood(output, "\b \b");
    }
    if (silent) {
      return;
    }
    double millis = roundTripNanos / 1e6;
    if (output.isJson()) {
      output.line(
          new JsonText()
              .beginObject()
              .put("seq", sequence)
              .put("from", AddressText.of(answer.from()))
              .put("bytes", body.remaining())
              .put("ms", millis)
              .put("kind", kind.name().toLowerCase(Locale.ROOT))
              .endObject()
              .toString());
    } else {
      output.line(
          String.format(
              Locale.ROOT,
              "%d bytes from %s: seq=%d time=%.3f ms%s",
              body.remaining(),
              AddressText.of(answer.from()),
              sequence,
              millis,
              switch (kind) {
                case FIRST -> "";
                case OUT_OF_ORDER -> " (out of order)";
                case DUPLICATE -> " (duplicate)";
                case FOREIGN -> " (never sent)";
              }));
    }
    output.flush();
  }

  private void showFlood(Output output, String sign) throws IOException {
    if (flood && output.outIsTerminal() && !output.isJson()) {
      byte[] bytes = sign.getBytes(StandardCharsets.US_ASCII);
      output.write(bytes, 0, bytes.length);
      output.flush();
    }
  }

  private void summarise(InetSocketAddress peer, Output output) throws IOException {
    if (output.isJson()) {
      JsonText json =
          new JsonText()
              .beginObject()
              .beginObject("summary")
              .put("peer", AddressText.of(peer))
              .put("sent", statistics.sent())
              .put("received", statistics.received())
              .put("lossPercent", statistics.lossPercent())
              .put("duplicates", statistics.duplicates())
              .put("outOfOrder", statistics.outOfOrder())
              .put("foreign", statistics.foreign());
      if (statistics.received() > 0) {
        json.beginObject("rttMs")
            .put("min", statistics.leastMillis())
            .put("avg", statistics.meanMillis())
            .put("max", statistics.mostMillis())
            .put("mdev", statistics.deviationMillis());
        times.write(json).endObject();
      }
      output.line(json.endObject().endObject().toString());
      return;
    }
    showFlood(output, "\n");
    output.line("--- " + AddressText.of(peer) + " ping statistics ---");
    output.line(statistics.countsText(elapsedNanos() / 1e9));
    if (statistics.received() > 0) {
      output.line(statistics.timesText());
      if (histogram) {
        output.line(times.percentilesText());
        for (String bar : times.bars()) {
          output.line(bar);
        }
      }
    } else if (flags.isPlain()) {
      output.note("nothing came back; in plain mode nobody can say whether anybody is there");
    }
  }

  private long elapsedNanos() {
    return System.nanoTime() - startNanos;
  }
}
