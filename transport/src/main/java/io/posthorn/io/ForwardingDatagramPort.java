package io.posthorn.io;

import io.posthorn.EcnMark;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.wire.IcmpHint;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A port over another one, which it owns: all goes on to that, but for what a subclass does
 * otherwise.
 */
public abstract class ForwardingDatagramPort implements DatagramPort {
  /** The port below. */
  protected final DatagramPort port;

  /** Owns the port from now on. */
  protected ForwardingDatagramPort(DatagramPort port) {
    this.port = port;
  }

  @Override
  public int send(TransmitBatch batch, int firstSegment, long nowNanos) throws IOException {
    return port.send(batch, firstSegment, nowNanos);
  }

  @Override
  public @Nullable InetSocketAddress receive(ByteBuffer into, long nowNanos) throws IOException {
    return port.receive(into, nowNanos);
  }

  @Override
  public EcnMark ecn() {
    return port.ecn();
  }

  @Override
  public void hearIcmp(boolean wanted) {
    port.hearIcmp(wanted);
  }

  @Override
  public boolean takeIcmp(BiConsumer<InetSocketAddress, IcmpHint> to) {
    return port.takeIcmp(to);
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
    return port.await(timeoutNanos, untilWritable);
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
  public InetSocketAddress localAddress(InetSocketAddress peer) {
    return port.localAddress(peer);
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
  public int largestDatagramBytes(InetSocketAddress to) {
    return port.largestDatagramBytes(to);
  }

  @Override
  public void close() throws IOException {
    port.close();
  }

  @Override
  public void awaitWritten() {
    port.awaitWritten();
  }
}
