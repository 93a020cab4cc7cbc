package io.posthorn.io;

import io.posthorn.endpoint.TransmitBatch;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A real port whose send buffer is full until the gate is opened. */
public final class GatedPort implements DatagramPort {
  private final DatagramPort port;
  private volatile boolean gateOpen;

  /** Owns the port from now on; the gate is closed. */
  public GatedPort(DatagramPort port) {
    this.port = port;
  }

  /** There is room from now on. */
  public void openGate() {
    gateOpen = true;
    port.wakeup();
  }

  /** The buffer is full from now on. */
  public void closeGate() {
    gateOpen = false;
  }

  @Override
  public int send(TransmitBatch batch, int firstSegment, long nowNanos) throws IOException {
    return gateOpen ? port.send(batch, firstSegment, nowNanos) : 0;
  }

  @Override
  public @Nullable InetSocketAddress receive(ByteBuffer into, long nowNanos) throws IOException {
    return port.receive(into, nowNanos);
  }

  @Override
  public boolean hasUnsent() {
    return port.hasUnsent();
  }

  @Override
  public long nextTimeoutNanos() {
    return port.nextTimeoutNanos();
  }

  @Override
  public boolean await(long timeoutNanos, boolean untilWritable) throws IOException {
    return port.await(timeoutNanos, untilWritable && gateOpen);
  }

  @Override
  public void wakeup() {
    port.wakeup();
  }

  @Override
  public InetSocketAddress localAddress() {
    return port.localAddress();
  }

  @Override
  public PortCounters counters() {
    return port.counters();
  }

  @Override
  public String description() {
    return port.description();
  }

  @Override
  public int grantedReceiveBufferBytes() {
    return port.grantedReceiveBufferBytes();
  }

  @Override
  public int grantedSendBufferBytes() {
    return port.grantedSendBufferBytes();
  }

  @Override
  public void close() throws IOException {
    port.close();
  }
}
