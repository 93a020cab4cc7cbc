package io.posthorn.simulation;

import io.posthorn.simulation.SimulatedNode.Flow;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Tells of each datagram that enters or leaves a link of a {@link SimulatedNetwork}. */
final class NetworkTrace {
  private final CRC32C checksum = new CRC32C();
  private @Nullable TraceSink sink;
  private @Nullable TextTrace text;

  /** From now on tells this one; null for nobody. */
  void to(@Nullable TraceSink sink) {
    this.sink = sink;
  }

  /** From now on keeps what happens as text. */
  void record() {
    text = new TextTrace();
    sink = text;
  }

  /** The text since {@link #record}. */
  byte[] text() {
    TextTrace trace = text;
    if (trace == null) {
      throw new IllegalStateException("no trace is kept: call recordTrace() before the run");
    }
    return trace.bytes();
  }

  /** A datagram was offered to a link, which decided its fate. */
  void offered(
      SimulatedLink<Flow> link, Flow flow, ByteBuffer datagram, DatagramFate fate, long nowNanos) {
    TraceSink to = sink;
    if (to != null) {
      String notes =
          (link.lastDuplicated() ? "+duplicated" : "")
              + (link.lastReordered() ? "+reordered" : "")
              + (link.lastCorrupted() ? "+corrupted" : "")
              + (link.lastMarked() ? "+marked" : "");
      tell(to, flow, link.lastNumber(), datagram, fate, notes, nowNanos);
    }
  }

  /** A datagram came out of a link, and found somebody or not. */
  void polled(
      SimulatedLink<Flow> link, Flow flow, ByteBuffer datagram, boolean found, long nowNanos) {
    TraceSink to = sink;
    if (to != null) {
      DatagramFate fate = found ? DatagramFate.DELIVERED : DatagramFate.UNREACHABLE;
      String notes = link.polledCopy() ? "+copy" : "";
      tell(to, flow, link.polledNumber(), datagram, fate, notes, nowNanos);
    }
  }

  private void tell(
      TraceSink to,
      Flow flow,
      long number,
      ByteBuffer datagram,
      DatagramFate fate,
      String notes,
      long nowNanos) {
    int position = datagram.position();
    int length = datagram.remaining();
    checksum.reset();
    checksum.update(datagram);
    datagram.position(position);
    to.onDatagram(
        nowNanos,
        flow.from.address,
        flow.to.address,
        number,
        length,
        (int) checksum.getValue(),
        fate.name().toLowerCase(Locale.ROOT) + notes);
  }
}
