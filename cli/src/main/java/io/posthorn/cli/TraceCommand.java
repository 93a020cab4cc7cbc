package io.posthorn.cli;

import io.posthorn.capture.CaptureDecryptor;
import io.posthorn.capture.CaptureException;
import io.posthorn.capture.CaptureReader;
import io.posthorn.capture.CaptureWriter;
import io.posthorn.capture.CapturedDatagram;
import io.posthorn.capture.ConnectionSecrets;
import io.posthorn.cli.trace.CaptureEvents;
import io.posthorn.cli.trace.QlogReader;
import io.posthorn.cli.trace.TraceEvent;
import io.posthorn.cli.trace.TraceFileException;
import io.posthorn.cli.trace.TraceJson;
import io.posthorn.cli.trace.TraceText;
import java.io.BufferedInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code posthorn trace}: lists traces and captures, and makes sealed packets readable. */
@Command(
    name = "trace",
    description = {
      "Lists what --trace, --pcap, tcpdump or Wireshark wrote, and decrypts captures.",
      "",
      "A line for each event of a trace or packet of a capture: seconds since the first, the"
          + " connection (or the addresses), -> sent or <- received or <x dropped, kind and number,"
          + " bytes, and frames or reasons. With -v each change of measurements too, not only of"
          + " the congestion window.",
      "",
      "  posthorn send --trace hello.sqlog 127.0.0.1:9000 hello",
      "  posthorn trace hello.sqlog",
      "",
      "With --keylog, what is sealed in a capture is decrypted, with the secrets that --keylog of"
          + " another command wrote. With -o it is not listed but written to a pcapng file in which"
          + " it stands in clear, for Wireshark and tshark with the dissector"
          + " transport/wireshark/posthorn.lua.",
      "",
      "  posthorn send --pcap sealed.pcapng --keylog secrets 127.0.0.1:9000 hello",
      "  posthorn trace --keylog secrets sealed.pcapng",
      "  posthorn trace --keylog secrets sealed.pcapng -o clear.pcapng",
      "  tshark -X lua_script:posthorn.lua -r clear.pcapng",
      "",
      "Packets for which there is no secret stay sealed. To be decrypted, a capture must begin with"
          + " the connection."
    })
final class TraceCommand implements Callable<Integer> {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  /** Leads, on systems that have it, to the file that standard input comes from. */
  private static final Path STANDARD_INPUT = Path.of("/dev/stdin");

  private final Posthorn root;

  @Parameters(
      paramLabel = "FILE",
      description = "A trace (qlog, .sqlog) or a capture (pcapng or pcap); - for standard input.")
  private Path file = Path.of("");

  @Option(
      names = "--keylog",
      paramLabel = "FILE",
      description = "The secrets of the connections of a capture.")
  private @Nullable Path keyLog;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "OUT",
      converter = OutputPath.class,
      description = "Write what was decrypted to this pcapng file instead of listing it.")
  private @Nullable Path to;

  /** The congestion window that was listed last, by connection. */
  private final Map<String, Object> windows = new HashMap<>();

  TraceCommand(Posthorn root) {
    this.root = root;
  }

  @Override
  public Integer call() throws Exception {
    Output output = root.output(false);
    Path secrets = keyLog;
    Path out = to;
    // Opened once: a pipe says what it has to say but once.
    try (InputStream in = new BufferedInputStream(new WaitingInput(open(), output))) {
      if (QlogReader.isQlog(in)) {
        if (secrets != null || out != null) {
          throw new Failure(
              ExitCode.USAGE,
              name() + " is a trace, and nothing in it is sealed",
              "leave --keylog and --output out, or name a capture");
        }
        return listTrace(in, output);
      }
      if (out != null && secrets == null) {
        throw new Failure(
            ExitCode.USAGE,
            "--output is for what --keylog decrypts",
            "name the secrets, or leave --output out");
      }
      return capture(in, output, secrets, out);
    } catch (CaptureException | TraceFileException wrong) {
      output.flush(); // what stands before the damage
      throw new Failure(
          ExitCode.BAD_DATA, String.valueOf(wrong.getMessage()), "check the file's name", wrong);
    }
  }

  private InputStream open() throws Failure, IOException {
    if (isStandardInput()) {
      return root.streams().in();
    }
    InputFile.of(file);
    boolean isPipe = Files.exists(file) && !Files.isRegularFile(file);
    // The stream of a channel asks for its position, which a pipe has not.
    return isPipe ? new FileInputStream(file.toFile()) : Files.newInputStream(file);
  }

  private boolean isStandardInput() {
    return file.toString().equals("-");
  }

  private String name() {
    return isStandardInput() ? "standard input" : file.toString();
  }

  private int listTrace(InputStream stream, Output output) throws IOException {
    long sent = 0;
    long received = 0;
    long lost = 0;
    boolean cut;
    try (QlogReader in = new QlogReader(stream, name())) {
      TraceEvent next = in.next();
      if (!in.began().isEmpty()) {
        output.note("began " + in.began());
      }
      for (; next != null; next = in.next()) {
        sent += next.way() == TraceEvent.Way.SENT ? 1 : 0;
        received += next.way() == TraceEvent.Way.RECEIVED ? 1 : 0;
        lost += next.what().equals("lost") ? 1 : 0;
        if (isWorthALine(next, output)) {
          list(next, output);
        }
      }
      cut = in.isCut();
    }
    output.flush();
    tellIfCut(cut, "record", output);
    output.note(
        Quantity.counted(sent, "packet")
            + " sent, "
            + received
            + " received, "
            + lost
            + " sent were lost");
    return ExitCode.OK.status();
  }

  /** Measurements change with every packet; unless asked for, only the window is told. */
  private boolean isWorthALine(TraceEvent event, Output output) {
    if (!event.what().equals("metrics") || output.isVerbose()) {
      return true;
    }
    Object window = event.details().get("congestionWindow");
    return window != null && !window.equals(windows.put(event.flow().connection(), window));
  }

  private static void list(TraceEvent event, Output output) throws IOException {
    output.line(output.isJson() ? TraceJson.of(event) : TextSafety.visible(TraceText.of(event)));
  }

  private int capture(InputStream stream, Output output, @Nullable Path secrets, @Nullable Path out)
      throws IOException, Failure {
    if (out != null) {
      requireUnread(out, secrets);
    }
    long datagrams = 0;
    long skipped;
    boolean cut;
    CaptureDecryptor decryptor =
        new CaptureDecryptor(
            secrets == null ? List.of() : ConnectionSecrets.readAll(InputFile.of(secrets)));
    CaptureEvents events = new CaptureEvents();
    try (CaptureReader in = new CaptureReader(stream, name());
        CaptureWriter writer = out == null ? null : writer(out)) {
      for (CapturedDatagram next = in.next(); next != null; next = in.next()) {
        datagrams++;
        for (CapturedDatagram packet : decryptor.decrypt(next)) {
          if (writer != null) {
            writer.write(packet);
          } else {
            list(packet, events, output);
          }
        }
      }
      skipped = in.skipped();
      cut = in.isCut();
    }
    output.flush();
    tellIfCut(cut, "packet", output);
    if (secrets == null) {
      output.note(Quantity.counted(datagrams, "datagram") + skipped(skipped));
      return ExitCode.OK.status();
    }
    tell(output, datagrams, decryptor, skipped, secrets, out);
    return (decryptor.decrypted() > 0 ? ExitCode.OK : ExitCode.NO).status();
  }

  private void tellIfCut(boolean cut, String what, Output output) {
    if (cut) {
      output.error(name() + " is cut off in the middle of a " + what + ": its end is missing");
    }
  }

  private static void list(CapturedDatagram packet, CaptureEvents events, Output output)
      throws IOException {
    boolean first = events.beganNanos() == Long.MIN_VALUE;
    List<TraceEvent> all = events.of(packet);
    if (first) {
      long nanos = events.beganNanos();
      output.note(
          "began "
              + Instant.ofEpochSecond(
                  Math.floorDiv(nanos, NANOS_PER_SECOND), Math.floorMod(nanos, NANOS_PER_SECOND)));
    }
    for (TraceEvent each : all) {
      list(each, output);
    }
  }

  /** Refuses to write over what is read, which would be gone before it is. */
  private void requireUnread(Path out, @Nullable Path secrets) throws IOException, Failure {
    String read =
        isSame(out, isStandardInput() ? STANDARD_INPUT : file)
            ? "capture itself"
            : secrets != null && isSame(out, secrets) ? "secrets themselves" : "";
    if (!read.isEmpty()) {
      throw new Failure(ExitCode.USAGE, out + " is the " + read, "name another file to write");
    }
  }

  private static boolean isSame(Path one, Path other) throws IOException {
    return Files.exists(one) && Files.exists(other) && Files.isSameFile(one, other);
  }

  private static CaptureWriter writer(Path out) throws IOException, Failure {
    try {
      return new CaptureWriter(out);
    } catch (FileSystemException failed) {
      throw Failures.ofCreation(failed);
    }
  }

  private static void tell(
      Output output,
      long datagrams,
      CaptureDecryptor decryptor,
      long skipped,
      Path secrets,
      @Nullable Path out)
      throws IOException {
    if (output.isJson() && out != null) {
      output.line(
          new JsonText()
              .beginObject()
              .put("datagrams", datagrams)
              .put("decrypted", decryptor.decrypted())
              .put("leftSealed", decryptor.leftSealed())
              .put("skippedFrames", skipped)
              .endObject()
              .toString());
      output.flush();
      return;
    }
    StringBuilder words = new StringBuilder();
    words.append(Quantity.counted(datagrams, "datagram")).append(", ");
    words.append(Quantity.counted(decryptor.decrypted(), "packet")).append(" decrypted");
    if (decryptor.leftSealed() > 0) {
      words.append(", ").append(decryptor.leftSealed()).append(" left sealed");
    }
    words.append(skipped(skipped));
    if (out != null) {
      words.append("; written to ").append(out);
    }
    output.note(words.toString());
    if (decryptor.decrypted() == 0) {
      output.note("no packet belongs to a connection of " + secrets);
    }
  }

  private static String skipped(long frames) {
    return frames == 0 ? "" : ", " + Quantity.counted(frames, "frame") + " without a datagram";
  }
}
