package io.posthorn.cli;

import io.posthorn.AddressText;
import io.posthorn.cli.probe.Finding;
import io.posthorn.cli.probe.MachineChecks;
import io.posthorn.cli.probe.NatProbe;
import io.posthorn.cli.probe.PeerChecks;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code posthorn doctor}: what is wrong, and what to do about it. */
@Command(
    name = "doctor",
    description = {
      "Looks for what keeps messages from flowing: kernel buffers that are too small, the fast path"
          + " and why it is not in use, the clock, the modes of key files; and with a peer whether"
          + " UDP is blocked, its host is down or nobody listens, and the path's MTU.",
      "",
      "Each finding comes with its remedy. The exit status is 1 if anything is bad."
    })
final class DoctorCommand implements Callable<Integer> {
  private final Posthorn root;

  @Parameters(
      arity = "0..2",
      paramLabel = "[HOST:PORT]",
      hideParamSyntax = true,
      description = "A peer to look at too.")
  private List<String> where = List.of();

  @Mixin private SocketFlags flags = new SocketFlags();

  @Option(
      names = "--nat",
      paramLabel = "SECS",
      converter = Quantity.Time.class,
      description = {
        "Find for how long the way from a \"posthorn listen\" stays open while nothing passes, as"
            + " translators and firewalls forget it: tries up to so long, at most 4m, and takes as"
            + " long."
      })
  private @Nullable Duration nat;

  @Option(
      names = {AnswerTimeout.OPTION, "--timeout"},
      paramLabel = "SECS",
      converter = Quantity.Time.class,
      description = {
        "How long to wait for the peer's answer, in each of the ways in which it is asked; default"
            + " 3 s."
      })
  private Duration timeout = PeerChecks.USUAL_PATIENCE;

  DoctorCommand(Posthorn root) {
    this.root = root;
  }

  @Override
  public Integer call() throws Exception {
    Output output = root.output(false);
    InetSocketAddress peer =
        where.isEmpty()
            ? null
            : EndpointAddress.ofWords(where, 1, 0).get(0).resolve(root.everywhere().family());
    PosthornHome home = PosthornHome.of(root.streams().environment());
    check(peer);
    List<Finding> findings =
        new ArrayList<>(
            new MachineChecks(
                    Path.of("/"), root.streams().environment(), home == null ? null : home.folder())
                .run());
    tell(findings, output);
    if (peer != null) {
      Duration patience = SocketFlags.possible(timeout);
      output.progress("asking " + AddressText.of(peer));
      root.signals().interruptMe();
      try {
        List<Finding> more =
            new PeerChecks(peer, patience, flags.isPlain() ? null : flags::openAnywhere).run();
        output.clearProgress();
        tell(more, output);
        findings.addAll(more);
        if (nat != null) {
          Finding kept =
              PeerChecks.natTimeout(
                  new NatProbe(peer, patience, flags::openSilent)
                      .search(
                          nat,
                          left ->
                              output.progress("waiting for answers, " + left + " s more at most")));
          output.clearProgress();
          tell(List.of(kept), output);
          findings.add(kept);
        }
      } catch (InterruptedException
          | InterruptedIOException
          | ClosedByInterruptException interrupted) {
        root.signals().requireOne(interrupted);
      } finally {
        output.clearProgress();
        root.signals().leaveMe();
      }
    }
    output.flush();
    boolean bad = findings.stream().anyMatch(one -> one.weight() == Finding.Weight.BAD);
    return bad ? ExitCode.NO.status() : ExitCode.OK.status();
  }

  private void check(@Nullable InetSocketAddress peer) throws Failure {
    if (peer == null) {
      TypedOptions.refuse(
          root.asked(),
          "without a peer: nothing is sent",
          "name one: HOST:PORT",
          AnswerTimeout.OPTION,
          "--impair",
          "--trace",
          "--keylog",
          "--pcap");
    }
    if (flags.isPlain()) {
      flags.requireUnchanged(
          "in plain mode, where a peer is probed with a socket of its own",
          "leave out -u, or them");
    }
    Duration limit = nat;
    if (limit != null && flags.isPlain()) {
      throw new Failure(
          ExitCode.USAGE,
          "--nat in plain mode: only a reliable peer can be told when to answer",
          "leave out -u");
    }
    if (limit == null) {
      return;
    }
    if (peer == null) {
      throw new Failure(ExitCode.USAGE, "--nat without a peer", "name one: HOST:PORT");
    }
    if (limit.toSeconds() < 1 || limit.compareTo(NatProbe.LONGEST) > 0) {
      throw new Failure(
          ExitCode.USAGE,
          "--nat " + limit.toMillis() / 1e3 + " s",
          "take 1 second to " + NatProbe.LONGEST.toMinutes() + " minutes");
    }
  }

  private static void tell(List<Finding> findings, Output output) throws IOException {
    for (Finding finding : findings) {
      output.line(text(finding, output.isJson()));
    }
    output.flush();
  }

  private static String text(Finding finding, boolean json) {
    if (json) {
      return new JsonText()
          .beginObject()
          .put("weight", finding.weight().name().toLowerCase(Locale.ROOT))
          .put("subject", finding.subject())
          .put("what", finding.what())
          .put("remedy", finding.remedy())
          .endObject()
          .toString();
    }
    String word =
        switch (finding.weight()) {
          case GOOD -> "ok   ";
          case NOTE -> "note ";
          case BAD -> "BAD  ";
        };
    String remedy = finding.remedy().isEmpty() ? "" : "\n     -> " + visible(finding.remedy());
    return word + finding.subject() + ": " + visible(finding.what()) + remedy;
  }

  private static String visible(String text) {
    return TextSafety.visible(text);
  }
}
