package io.posthorn.datagram;

import java.net.DatagramPacket;
import java.net.DatagramSocketImpl;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What a {@code DatagramSocket} is constructed with that has its packets from elsewhere: it opens
 * no system socket and asks no factory for one.
 */
@SuppressWarnings("deprecation") // some of what must be overridden is
final class NoSocketImpl extends DatagramSocketImpl {
  /** For one socket. */
  public NoSocketImpl() {}

  private static UnsupportedOperationException unsupported() {
    return new UnsupportedOperationException(
        "this Java version has a method that is not built yet");
  }

  @Override
  protected void create() {
    throw unsupported();
  }

  @Override
  protected void bind(int port, InetAddress address) {
    throw unsupported();
  }

  @Override
  protected void send(DatagramPacket packet) {
    throw unsupported();
  }

  @Override
  protected int peek(InetAddress address) {
    throw unsupported();
  }

  @Override
  protected int peekData(DatagramPacket packet) {
    throw unsupported();
  }

  @Override
  protected void receive(DatagramPacket packet) {
    throw unsupported();
  }

  @Override
  protected void setTTL(byte ttl) {
    throw unsupported();
  }

  @Override
  protected byte getTTL() {
    throw unsupported();
  }

  @Override
  protected void setTimeToLive(int ttl) {
    throw unsupported();
  }

  @Override
  protected int getTimeToLive() {
    throw unsupported();
  }

  @Override
  protected void join(InetAddress group) {
    throw unsupported();
  }

  @Override
  protected void leave(InetAddress group) {
    throw unsupported();
  }

  @Override
  protected void joinGroup(SocketAddress group, @Nullable NetworkInterface netIf) {
    throw unsupported();
  }

  @Override
  protected void leaveGroup(SocketAddress group, @Nullable NetworkInterface netIf) {
    throw unsupported();
  }

  @Override
  protected void close() {}

  @Override
  public void setOption(int option, Object value) {
    throw unsupported();
  }

  @Override
  public Object getOption(int option) {
    throw unsupported();
  }
}
