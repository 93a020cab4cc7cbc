package io.posthorn.cli;

import java.net.InetSocketAddress;
import picocli.CommandLine.Option;

/**
 * Who may use a service that runs programs or writes files: off loopback it has to be said aloud
 * that anyone may, unless something else keeps strangers out.
 */
final class AccessFlags {
  @Option(
      names = "--allow-anyone",
      description = {
        "Serve whoever reaches the port. Without it, such a service listens on loopback only,"
            + " unless keys or a secret keep strangers out."
      })
  private boolean allowAnyone;

  /**
   * Refuses to serve strangers unawares.
   *
   * @param what strangers could do
   * @param at where it would listen
   * @param restricted whether keys or a secret keep strangers out
   */
  void require(String what, InetSocketAddress at, boolean restricted) throws Failure {
    if (allowAnyone || restricted || at.getAddress().isLoopbackAddress()) {
      return;
    }
    throw new Failure(
        ExitCode.CONFIGURATION,
        "whoever reaches " + EndpointAddress.text(at) + " could " + what,
        "listen on 127.0.0.1 or ::1, let only known keys or a secret in, or say --allow-anyone");
  }
}
