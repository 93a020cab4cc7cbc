package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.CloseCause;
import io.posthorn.CloseReport;
import io.posthorn.MessageSocket;
import io.posthorn.Security;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code posthorn send} says at its end of what became of its messages, in this process. */
@Timeout(120)
class SendSummaryTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  @TempDir private Path home;
  private String errors = "";

  private int run(String input, String... words) {
    InProcess here = new InProcess(Map.of("POSTHORN_HOME", home.toString()), input);
    int status = here.run(words);
    errors = here.errors();
    return status;
  }

  private static MessageSocket listener() throws IOException {
    return MessageSocket.builder().security(Security.ephemeral()).bind(ANY).open();
  }

  private static String at(MessageSocket socket) {
    return "127.0.0.1:" + socket.localAddress().getPort();
  }

  private long member(String name) {
    Matcher found = Pattern.compile("\"" + name + "\":(\\d+)").matcher(errors);
    assertTrue(found.find(), errors);
    return Long.parseLong(found.group(1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"unreliable", "sequenced", "unordered"})
  void eachMessageIsCountedOnceHoweverItIsDelivered(String delivery) throws IOException {
    try (MessageSocket listener = listener()) {
      String[] send = {"send", "--json", "--delivery", delivery, "-n", "20", at(listener), "x"};
      assertEquals(0, run("", send), () -> errors);
      assertEquals(20, member("messages"));
      assertEquals(
          20, member("acknowledged") + member("unacknowledged") + member("lost"), () -> errors);
    }
  }

  /** After how long a silence the peer counts as gone, the two sides agree on. */
  @ParameterizedTest
  @CsvSource({
    "IDLE_TIMEOUT, nothing was heard from 127.0.0.1:9 any more",
    "NO_ANSWER, 127.0.0.1:9 has never answered"
  })
  void aSilentPeerIsSaidToBeSilentAndNotForHowLong(CloseCause cause, String silence) {
    Posthorn.Everywhere options =
        new Posthorn.Everywhere(
            false, false, false, 0, Output.ColorWhen.NEVER, EndpointAddress.Family.ANY);
    Output output = new Output(new InProcess().streams(), options, false);
    SendSummary summary =
        new SendSummary(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 9),
            3,
            30,
            0,
            false,
            new CloseReport(1, 2, cause, false, 0, ""),
            false,
            new ReceiptLog(output, false));
    Failure failure = assertThrows(Failure.class, () -> summary.print(output));
    assertEquals(ExitCode.TRY_AGAIN, failure.code());
    assertEquals(
        "2 messages were not acknowledged and may not have arrived: " + silence, failure.what());
  }

  @Test
  void whatWasSentBeforeABadLineIsSummedUp() throws IOException {
    String lines = "one\ntwo\n" + "x".repeat(MessageSource.LARGEST_BYTES + 1);
    try (MessageSocket listener = listener();
        DatagramSocket plain = new DatagramSocket(ANY)) {
      assertEquals(65, run(lines, "send", "--json", "--receipt", at(listener)), () -> errors);
      assertEquals(2, member("messages"));
      assertEquals(2, member("acknowledged"));
      assertEquals(2, errors.split("\"receipt\"", -1).length - 1, errors);
      assertTrue(errors.contains("line 3 is longer than"), errors);
      assertEquals(65, run(lines, "send", "-u", "127.0.0.1:" + plain.getLocalPort()));
      assertTrue(errors.contains("sent 2 datagrams"), errors);
      assertTrue(errors.contains("line 3 is longer than"), errors);
    }
  }
}
