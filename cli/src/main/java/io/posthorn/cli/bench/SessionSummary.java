package io.posthorn.cli.bench;

import io.posthorn.cli.JsonText;
import java.util.ArrayList;
import java.util.List;

/**
 * What a server can say of a stream that has ended.
 *
 * @param client its address
 * @param up what came from the client; null if nothing was to come
 * @param down what came of what was sent to it; null if nothing was sent
 * @param trouble what went wrong; empty if nothing did
 */
public record SessionSummary(
    String client,
    @org.jspecify.annotations.Nullable DirectionResult up,
    @org.jspecify.annotations.Nullable DirectionResult down,
    String trouble) {
  static SessionSummary of(ServerSession session) {
    FlowReport received = session.received();
    long claimed = session.clientSent();
    FlowReport there = session.clientReport();
    return new SessionSummary(
        session.client(),
        session.plan().up()
            ? DirectionResult.of(
                claimed < 0 ? received.unique() + received.missing() : claimed,
                received.elapsedNanos(),
                session.plan().messageBytes(),
                received)
            : null,
        session.plan().down()
            ? DirectionResult.of(
                session.sent(),
                session.sentElapsedNanos(),
                session.plan().messageBytes(),
                there == null ? FlowReport.NONE : there)
            : null,
        session.trouble());
  }

  /** As a line. */
  public String text() {
    List<String> parts = new ArrayList<>();
    if (up != null) {
      parts.add("received " + up.text());
    }
    if (down != null) {
      parts.add("sent " + down.text());
    }
    if (!trouble.isEmpty()) {
      parts.add(trouble);
    }
    return client + ": " + String.join("; ", parts);
  }

  /** As a JSON object. */
  public String json() {
    JsonText json = new JsonText().beginObject().beginObject("stream").put("client", client);
    if (up != null) {
      up.write(json.beginObject("up")).endObject();
    }
    if (down != null) {
      down.write(json.beginObject("down")).endObject();
    }
    return json.put("trouble", trouble).endObject().endObject().toString();
  }
}
