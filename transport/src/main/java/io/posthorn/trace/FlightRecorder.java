package io.posthorn.trace;

import io.posthorn.AddressText;
import java.net.InetSocketAddress;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/**
 * Makes the events; the only class that names {@code jdk.jfr}. While the recorder was never started
 * it is not touched: to load it takes longer than to open a socket.
 */
final class FlightRecorder implements TraceListener {
  @Override
  public boolean wantsPackets() {
    return false;
  }

  @Override
  public void connectionOpened(long nowNanos, long connection, InetSocketAddress remote) {
    if (!isStarted()) {
      return;
    }
    ConnectionOpened event = new ConnectionOpened();
    if (event.isEnabled()) {
      event.connection = id(connection);
      event.peer = AddressText.of(remote);
      event.commit();
    }
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
    if (!isStarted()) {
      return;
    }
    ConnectionClosed event = new ConnectionClosed();
    if (event.isEnabled()) {
      event.connection = id(connection);
      event.peer = AddressText.of(remote);
      event.reason = reason;
      event.byPeer = byPeer;
      event.applicationCode = applicationCode;
      event.commit();
    }
  }

  @Override
  public void packetLost(
      long nowNanos, long connection, long packetNumber, int lengthBytes, boolean byReordering) {
    if (!isStarted()) {
      return;
    }
    PacketLost event = new PacketLost();
    if (event.isEnabled()) {
      event.connection = id(connection);
      event.packetNumber = packetNumber;
      event.lengthBytes = lengthBytes;
      event.trigger = byReordering ? "reordering_threshold" : "time_threshold";
      event.commit();
    }
  }

  @Override
  public void probeTimeout(long nowNanos, long connection, int count) {
    if (!isStarted()) {
      return;
    }
    ProbeTimeout event = new ProbeTimeout();
    if (event.isEnabled()) {
      event.connection = id(connection);
      event.count = count;
      event.commit();
    }
  }

  @Override
  public void congestionStateUpdated(long nowNanos, long connection, String before, String after) {
    if (!isStarted()) {
      return;
    }
    CongestionState event = new CongestionState();
    if (event.isEnabled()) {
      event.connection = id(connection);
      event.before = before;
      event.after = after;
      event.commit();
    }
  }

  private static boolean isStarted() {
    return jdk.jfr.FlightRecorder.isInitialized();
  }

  private static String id(long connection) {
    String hex = Long.toHexString(connection);
    return "0".repeat(Long.SIZE / 4 - hex.length()) + hex;
  }

  /** What all of them have. */
  @Category("Posthorn")
  @StackTrace(false)
  abstract static class ConnectionEvent extends Event {
    @Label("Connection")
    @Description("Its id, as in ConnectionInfo and in qlog")
    String connection = "";
  }

  @Name("io.posthorn.ConnectionOpened")
  @Label("Connection Opened")
  @Description("The peer has proved to have the keys")
  @StackTrace(false)
  static final class ConnectionOpened extends ConnectionEvent {
    @Label("Peer")
    String peer = "";
  }

  @Name("io.posthorn.ConnectionClosed")
  @Label("Connection Closed")
  @Description("A connection, or the attempt to open one, ended")
  @StackTrace(false)
  static final class ConnectionClosed extends ConnectionEvent {
    @Label("Peer")
    String peer = "";

    @Label("Reason")
    String reason = "";

    @Label("By Peer")
    boolean byPeer;

    @Label("Application Code")
    long applicationCode;
  }

  @Name("io.posthorn.PacketLost")
  @Label("Packet Lost")
  @Description("A packet sent earlier is declared lost (RFC 9002 §6.1)")
  @StackTrace(false)
  static final class PacketLost extends ConnectionEvent {
    @Label("Packet Number")
    long packetNumber;

    @Label("Length")
    @DataAmount
    int lengthBytes;

    @Label("Trigger")
    String trigger = "";
  }

  @Name("io.posthorn.ProbeTimeout")
  @Label("Probe Timeout")
  @Description("Nothing was acknowledged for the probe timeout (RFC 9002 §6.2)")
  @StackTrace(false)
  static final class ProbeTimeout extends ConnectionEvent {
    @Label("Count")
    @Description("Probe timeouts since the last acknowledgement")
    int count;
  }

  @Name("io.posthorn.CongestionState")
  @Label("Congestion State")
  @Description("The congestion controller behaves differently from now on")
  @StackTrace(false)
  static final class CongestionState extends ConnectionEvent {
    @Label("Before")
    String before = "";

    @Label("After")
    String after = "";
  }
}
