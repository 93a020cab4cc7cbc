package io.posthorn.cli;

import io.posthorn.SocketStatistics;
import io.posthorn.cli.exec.ExecServer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a listener says at its end.
 *
 * @param messages that came
 * @param bytes of them
 * @param children what became of the clients of a listener that starts a child for each; else null
 */
record ListenSummary(long messages, long bytes, ExecServer.@Nullable Totals children) {
  /** Of a listener that started a child for each client. */
  static ListenSummary of(ExecServer.Totals totals) {
    return new ListenSummary(totals.messages(), totals.bytes(), totals);
  }

  void tell(SocketStatistics statistics, Output output) {
    if (output.isJson()) {
      output.note(json(statistics));
    } else {
      output.note(text(statistics));
    }
  }

  private JsonText json(SocketStatistics statistics) {
    JsonText json =
        new JsonText()
            .beginObject()
            .beginObject("summary")
            .put("messages", messages)
            .put("bytes", bytes)
            .put("datagrams", statistics.datagramsReceived())
            .put("connections", statistics.connectionsOpened())
            .put("receiveOverflows", statistics.receiveOverflows());
    if (children != null) {
      json.put("children", children.started()).put("refused", children.refused());
    }
    json.beginObject("dropped");
    statistics.drops().forEach(json::put);
    return json.endObject().endObject().endObject();
  }

  private String text(SocketStatistics statistics) {
    StringBuilder text = new StringBuilder();
    if (children != null) {
      text.append("started ")
          .append(children.started())
          .append(children.started() == 1 ? " child" : " children");
      if (children.refused() > 0) {
        text.append(", refused ").append(Quantity.counted(children.refused(), "client"));
      }
      text.append("; ");
    }
    text.append("received ")
        .append(Quantity.counted(messages, "message"))
        .append(", ")
        .append(Quantity.counted(bytes, "byte"))
        .append(", in ")
        .append(Quantity.counted(statistics.datagramsReceived(), "datagram"));
    if (!statistics.drops().isEmpty()) {
      List<String> reasons = new ArrayList<>();
      for (Map.Entry<String, Long> drop : statistics.drops().entrySet()) {
        reasons.add(drop.getValue() + " " + words(drop.getKey()));
      }
      text.append("; dropped: ").append(String.join(", ", reasons));
    }
    long overflows = statistics.receiveOverflows();
    if (overflows > 0) {
      text.append("; ")
          .append(Quantity.counted(overflows, "time"))
          .append(" the system dropped what came before it could be read");
    }
    return text.toString();
  }

  /** A reason in words, which follow the number of what was dropped. */
  private static String words(String reason) {
    return switch (reason) {
      case "UNKNOWN_TYPE" -> "of no type known here";
      case "HANDSHAKE_FORGED" -> "of a handshake that did not verify";
      case "IDENTITY_REFUSED" -> "of an identity not accepted";
      case "UNKNOWN_CONNECTION" -> "of no connection known here";
      case "AUTHENTICATION_FAILED" -> "that did not verify";
      default -> reason.toLowerCase(Locale.ROOT).replace('_', ' ');
    };
  }
}
