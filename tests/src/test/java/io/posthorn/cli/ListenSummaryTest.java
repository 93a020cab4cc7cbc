package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Mode;
import io.posthorn.SocketStatistics;
import io.posthorn.wire.DropReason;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The last line of a listener. */
class ListenSummaryTest {
  private static String told(
      ListenSummary summary, long datagrams, Map<String, Long> drops, boolean json) {
    return told(summary, datagrams, drops, 0, json);
  }

  private static String told(
      ListenSummary summary,
      long datagrams,
      Map<String, Long> drops,
      long overflows,
      boolean json) {
    InProcess here = new InProcess();
    Posthorn.Everywhere options =
        new Posthorn.Everywhere(
            json, false, false, 0, Output.ColorWhen.NEVER, EndpointAddress.Family.ANY);
    SocketStatistics statistics =
        new SocketStatistics(
            Mode.RELIABLE,
            "",
            0,
            0,
            0,
            datagrams,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            drops,
            Map.of(),
            0,
            Map.of(),
            overflows,
            Map.of());
    summary.tell(statistics, new Output(here.streams(), options, false));
    return here.errors().strip();
  }

  @Test
  void oneIsOne() {
    ListenSummary summary = new ListenSummary(1, 1, null);
    assertEquals("received 1 message, 1 byte, in 1 datagram", told(summary, 1, Map.of(), false));
  }

  @Test
  void whatWasDroppedIsSaidInWords() {
    Map<String, Long> drops =
        new TreeMap<>(Map.of("HANDSHAKE_FORGED", 46L, "RATE_LIMITED", 2L, "UNKNOWN_TYPE", 1L));
    ListenSummary summary = new ListenSummary(2, 22, null);
    assertTrue(
        told(summary, 60, drops, false)
            .endsWith(
                "received 2 messages, 22 bytes, in 60 datagrams; dropped: 46 of a handshake that"
                    + " did not verify, 2 rate limited, 1 of no type known here"),
        told(summary, 60, drops, false));
    assertTrue(told(summary, 60, drops, true).contains("\"HANDSHAKE_FORGED\":46"), "JSON");
  }

  @Test
  void whatTheSystemDroppedIsSaidWhereItDidAndAlwaysInJson() {
    ListenSummary summary = new ListenSummary(2, 22, null);
    Map<String, Long> drops = Map.of("RATE_LIMITED", 2L);
    String all = told(summary, 60, drops, 12, false);
    assertTrue(
        all.endsWith(
            "; dropped: 2 rate limited; 12 times the system dropped what came before it could be"
                + " read"),
        all);
    String one = told(summary, 60, Map.of(), 1, false);
    assertTrue(one.contains(" datagrams; 1 time the system dropped"), one);
    String none = told(summary, 60, Map.of(), 0, false);
    assertTrue(none.endsWith(" 60 datagrams"), none);
    String json = told(summary, 60, drops, 12, true);
    assertTrue(json.contains("\"receiveOverflows\":12"), json);
    json = told(summary, 60, drops, 0, true);
    assertTrue(json.contains("\"receiveOverflows\":0"), json);
  }

  /** The commands may not name the type of the reasons: here a new name does not compile. */
  @Test
  void wordsAreOfReasonsThatThereAre() {
    Map<DropReason, String> words =
        Map.of(
            DropReason.UNKNOWN_TYPE, "of no type known here",
            DropReason.HANDSHAKE_FORGED, "of a handshake that did not verify",
            DropReason.IDENTITY_REFUSED, "of an identity not accepted",
            DropReason.UNKNOWN_CONNECTION, "of no connection known here",
            DropReason.AUTHENTICATION_FAILED, "that did not verify",
            DropReason.RATE_LIMITED, "rate limited");
    words.forEach(
        (reason, said) -> {
          String all = told(new ListenSummary(0, 0, null), 7, Map.of(reason.name(), 7L), false);
          assertTrue(all.endsWith("; dropped: 7 " + said), all);
        });
  }
}
