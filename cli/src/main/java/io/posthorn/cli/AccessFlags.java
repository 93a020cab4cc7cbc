package io.posthorn.cli;

import io.posthorn.AddressText;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Who may connect to a listener; and the rule that one which runs programs or writes files serves
 * strangers off loopback only if that is said aloud.
 */
final class AccessFlags {
  @Option(
      names = "--authorized",
      description = {
        "Only peers whose keys stand in authorized_keys in the program's folder may connect:"
            + " \"posthorn keys import\" adds one."
      })
  private boolean authorized;

  @Option(
      names = "--authorized-keys",
      paramLabel = "FILE",
      description = "As --authorized, with the keys of another file.")
  private @Nullable Path authorizedKeys;

  @Option(
      names = "--allow-anyone",
      description = {
        "Let whoever reaches the port run the command or store files. Without it, that is for"
            + " loopback only, unless keys or a secret keep strangers out."
      })
  private boolean allowAnyone;

  /** Has the socket's flags let only the keys in that are asked for. */
  void authorize(SocketFlags flags, Posthorn root) throws Failure {
    Path file = authorizedKeys;
    if (file == null && authorized) {
      PosthornHome home = PosthornHome.of(root.streams().environment());
      if (home == null) {
        throw new Failure(
            ExitCode.CONFIGURATION, "--authorized, and no home folder", "use --authorized-keys");
      }
      file = home.authorizedKeys();
    }
    if (file != null) {
      flags.identity().authorize(file);
    }
  }

  /**
   * Refuses to serve strangers unawares.
   *
   * @param what strangers could do
   * @param at where it would listen
   */
  void require(String what, InetSocketAddress at, SocketFlags flags, Posthorn root) throws Failure {
    if (allowAnyone
        || flags.identity().keepsStrangersOut(root)
        || at.getAddress().isLoopbackAddress()) {
      return;
    }
    throw new Failure(
        ExitCode.CONFIGURATION,
        "whoever reaches " + AddressText.of(at) + " could " + what,
        "listen on 127.0.0.1 or ::1, let only known keys or a secret in, or say --allow-anyone");
  }
}
