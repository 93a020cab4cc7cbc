package io.posthorn.cli.trace;

import io.posthorn.AddressText;
import io.posthorn.capture.CapturedDatagram;
import io.posthorn.capture.CapturedPackets;
import io.posthorn.capture.PacketVisitor;
import io.posthorn.cli.trace.TraceEvent.Flow;
import io.posthorn.cli.trace.TraceEvent.Way;
import io.posthorn.trace.TracedFrames;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The packets of captured datagrams, given in their order, as events. Not thread-safe. */
public final class CaptureEvents {
  private static final List<String> SUITES =
      List.of("clear", "Noise_XX_25519_AESGCM_SHA256", "Noise_XXpsk3_25519_AESGCM_SHA256");

  private final CapturedPackets packets = new CapturedPackets();
  private long firstNanos = Long.MIN_VALUE;

  /** Nothing was captured yet. */
  public CaptureEvents() {}

  /** When the first datagram was captured, in nanoseconds since 1970. */
  public long beganNanos() {
    return firstNanos;
  }

  /** The packets of the next datagram. */
  public List<TraceEvent> of(CapturedDatagram datagram) {
    if (firstNanos == Long.MIN_VALUE) {
      firstNanos = datagram.nanos();
    }
    Collector collector = new Collector(datagram.nanos() - firstNanos, datagram);
    packets.read(datagram, collector);
    return collector.events;
  }

  private static String hex(long id) {
    return String.format(Locale.ROOT, "%016x", id);
  }

  /** Turns what it is told of one datagram into events. */
  private static final class Collector implements PacketVisitor {
    final List<TraceEvent> events = new ArrayList<>();
    private final long nanos;
    private final Flow flow;
    private final CapturedDatagram datagram;

    Collector(long nanos, CapturedDatagram datagram) {
      this.nanos = nanos;
      this.flow = new Flow("", AddressText.of(datagram.from()), AddressText.of(datagram.to()));
      this.datagram = datagram;
    }

    private Map<String, Object> details(int lengthBytes) {
      Map<String, Object> details = new LinkedHashMap<>();
      details.put("bytes", (long) lengthBytes);
      return details;
    }

    private void add(String what, Map<String, Object> details, List<TraceFrame> frames) {
      if (events.isEmpty() && !datagram.comment().isEmpty()) {
        details.put("comment", datagram.comment());
      }
      if (events.isEmpty() && datagram.ecn().ordinal() > 1) {
        details.put("ecn", datagram.ecn().name());
      }
      events.add(new TraceEvent(nanos, flow, Way.SEEN, what, details, frames));
    }

    @Override
    public void firstMessage(
        int lengthBytes, int version, int suite, long initiatorId, int cookieBytes) {
      Map<String, Object> details = details(lengthBytes);
      if (suite < 0) {
        details.put("version", String.format(Locale.ROOT, "0x%08x", version));
      } else {
        details.put("suite", SUITES.get(suite));
      }
      details.put("initiator", hex(initiatorId));
      if (cookieBytes > 0) {
        details.put("cookieBytes", (long) cookieBytes);
      }
      add("M1", details, List.of());
    }

    @Override
    public void secondMessage(
        int lengthBytes, long initiatorId, long responderId, Map<String, Object> parameters) {
      Map<String, Object> details = details(lengthBytes);
      details.put("initiator", hex(initiatorId));
      details.put("responder", hex(responderId));
      details.putAll(parameters);
      add("M2", details, List.of());
    }

    @Override
    public void thirdMessage(int lengthBytes, long responderId, Map<String, Object> parameters) {
      Map<String, Object> details = details(lengthBytes);
      details.put("responder", hex(responderId));
      details.putAll(parameters);
      add("M3", details, List.of());
    }

    @Override
    public void control(int lengthBytes, String kind, long connectionId, String words) {
      Map<String, Object> details = details(lengthBytes);
      details.put("id", hex(connectionId));
      if (!words.isEmpty()) {
        details.put("says", words);
      }
      add(kind, details, List.of());
    }

    @Override
    public void data(
        int lengthBytes,
        long destinationId,
        int keyPhase,
        long packetNumber,
        TracedFrames content) {
      Map<String, Object> details = new LinkedHashMap<>();
      details.put("number", packetNumber);
      details.put("bytes", (long) lengthBytes);
      details.put("id", hex(destinationId));
      FrameList list = new FrameList();
      content.visit(list);
      add("data", details, list.frames());
    }

    @Override
    public void sealed(int lengthBytes, long destinationId) {
      Map<String, Object> details = details(lengthBytes);
      details.put("id", hex(destinationId));
      add("sealed", details, List.of());
    }

    @Override
    public void other(int lengthBytes) {
      add("datagram", details(lengthBytes), List.of());
    }
  }
}
