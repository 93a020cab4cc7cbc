package io.posthorn.io;

import io.posthorn.endpoint.TransmitBatch;
import java.io.IOException;

/** A real port whose send buffer is full until the gate is opened. */
public final class GatedPort extends ForwardingDatagramPort {
  private volatile boolean gateOpen;

  /** Owns the port from now on; the gate is closed. */
  public GatedPort(DatagramPort port) {
    super(port);
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
  public boolean await(long timeoutNanos, boolean untilWritable) throws IOException {
    return port.await(timeoutNanos, untilWritable && gateOpen);
  }
}
