package io.posthorn.cli;

import java.util.Map;
import java.util.regex.Pattern;

/**
 * The socket that a service manager opened for this process: as systemd passes it, descriptor 3
 * (sd_listen_fds(3)), or as inetd(8) does, standard input.
 *
 * @param descriptor its number
 */
record InheritedSocket(int descriptor) {
  private static final int FIRST_PASSED = 3;
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");

  /**
   * Finds it.
   *
   * @throws Failure if systemd passes several, for one listener has one socket
   */
  static InheritedSocket find(Map<String, String> environment, long pid) throws Failure {
    String count = environment.getOrDefault("LISTEN_FDS", "");
    boolean forUs = environment.getOrDefault("LISTEN_PID", "").equals(Long.toString(pid));
    if (!forUs || !NUMBER.matcher(count).matches() || Integer.parseInt(count) == 0) {
      return new InheritedSocket(0);
    }
    if (Integer.parseInt(count) > 1) {
      throw new Failure(
          ExitCode.CONFIGURATION,
          "systemd passes " + count + " sockets, and a listener has one",
          "leave one ListenDatagram= in the .socket file, and make another for another address");
    }
    return new InheritedSocket(FIRST_PASSED);
  }

  /** What to say where it is no UDP socket. */
  Failure unusable(Exception cause) {
    if (descriptor == 0) {
      return new Failure(
          ExitCode.USAGE,
          "no address to listen at, and no socket passed by systemd or inetd",
          "give a port: posthorn listen 9000",
          cause);
    }
    return new Failure(
        ExitCode.CONFIGURATION,
        "the socket that systemd passes: " + cause.getMessage(),
        "use ListenDatagram= in the .socket file; Java 24 and later need"
            + " --enable-native-access=ALL-UNNAMED where it is not in the manifest",
        cause);
  }
}
