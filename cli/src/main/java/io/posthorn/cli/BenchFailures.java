package io.posthorn.cli;

import io.posthorn.AddressText;
import io.posthorn.cli.bench.BenchException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;

/** What went wrong with a bench server, in words and with the remedy. */
final class BenchFailures {
  private BenchFailures() {}

  /**
   * The failure that an exception of a test stands for; one that has nothing to do with bench
   * servers is thrown as it is.
   *
   * @param tcp whether the test was over the kernel's TCP
   */
  static Failure of(Exception thrown, InetSocketAddress server, boolean tcp) throws Exception {
    String where = AddressText.of(server);
    if (thrown instanceof BenchException bench) {
      String what = TextSafety.visible(String.valueOf(bench.getMessage()));
      return switch (bench.kind()) {
        case NO_ANSWER ->
            new Failure(
                ExitCode.UNAVAILABLE,
                what,
                "is \"posthorn bench -s "
                    + server.getPort()
                    + "\" running there, and does the network let UDP through? ask "
                    + TransportRemedy.doctor(server),
                bench);
        case FOREIGN ->
            new Failure(
                ExitCode.PROTOCOL,
                what,
                "start \"posthorn bench -s\" of this version there, or correct the port",
                bench);
        case REFUSED -> new Failure(ExitCode.TRY_AGAIN, what, "ask for less, or later", bench);
        case SILENT ->
            new Failure(ExitCode.TRY_AGAIN, what, "the server or the network went away", bench);
      };
    }
    if (thrown instanceof ConnectException || thrown instanceof SocketTimeoutException) {
      return new Failure(
          ExitCode.UNAVAILABLE,
          "no bench server answers at " + where + " over TCP: " + thrown.getMessage(),
          "is \"posthorn bench -s " + server.getPort() + "\" running there?",
          thrown);
    }
    if (tcp && thrown instanceof IOException) {
      return new Failure(
          ExitCode.TRY_AGAIN,
          "the test with " + where + " broke off: " + thrown.getMessage(),
          "",
          thrown);
    }
    throw thrown;
  }
}
