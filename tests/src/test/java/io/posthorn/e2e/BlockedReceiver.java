package io.posthorn.e2e;

import static io.posthorn.e2e.SocketKind.LONG_MILLIS;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;

/** A thread that receives one packet; made when it waits. */
final class BlockedReceiver {
  final DatagramPacket packet = new DatagramPacket(new byte[100], 100);
  final Thread thread;
  private volatile Throwable end;
  volatile boolean wasInterrupted;

  BlockedReceiver(DatagramSocket socket) throws InterruptedException {
    thread =
        new Thread(
            () -> {
              try {
                socket.receive(packet);
              } catch (IOException e) {
                end = e;
              }
              wasInterrupted = Thread.currentThread().isInterrupted();
            });
    thread.start();
    // No state tells that a thread is inside a system call: a while after its start it is.
    thread.join(50);
  }

  Throwable end() throws InterruptedException {
    thread.join(LONG_MILLIS);
    assertFalse(thread.isAlive(), "the receiver still waits");
    return end;
  }
}
