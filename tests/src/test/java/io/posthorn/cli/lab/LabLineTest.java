package io.posthorn.cli.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.posthorn.cli.compare.DeliveryLog;
import io.posthorn.cli.compare.DeliverySummary;
import io.posthorn.cli.compare.MessageSchedule;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class LabLineTest {
  @Property(tries = 300)
  void anyTextStaysOneLineAndComesBack(@ForAll String text) {
    // A lone surrogate is no character and has no UTF-8 form.
    String value = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    String line = new LabLine("word").put("key", value).put("n", 7).toString();
    assertFalse(line.contains("\n") || line.contains("\r"));
    LabLine parsed = LabLine.parse(line);
    assertEquals("word", parsed.word());
    assertEquals(value, parsed.text("key"));
    assertEquals(7, parsed.integer("n"));
  }

  @Example
  void brokenLinesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> LabLine.parse("word key"));
    assertThrows(IllegalArgumentException.class, () -> LabLine.parse("word =value"));
    assertThrows(IllegalArgumentException.class, () -> LabLine.parse("word key=%zz"));
    assertThrows(IllegalArgumentException.class, () -> LabLine.parse("word").text("key"));
    assertThrows(IllegalArgumentException.class, () -> LabLine.parse("w n=x").integer("n"));
  }

  @Example
  void requestsComeBackEqual() {
    FlowRequest request =
        new FlowRequest(
            LabTransport.UDP,
            MessageSchedule.allAtOnce(5),
            64,
            1_000,
            -3,
            "delay 40ms 10ms loss 5%",
            "none",
            "");
    assertEquals(request, FlowRequest.parse(LabLine.parse(request.toLine(1).toString())));
  }

  @Example
  void resultsComeBackEqual() {
    FlowResult result =
        new FlowResult(
            new DeliverySummary(9, 8, 7, 6, 5, 4, 1234.5, 3, 2, DeliveryLog.INFINITE, 1.0 / 3),
            new LinkTraffic(1, 2, 3, 4),
            new LinkTraffic(5, 6, 7, 8),
            FlowResult.UNKNOWN,
            "cubic",
            10,
            11,
            12,
            "it = broke & stopped\n");
    assertEquals(result, FlowResult.parse(LabLine.parse(result.toLine(1).toString())));
  }

  @Example
  void countersAreFoundByTheirNames() throws IOException {
    List<String> snmp =
        List.of(
            "Ip: Forwarding DefaultTTL",
            "Ip: 1 64",
            "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors",
            "Udp: 10 2 3 4 5");
    assertEquals(5, KernelNetwork.counter(snmp, "Udp:", "RcvbufErrors"));
    assertEquals(64, KernelNetwork.counter(snmp, "Ip:", "DefaultTTL"));
    assertThrows(IOException.class, () -> KernelNetwork.counter(snmp, "Udp:", "Other"));
    assertThrows(IOException.class, () -> KernelNetwork.counter(snmp, "Tcp:", "RetransSegs"));
    List<String> interfaces =
        List.of(
            "Inter-|   Receive                        |  Transmit",
            "    lo:       0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15",
            "posthorn0:48 1 0 0 0 0 0 0 48 1 0 99 0 0 0 0");
    assertEquals(99, KernelNetwork.droppedOnSend(interfaces, "posthorn0"));
    assertEquals(11, KernelNetwork.droppedOnSend(interfaces, "lo"));
    assertThrows(IOException.class, () -> KernelNetwork.droppedOnSend(interfaces, "eth0"));
  }
}
