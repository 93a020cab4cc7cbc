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
    return EndpointAddress.ofWords(words, 1, 0).get(0).resolve(root.everywhere().family());
  }
}
