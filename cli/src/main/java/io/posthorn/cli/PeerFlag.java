package io.posthorn.cli;

import java.net.InetSocketAddress;
import java.util.List;
import picocli.CommandLine.Parameters;

/** Whom a command talks to: the words that name one peer. */
final class PeerFlag {
  @Parameters(
      arity = "1..2",
      paramLabel = "HOST:PORT",
      hideParamSyntax = true,
      description = "Whom: localhost:9000, [::1]:9000, or a host and a port.")
  private List<String> words = List.of();

  /** Looks the peer up. */
  InetSocketAddress resolve(Posthorn root) throws Failure {
    boolean twoWords = words.size() == 2;
    if (twoWords && !EndpointAddress.lacksPort(words.get(0))) {
      throw new Failure(
          ExitCode.USAGE,
          "\""
              + TextSafety.visible(words.get(1))
              + "\" behind \""
              + TextSafety.visible(words.get(0))
              + "\", which is a host and a port already",
          "name one peer, and write options with a dash");
    }
    EndpointAddress address =
        twoWords
            ? EndpointAddress.ofTwoWords(words.get(0), words.get(1))
            : EndpointAddress.ofPeer(words.get(0));
    return address.resolve(root.everywhere().family());
  }
}
