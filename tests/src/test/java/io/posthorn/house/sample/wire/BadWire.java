package io.posthorn.house.sample.wire;

import io.posthorn.house.sample.runtime.Above;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.ReentrantLock;

/** Breaks every rule of the core, so that a test can see each rule bite. Nothing runs it. */
final class BadWire {
  static final int LIMIT = 3;
  static int counter;
  volatile boolean seen;
  final Random random = new Random(1);
  final ReentrantLock lock = new ReentrantLock();
  final Above above = new Above();

  long now() {
    System.out.println(Instant.now());
    return System.nanoTime() + Math.round(Math.random());
  }

  synchronized void locked() {
    counter++;
    notifyAll();
  }

  Thread thread(DatagramSocket socket) {
    return new Thread(socket::close);
  }

  long stream(List<String> list, DatagramChannel channel) {
    return channel.isOpen() ? 0 : list.stream().count();
  }

  InetSocketAddress resolve(String host) throws java.net.UnknownHostException {
    return InetAddress.getByName(host).isAnyLocalAddress()
        ? new InetSocketAddress(0)
        : new InetSocketAddress(host, 1);
  }

  void copy(byte[] from, byte[] to) {
    System.arraycopy(from, 0, to, 0, LIMIT);
  }
}
