package io.posthorn.cli;

import io.posthorn.AddressText;
import io.posthorn.CloseReport;
import io.posthorn.Connection;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.SocketStatistics;
import io.posthorn.TransportException;
import io.posthorn.cli.session.Application;
import io.posthorn.cli.session.ReliableLine;
import io.posthorn.cli.session.TwoWaySession;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code posthorn send}: sends words, lines or a file, and waits until all is acknowledged. */
@Command(
    name = "send",
    description = {
      "Sends the words given, joined by spaces, as one message; without words, standard input line"
          + " by line; with -F, a file.",
      "",
      "In reliable mode it ends when all is acknowledged, or says what was not. In plain mode"
          + " nothing can be known.",
      "What comes back is printed on standard output."
    })
final class SendCommand implements Callable<Integer> {
  /** What a file is cut into in plain mode: passes nearly everywhere without fragments. */
  static final int PLAIN_CHUNK_BYTES = 1_200;

  private static final int RELIABLE_CHUNK_BYTES = 64 << 10;
  private static final Duration UNTIL_THE_END = Duration.ofDays(365);
  private static final Duration AFTER_STOP = Duration.ofMillis(500);

  private final Posthorn root;

  @Parameters(
      arity = "1..*",
      paramLabel = "HOST:PORT [MESSAGE...]",
      hideParamSyntax = true,
      description = "Where to: localhost:9000, [::1]:9000, or a host and a port; then the message.")
  private List<String> words = List.of();

  @Mixin private SocketFlags flags = new SocketFlags();
  @Mixin private DeliveryFlags delivery = new DeliveryFlags();

  @Option(
      names = {"-F", "--file"},
      paramLabel = "FILE",
      description = {
        "Send a file, - for standard input: in reliable mode as messages of 64 KiB, so that"
            + " \"listen --framing raw\" gives the same bytes; in plain mode as datagrams of 1,200"
            + " bytes, which nothing joins again."
      })
  private @Nullable Path file;

  @Option(
      names = {"-n", "--count"},
      paramLabel = "COUNT",
      description = "Send the message so many times; of standard input or a file, so many at most.")
  private @Nullable Long count;

  @Option(
      names = {"-i", "--interval"},
      paramLabel = "SECS",
      converter = Quantity.Time.class,
      description = "Wait this long between messages.")
  private Duration interval = Duration.ZERO;

  @Option(
      names = {"-q", "--wait"},
      paramLabel = "SECS",
      converter = Quantity.Time.class,
      description = {
        "After the last message wait this long for replies, as nc -q does; default 0. A listener with"
            + " --exec is always waited for until its child ends. --quiet has no short word here."
      })
  private Duration waitForReplies = Duration.ZERO;

  @Mixin private AnswerTimeout timeout = new AnswerTimeout();

  @Option(
      names = "--limit-rate",
      paramLabel = "RATE",
      converter = Quantity.BitRate.class,
      description = "At most so many bits of messages a second, such as 10mbit.")
  private @Nullable Double limitRate;

  @Option(names = "--receipt", description = "Say of each message what became of it, and when.")
  private boolean receipt;

  @Option(
      names = "--framing",
      paramLabel = "HOW",
      completionCandidates = InputFraming.class,
      description = {
        "How messages stand in the input, and replies in the output: line (default), length (each"
            + " behind its length in four bytes, big-endian) or raw (default of what -F sends)."
      })
  private @Nullable Framing framing;

  @Spec private @Nullable CommandSpec command;

  private long messages;
  private long bytes;

  SendCommand(Posthorn root) {
    this.root = root;
  }

  /** How messages may stand in the input. */
  static final class InputFraming implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return List.of("line", "length", "raw").iterator();
    }
  }

  @Override
  public Integer call() throws Exception {
    Output output = root.output(false);
    boolean twoWords = EndpointAddress.isPortNext(words.get(0), words.subList(1, words.size()));
    EndpointAddress address =
        twoWords
            ? EndpointAddress.ofTwoWords(words.get(0), words.get(1))
            : EndpointAddress.ofPeer(words.get(0));
    List<String> message = words.subList(twoWords ? 2 : 1, words.size());
    check(message);
    InetSocketAddress peer = address.resolve(root.everywhere().family());
    try (Input input = open(message);
        MessageSocket socket = flags.openAnywhere(timeout.asked(), Application.SEND)) {
      root.signals().interruptMe();
      try {
        return flags.isPlain()
            ? sendPlain(socket, peer, input, output)
            : sendReliable(socket, peer, input, output);
      } finally {
        root.signals().leaveMe();
      }
    }
  }

  private void check(List<String> message) throws Failure {
    if (!message.isEmpty() && file != null) {
      throw usage("a message and -F together", "give one of them");
    }
    if (framing == Framing.JSON) {
      throw usage("--framing json is for output", "take line, length or raw");
    }
    Long times = count;
    if (times != null && times < 1) {
      throw usage("-n " + times, "send at least one message");
    }
    delivery.check();
    if (flags.isPlain() && (delivery.isGiven() || receipt)) {
      throw usage(
          "--channel, --delivery, --expires and --receipt in plain mode, which promises nothing",
          "leave out --plain, or them");
    }
    if (flags.isPlain()) {
      TypedOptions.refuse(
          command,
          "in plain mode, in which nobody answers",
          "leave it out, or wait for replies with -q",
          AnswerTimeout.OPTION);
    }
  }

  private static Failure usage(String what, String remedy) {
    return new Failure(ExitCode.USAGE, what, remedy);
  }

  private Input open(List<String> message) throws Failure {
    Long times = count;
    if (!message.isEmpty()) {
      byte[] body = String.join(" ", message).getBytes(StandardCharsets.UTF_8);
      return Input.repeated(body, times == null ? 1 : times);
    }
    Path path = file;
    int chunk = flags.isPlain() ? PLAIN_CHUNK_BYTES : RELIABLE_CHUNK_BYTES;
    InputStream in =
        path == null || path.toString().equals("-") ? root.streams().in() : openFile(path);
    return Input.reading(
        new MessageSource(in, framing(), chunk), times == null ? Long.MAX_VALUE : times);
  }

  private Framing framing() {
    return framing != null ? framing : file != null ? Framing.RAW : Framing.LINE;
  }

  private static InputStream openFile(Path path) throws Failure {
    try {
      return new FileInputStream(InputFile.of(path).toFile());
    } catch (FileNotFoundException failed) {
      throw new Failure(
          ExitCode.NO_INPUT,
          "cannot read " + failed.getMessage(),
          "check the name and who may read it",
          failed);
    }
  }

  private int sendPlain(MessageSocket socket, InetSocketAddress peer, Input input, Output output)
      throws Exception {
    try (Replies replies = new Replies(socket, output, framing)) {
      boolean stopped = false;
      Failure badInput = null;
      try {
        badInput = sendAll(input, output, replies, body -> socket.send(peer, body));
        replies.await(waitForReplies);
        replies.finish();
      } catch (InterruptedIOException | InterruptedException interrupted) {
        root.signals().requireOne(interrupted);
        stopped = true;
      }
      socket.close();
      if (stopped) {
        replies.stop();
      }
      SocketStatistics statistics = socket.statistics();
      long unsent = statistics.sendErrorsTotal();
      if (output.isJson()) {
        JsonText json = new JsonText().beginObject().beginObject("summary").put("mode", "plain");
        json.put("messages", messages).put("bytes", bytes);
        if (unsent > 0) {
          json.put("notSent", unsent);
        }
        json.putNull("acknowledged").put("replies", replies.count());
        output.note(json.endObject().endObject());
      } else {
        output.note(
            (stopped ? "stopped after " : "sent ")
                + Quantity.counted(messages - unsent, "datagram")
                + (unsent > 0 ? " of " + messages : ", " + Quantity.counted(bytes, "byte"))
                + ", to "
                + AddressText.of(peer)
                + (file == null || framing() != Framing.RAW
                    ? ""
                    : ", the file cut into pieces of "
                        + PLAIN_CHUNK_BYTES
                        + " bytes which nothing joins again")
                + "; plain mode cannot know whether anything arrived");
      }
      if (badInput != null) {
        throw badInput;
      }
      if (unsent > 0) {
        throw new Failure(
            ExitCode.IO,
            unsent
                + " of "
                + messages
                + " not sent: "
                + String.join(", ", statistics.sendErrors().keySet()),
            "check the way to "
                + AddressText.of(peer)
                + " (ip route get "
                + AddressText.ofHost(peer.getAddress())
                + ") and what the firewall lets out");
      }
      return ExitCode.OK.status();
    }
  }

  private int sendReliable(MessageSocket socket, InetSocketAddress peer, Input input, Output output)
      throws Exception {
    Connection connection;
    try {
      connection = SessionRun.open(socket, peer);
    } catch (InterruptedIOException interrupted) {
      root.signals().requireOne(interrupted);
      output.note("stopped before " + AddressText.of(peer) + " answered; nothing was sent");
      return ExitCode.OK.status();
    }
    if (Application.of(connection) == Application.EXEC) {
      try {
        return sendToChild(connection, input, output);
      } catch (InterruptedIOException | InterruptedException interrupted) {
        root.signals().requireOne(interrupted);
        return ExitCode.OK.status(); // the signal's takes its place
      }
    }
    boolean tracked = receipt || !delivery.isUsual();
    ReceiptLog receipts = new ReceiptLog(output, receipt);
    try (Replies replies = new Replies(socket, output, framing)) {
      boolean stopped = false;
      Exception ended = null;
      CloseReport report;
      try {
        ended =
            sendAll(
                input,
                output,
                replies,
                body -> {
                  Message message = delivery.draft(connection).body(body);
                  if (tracked) {
                    receipts.add(messages + 1, connection.send(message));
                  } else {
                    connection.send(body);
                  }
                });
        replies.await(waitForReplies);
        replies.finish(); // what has come and is not taken goes with the connection
        report = Closing.of(connection, UNTIL_THE_END).await();
      } catch (InterruptedIOException | InterruptedException interrupted) {
        root.signals().requireOne(interrupted);
        stopped = true;
        socket.close(AFTER_STOP);
        report = connection.closed().join();
      } catch (TransportException failed) {
        if (connection.isOpen()) {
          throw failed;
        }
        ended = failed;
        report = connection.closed().join();
        replies.finish();
      }
      socket.close();
      receipts.await();
      if (stopped) {
        replies.stop();
      }
      output.clearProgress();
      SendSummary summary =
          new SendSummary(
              peer, messages, bytes, replies.count(), stopped, report, tracked, receipts);
      if (ended != null) {
        summary.tell(output);
        throw ended; // some of the input was never sent, whatever was acknowledged
      }
      return summary.print(output);
    }
  }

  /** The peer starts a child for us: its output is printed as it comes, its status is ours. */
  private int sendToChild(Connection connection, Input input, Output output) throws Exception {
    if (receipt || delivery.mayLose()) {
      throw usage(
          "--expires, --receipt and deliveries that may lose, to a listener with --exec",
          "a child's input is all or nothing: leave them out");
    }
    if (framing == Framing.LENGTH) {
      throw usage(
          "--framing length to a listener with --exec",
          "what a child says are bytes and no messages: take line or raw");
    }
    TypedOptions.refuse(
        command,
        "to a listener with --exec",
        "what its child says is printed until it ends: leave it out",
        "-q");
    Pacer pacer = new Pacer(interval, limitRate == null ? 0 : limitRate);
    TwoWaySession.Feed feed =
        () -> {
          byte[] body = input.next();
          if (body != null) {
            pacer.await(body.length);
          }
          return body;
        };
    return new SessionRun(connection, output)
        .run(
            new ReliableLine(connection, delivery.draft(connection)),
            feed,
            new TwoWaySession.Options(Duration.ZERO, false));
  }

  private interface Sink {
    void send(byte[] body) throws IOException;
  }

  /** Sends what comes until the end; answers what is wrong with the input, null if nothing is. */
  private @Nullable Failure sendAll(Input input, Output output, Replies replies, Sink sink)
      throws IOException, InterruptedException {
    Pacer pacer = new Pacer(interval, limitRate == null ? 0 : limitRate);
    while (true) {
      byte[] body;
      try {
        body = input.next();
      } catch (Failure bad) {
        return bad;
      }
      if (body == null) {
        return null;
      }
      pacer.await(body.length);
      replies.requirePrinting();
      sink.send(body);
      messages++;
      bytes += body.length;
      if (output.showsProgress() && file != null) {
        output.progress(bytes / 1_000_000 + " MB sent");
      }
    }
  }
}
