package io.posthorn.trace;

import io.posthorn.AddressText;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Writes what it is told as qlog, one record an event (JSON text sequences, RFC 7464). The package
 * says which drafts and names. Allocates nothing per event once its buffer has grown; calls its
 * output once for each record, and counts those that it did not take.
 */
public final class QlogWriter implements TraceListener {
  private static final int RECORD_SEPARATOR = 0x1e;
  private static final long ENDPOINT = 0;
  private static final String UNKNOWN_TRIGGER = "general";

  /** What no value is: all of the next are told, those that are 0 too. */
  private static final RecoveryMetrics NOTHING = nothing();

  private final RecordOutput out;
  private final JsonRecord json = new JsonRecord();
  private final QlogFrames frames = new QlogFrames(json);
  private final RecoveryMetrics told = new RecoveryMetrics();
  private long toldConnection = ENDPOINT;
  private boolean anythingTold;
  private long newestNanos;
  private long leftOut;
  private long leftOutSaid;

  /**
   * Begins a trace: its first record is written at once.
   *
   * @param title of the trace; shown by viewers
   * @param wallClock when the socket's clock was about 0, in RFC 3339's format; null where there is
   *     no such time, as in the simulator
   */
  public QlogWriter(RecordOutput out, String title, @Nullable String wallClock) {
    this.out = out;
    json.clear();
    json.raw(RECORD_SEPARATOR);
    json.beginObject()
        .put("qlog_version", "0.3")
        .put("qlog_format", "JSON-SEQ")
        .put("file_schema", "urn:ietf:params:qlog:file:sequential")
        .put("serialization_format", "application/qlog+json-seq")
        .put("title", title)
        .beginObject("trace")
        .put("title", title)
        .beginObject("vantage_point")
        .put("type", "unknown")
        .endObject()
        .beginObject("common_fields")
        .put("protocol_type", "POSTHORN")
        .put("time_format", "relative_to_epoch")
        .beginObject("reference_time")
        .put("clock_type", "monotonic")
        .put("epoch", "unknown");
    if (wallClock != null) {
      json.put("wall_clock_time", wallClock);
    }
    json.endObject().endObject().beginArray("event_schemas").endArray().endObject().endObject();
    finishRecord();
  }

  /** Records that the output did not take. */
  public long leftOut() {
    return leftOut;
  }

  private JsonRecord begin(long nowNanos, long connection, String name) {
    // Threads of a real socket read the clock before they wait for its lock.
    newestNanos = Math.max(newestNanos, nowNanos);
    noteLeftOut();
    return event(newestNanos, connection, name);
  }

  /** Says in the file that events are missing there, as soon as it takes something again. */
  private void noteLeftOut() {
    if (leftOut == leftOutSaid) {
      return;
    }
    long now = leftOut;
    event(newestNanos, ENDPOINT, "loglevel:warning")
        .put("code", now - leftOutSaid)
        .put("message", "so many events as the code says were left out here");
    json.endObject().endObject();
    if (finishRecord()) {
      leftOutSaid = now;
    } else {
      leftOut = now; // the note itself does not count
    }
  }

  private JsonRecord event(long nowNanos, long connection, String name) {
    json.clear();
    json.raw(RECORD_SEPARATOR);
    json.beginObject().putMillis("time", nowNanos).put("name", name);
    if (connection == ENDPOINT) {
      json.put("group_id", "endpoint");
    } else {
      json.putHex("group_id", connection);
    }
    return json.beginObject("data");
  }

  /** Ends data, event and record. */
  private void end() {
    json.endObject().endObject();
    finishRecord();
  }

  private boolean finishRecord() {
    json.raw('\n');
    boolean taken = out.write(json.bytes(), 0, json.length());
    if (!taken) {
      leftOut++;
    }
    return taken;
  }

  private void address(String name, InetSocketAddress address) {
    json.beginObject(name);
    addressFields(address);
    json.endObject();
  }

  private void addressFields(InetSocketAddress address) {
    InetAddress host = address.getAddress();
    if (host == null) {
      return;
    }
    boolean four = host instanceof Inet4Address;
    json.put(four ? "ip_v4" : "ip_v6", AddressText.ofHost(host));
    json.put(four ? "port_v4" : "port_v6", address.getPort());
  }

  @Override
  public void connectionStarted(
      long nowNanos, long connection, InetSocketAddress remote, boolean openedHere) {
    begin(nowNanos, connection, "connectivity:connection_started");
    json.beginObject("local").endObject();
    address("remote", remote);
    // As qlog had it before it had four-tuples; viewers read these.
    InetAddress host = remote.getAddress();
    json.put("ip_version", host instanceof Inet4Address ? "v4" : "v6")
        .put("src_ip", openedHere || host == null ? "local" : AddressText.ofHost(host))
        .put("dst_ip", openedHere && host != null ? AddressText.ofHost(host) : "local")
        .put(openedHere ? "dst_port" : "src_port", remote.getPort());
    end();
    begin(nowNanos, connection, "connectivity:connection_state_updated")
        .put("new", openedHere ? "attempted" : "handshake_started");
    end();
  }

  @Override
  public void connectionOpened(long nowNanos, long connection, InetSocketAddress remote) {
    begin(nowNanos, connection, "connectivity:connection_state_updated")
        .put("new", "handshake_complete");
    end();
  }

  @Override
  public void connectionClosed(
      long nowNanos,
      long connection,
      InetSocketAddress remote,
      String reason,
      int code,
      boolean byPeer,
      long applicationCode) {
    begin(nowNanos, connection, "connectivity:connection_closed")
        .put("owner", byPeer ? "remote" : "local")
        .put("initiator", byPeer ? "remote" : "local");
    if (code == 0) {
      json.put("application_error", "unknown").put("error_code", applicationCode);
    } else {
      json.put("connection_error", "unknown").put("error_code", code);
    }
    json.put("reason", reason).put("trigger", closeTrigger(reason));
    end();
  }

  private static String closeTrigger(String reason) {
    return switch (reason) {
      case "APPLICATION" -> "application";
      case "IDLE_TIMEOUT", "HANDSHAKE_TIMEOUT" -> "idle_timeout";
      case "PEER_RESTARTED" -> "stateless_reset";
      case "SECURITY" -> "version_mismatch";
      case "SOCKET_CLOSED" -> "aborted";
      default -> "error";
    };
  }

  @Override
  public void packetSent(
      long nowNanos,
      long connection,
      PacketKind kind,
      long packetNumber,
      long keyPhase,
      int lengthBytes,
      TracedFrames packetFrames) {
    packet(
        nowNanos,
        connection,
        "transport:packet_sent",
        kind,
        packetNumber,
        keyPhase,
        lengthBytes,
        packetFrames);
  }

  @Override
  public void packetReceived(
      long nowNanos,
      long connection,
      PacketKind kind,
      long packetNumber,
      long keyPhase,
      int lengthBytes,
      TracedFrames packetFrames) {
    packet(
        nowNanos,
        connection,
        "transport:packet_received",
        kind,
        packetNumber,
        keyPhase,
        lengthBytes,
        packetFrames);
  }

  private void packet(
      long nowNanos,
      long connection,
      String name,
      PacketKind kind,
      long packetNumber,
      long keyPhase,
      int lengthBytes,
      TracedFrames packetFrames) {
    begin(nowNanos, connection, name).beginObject("header").put("packet_type", typeOf(kind));
    if (kind == PacketKind.DATA) {
      json.put("packet_number", packetNumber).put("key_phase", keyPhase);
    } else {
      json.put("posthorn_kind", kind.name());
    }
    json.endObject();
    raw(lengthBytes);
    if (kind == PacketKind.DATA) {
      json.beginArray("frames");
      packetFrames.visit(frames);
      json.endArray();
    }
    end();
  }

  private void raw(int lengthBytes) {
    json.beginObject("raw").put("length", lengthBytes).endObject();
  }

  private static String typeOf(PacketKind kind) {
    return switch (kind) {
      case FIRST_MESSAGE -> "initial";
      case SECOND_MESSAGE, THIRD_MESSAGE -> "handshake";
      case DATA -> "1RTT";
      case CONTROL, UNKNOWN -> "unknown";
    };
  }

  @Override
  public void packetDropped(
      long nowNanos, long connection, PacketKind kind, int lengthBytes, String reason) {
    begin(nowNanos, connection, "transport:packet_dropped")
        .beginObject("header")
        .put("packet_type", typeOf(kind));
    if (kind != PacketKind.DATA) {
      json.put("posthorn_kind", kind.name());
    }
    json.endObject();
    raw(lengthBytes);
    json.beginObject("details").put("reason", reason).endObject();
    json.put("trigger", dropTrigger(reason));
    end();
  }

  private static String dropTrigger(String reason) {
    return switch (reason) {
      case "RECEIVE_BUFFER_FULL" -> "internal_error";
      case "TOO_MANY_GAPS",
          "HALF_OPEN_LIMIT",
          "RATE_LIMITED",
          "CONNECTION_LIMIT",
          "IDENTITY_REFUSED",
          "SIMULTANEOUS_OPEN",
          "CLOSING" ->
          "rejected";
      case "UNSUPPORTED_VERSION", "SECURITY_MISMATCH" -> "unsupported";
      case "EMPTY",
          "TOO_SHORT",
          "TOO_LONG",
          "UNKNOWN_TYPE",
          "MALFORMED_HANDSHAKE",
          "UNDERSIZED_FIRST_MESSAGE",
          "COOKIE_INVALID",
          "REFLECTED" ->
          "invalid";
      case "DUPLICATE" -> "duplicate";
      case "UNKNOWN_CONNECTION" -> "connection_unknown";
      case "AUTHENTICATION_FAILED", "HANDSHAKE_FORGED" -> "decryption_failure";
      case "STALE" -> "key_unavailable";
      default -> UNKNOWN_TRIGGER;
    };
  }

  @Override
  public void packetLost(
      long nowNanos, long connection, long packetNumber, int lengthBytes, boolean byReordering) {
    begin(nowNanos, connection, "recovery:packet_lost")
        .beginObject("header")
        .put("packet_type", "1RTT")
        .put("packet_number", packetNumber)
        .endObject();
    raw(lengthBytes);
    json.put("trigger", byReordering ? "reordering_threshold" : "time_threshold");
    end();
  }

  @Override
  public void probeTimeout(long nowNanos, long connection, int count) {
    begin(nowNanos, connection, "recovery:loss_timer_updated")
        .put("timer_type", "pto")
        .put("event_type", "expired")
        .put("pto_count", count);
    end();
  }

  @Override
  public void metricsUpdated(long nowNanos, long connection, RecoveryMetrics now) {
    if (connection != toldConnection || !anythingTold) {
      toldConnection = connection;
      anythingTold = true;
      setTold(NOTHING);
    }
    begin(nowNanos, connection, "recovery:metrics_updated");
    if (now.latestRttNanos > 0) {
      millis("min_rtt", told.minRttNanos, now.minRttNanos);
      millis("smoothed_rtt", told.smoothedRttNanos, now.smoothedRttNanos);
      millis("latest_rtt", told.latestRttNanos, now.latestRttNanos);
      millis("rtt_variance", told.rttVarianceNanos, now.rttVarianceNanos);
    }
    changed("pto_count", told.probeTimeouts, now.probeTimeouts);
    changed("congestion_window", told.congestionWindowBytes, now.congestionWindowBytes);
    changed("bytes_in_flight", told.bytesInFlight, now.bytesInFlight);
    changed("packets_in_flight", told.packetsInFlight, now.packetsInFlight);
    if (now.pacingBytesPerSecond > 0) {
      changed("pacing_rate", told.pacingBytesPerSecond * 8, now.pacingBytesPerSecond * 8);
    }
    changed("packets_lost", told.packetsLost, now.packetsLost);
    changed("packets_spuriously_lost", told.packetsSpuriouslyLost, now.packetsSpuriouslyLost);
    setTold(now);
    end();
  }

  private void changed(String name, long before, long after) {
    if (before != after) {
      json.put(name, after);
    }
  }

  private void millis(String name, long beforeNanos, long afterNanos) {
    if (beforeNanos != afterNanos) {
      json.putMillis(name, afterNanos);
    }
  }

  private static RecoveryMetrics nothing() {
    RecoveryMetrics none = new RecoveryMetrics();
    none.latestRttNanos = -1;
    none.minRttNanos = -1;
    none.smoothedRttNanos = -1;
    none.rttVarianceNanos = -1;
    none.congestionWindowBytes = -1;
    none.bytesInFlight = -1;
    none.packetsInFlight = -1;
    none.pacingBytesPerSecond = -1;
    none.probeTimeouts = -1;
    none.packetsLost = -1;
    none.packetsSpuriouslyLost = -1;
    return none;
  }

  private void setTold(RecoveryMetrics now) {
    told.latestRttNanos = now.latestRttNanos;
    told.minRttNanos = now.minRttNanos;
    told.smoothedRttNanos = now.smoothedRttNanos;
    told.rttVarianceNanos = now.rttVarianceNanos;
    told.congestionWindowBytes = now.congestionWindowBytes;
    told.bytesInFlight = now.bytesInFlight;
    told.packetsInFlight = now.packetsInFlight;
    told.pacingBytesPerSecond = now.pacingBytesPerSecond;
    told.probeTimeouts = now.probeTimeouts;
    told.packetsLost = now.packetsLost;
    told.packetsSpuriouslyLost = now.packetsSpuriouslyLost;
  }

  @Override
  public void congestionStateUpdated(long nowNanos, long connection, String before, String after) {
    begin(nowNanos, connection, "recovery:congestion_state_updated");
    if (!before.isEmpty()) {
      json.put("old", before);
    }
    json.put("new", after);
    end();
  }

  @Override
  public void keyUpdated(long nowNanos, long connection, boolean received, long phase) {
    begin(nowNanos, connection, "security:key_updated")
        .put("key_type", received ? "posthorn_receive_secret" : "posthorn_send_secret")
        .put("key_phase", phase)
        .put("trigger", received ? "remote_update" : "local_update");
    end();
  }

  @Override
  public void pathChanged(
      long nowNanos, long connection, InetSocketAddress before, InetSocketAddress after) {
    begin(nowNanos, connection, "connectivity:path_assigned").put("path_id", "");
    address("path_remote", after);
    address("old_path_remote", before);
    end();
  }

  @Override
  public void mtuUpdated(long nowNanos, long connection, int beforeBytes, int afterBytes) {
    begin(nowNanos, connection, "connectivity:mtu_updated")
        .put("old", beforeBytes)
        .put("new", afterBytes);
    end();
  }

  @Override
  public void socketClosed() {
    noteLeftOut();
  }
}
