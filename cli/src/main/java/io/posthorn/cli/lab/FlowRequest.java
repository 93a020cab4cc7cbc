package io.posthorn.cli.lab;

import io.posthorn.cli.compare.MessageSchedule;
import io.posthorn.cli.compare.TestMessage;
import io.posthorn.simulation.LinkConditions;

/**
 * One run that a lab is asked for: which transport carries which messages over which network.
 *
 * @param transport what carries the messages
 * @param schedule how many messages, and when they are due
 * @param messageBytes the size of each, {@link TestMessage#MINIMUM_BYTES} or more
 * @param timeoutNanos how long to wait for a connection, and for messages after the last was due
 * @param seed decides, with direction and number, the fate of each packet
 * @param up the conditions from sender to receiver, in the words of {@link LinkConditions#parse}
 * @param down the conditions from receiver to sender
 * @param congestionController the kernel's congestion controller for TCP, such as {@code cubic}, or
 *     Posthorn's in reliable mode, such as {@code new_reno}; empty for the default
 */
public record FlowRequest(
    LabTransport transport,
    MessageSchedule schedule,
    int messageBytes,
    long timeoutNanos,
    long seed,
    String up,
    String down,
    String congestionController) {

  LabLine toLine(int id) {
    return new LabLine("flow")
        .put("id", id)
        .put("transport", transport.name())
        .put("count", schedule.count())
        .put("rate", schedule.messagesPerSecond())
        .put("bytes", messageBytes)
        .put("timeout", timeoutNanos)
        .put("seed", seed)
        .put("up", up)
        .put("down", down)
        .put("congestion", congestionController);
  }

  static FlowRequest parse(LabLine line) {
    return new FlowRequest(
        LabTransport.valueOf(line.text("transport")),
        new MessageSchedule(line.integer("count"), line.real("rate")),
        line.integer("bytes"),
        line.number("timeout"),
        line.number("seed"),
        line.text("up"),
        line.text("down"),
        line.text("congestion"));
  }
}
