package io.posthorn.cli;

import io.posthorn.capture.CaptureDecryptor;
import io.posthorn.capture.CaptureException;
import io.posthorn.capture.CaptureReader;
import io.posthorn.capture.CaptureWriter;
import io.posthorn.capture.CapturedDatagram;
import io.posthorn.capture.ConnectionSecrets;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code posthorn trace}: makes the sealed packets of a capture readable. */
@Command(
    name = "trace",
    description = {
      "Decrypts a capture of Posthorn's packets with the secrets that --keylog of another command"
          + " wrote, into a pcapng file in which they stand in clear, for Wireshark and tshark with"
          + " the dissector transport/wireshark/posthorn.lua.",
      "",
      "  sudo tcpdump -i any -w sealed.pcap udp port 9000 &",
      "  posthorn send --keylog secrets HOST:9000 hello",
      "  posthorn trace --keylog secrets sealed.pcap -o clear.pcapng",
      "  tshark -X lua_script:posthorn.lua -r clear.pcapng",
      "",
      "Packets for which there is no secret stay sealed; so does what belongs to the handshake. The"
          + " capture must begin with the connection."
    })
final class TraceCommand implements Callable<Integer> {
  private final Posthorn root;

  @Parameters(paramLabel = "CAPTURE", description = "What was captured: pcapng or pcap.")
  private Path capture = Path.of("");

  @Option(
      names = "--keylog",
      required = true,
      paramLabel = "FILE",
      description = "The secrets of the connections.")
  private Path keyLog = Path.of("");

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "OUT",
      description = "The pcapng file to write.")
  private Path to = Path.of("");

  TraceCommand(Posthorn root) {
    this.root = root;
  }

  @Override
  public Integer call() throws Exception {
    Output output = root.output(false);
    CaptureDecryptor decryptor;
    long datagrams = 0;
    long skipped;
    try (CaptureReader in = new CaptureReader(capture)) {
      decryptor = new CaptureDecryptor(ConnectionSecrets.readAll(keyLog));
      if (Files.exists(to) && Files.isSameFile(capture, to)) {
        throw new Failure(
            ExitCode.USAGE, to + " is the capture itself", "name another file to write");
      }
      try (CaptureWriter out = writer()) {
        for (CapturedDatagram next = in.next(); next != null; next = in.next()) {
          datagrams++;
          for (CapturedDatagram packet : decryptor.decrypt(next)) {
            out.write(packet);
          }
        }
      }
      skipped = in.skipped();
    } catch (CaptureException wrong) {
      throw new Failure(
          ExitCode.BAD_DATA, String.valueOf(wrong.getMessage()), "check the file's name", wrong);
    }
    tell(output, datagrams, decryptor, skipped);
    return (decryptor.decrypted() > 0 ? ExitCode.OK : ExitCode.NO).status();
  }

  private CaptureWriter writer() throws IOException, Failure {
    try {
      return new CaptureWriter(to);
    } catch (FileSystemException failed) {
      throw Failures.ofCreation(failed);
    }
  }

  private void tell(Output output, long datagrams, CaptureDecryptor decryptor, long skipped)
      throws IOException {
    if (output.isJson()) {
      output.line(
          new JsonText()
              .beginObject()
              .put("datagrams", datagrams)
              .put("decrypted", decryptor.decrypted())
              .put("left_sealed", decryptor.leftSealed())
              .put("skipped_frames", skipped)
              .endObject()
              .toString());
      output.flush();
      return;
    }
    StringBuilder words = new StringBuilder();
    words.append(counted(datagrams, "datagram")).append(", ");
    words.append(counted(decryptor.decrypted(), "packet")).append(" decrypted");
    if (decryptor.leftSealed() > 0) {
      words.append(", ").append(decryptor.leftSealed()).append(" left sealed");
    }
    if (skipped > 0) {
      words.append(", ").append(counted(skipped, "frame")).append(" without a datagram");
    }
    output.note(words.append("; written to ").append(to).toString());
    if (decryptor.decrypted() == 0) {
      output.note("no packet belongs to a connection of " + keyLog);
    }
  }

  private static String counted(long count, String what) {
    return count + " " + what + (count == 1 ? "" : "s");
  }
}
